/** Operators over operands that broadcast together: arithmetic, comparison, logic, choice. */
import type { Value } from '../../../ir/emitter.js';
import type { BinaryOp, CompareOp } from '../../../ir/ops.js';
import { isFloat } from '../../../base/dtype.js';
import { HeddleError } from '../../../base/errors.js';
import { binaryBroadcast, broadcastTogether, where, withScalar } from '../../../compose/broadcast.js';
import { normalizeAxis } from '../../../compose/axes.js';
import { floorMod, floorModOfFloats, integerPower } from '../../../compose/math.js';
import type { NodeContext } from '../context.js';
import { ONNX_DTYPES } from '../dtype.js';
import { toNumbers } from '../host.js';
import { anyExact, exactArithmetic, exactCompare, exactDoubles } from '../fold/exact.js';
import type { OpEntry, OpTable } from '../registry.js';
import { isWideDType } from '../wide/value.js';
import { wrapTo } from './integers.js';

type IntegerOp = (x: bigint, y: bigint) => bigint;
type Emit2 = (ctx: NodeContext, x: Value, y: Value) => Value;

const wrapped = (ctx: NodeContext, value: Value): Value => wrapTo(ctx.b, value, ctx.input(0).dtype);

/**
 * Up to opset 6 an operand broadcasts only where `broadcast` is set, and the second one's axes stand at `axis`; from 7
 * on NumPy's rule holds.
 */
function legacyOperand(ctx: NodeContext): Value {
  const y = ctx.value(1);
  const axis = ctx.attr.int('axis');
  if (!ctx.attr.flag('broadcast', false) || axis === undefined) return y;
  const from = normalizeAxis(axis, Math.max(ctx.rank(0), 1));
  const after = Math.max(0, ctx.rank(0) - from - y.type.shape.length);
  return ctx.b.reshape(y, [...y.type.shape, ...new Array<number>(after).fill(1)]);
}

/** An operator of two operands. `since` up to 6 means the old broadcasting. */
const binary = (op: string, since: readonly number[], emit2: Emit2, exact?: OpEntry['exact']): OpEntry[] => {
  const [old, now] = [since.filter((version) => version < 7), since.filter((version) => version >= 7)];
  const legacy: OpEntry = {
    op,
    since: old,
    emit: (ctx) => wrapped(ctx, emit2(ctx, ctx.value(0), legacyOperand(ctx))),
  };
  const current: OpEntry = {
    op,
    since: now,
    emit: (ctx) => wrapped(ctx, emit2(ctx, ctx.value(0), ctx.value(1))),
    ...(exact === undefined ? {} : { exact }),
  };
  return old.length === 0 ? [current] : [legacy, current];
};

const irOp =
  (op: BinaryOp | CompareOp): Emit2 =>
  ({ b }, x, y) =>
    binaryBroadcast(b, op, x, y);

const swapped =
  (emit2: Emit2): Emit2 =>
  (ctx, x, y) =>
    emit2(ctx, y, x);

/** Any number of operands, from left to right. */
const variadic = (op: string, since: readonly number[], irOp: BinaryOp, exact: IntegerOp): OpEntry => ({
  op,
  since,
  emit: (ctx) => {
    const [first, ...rest] = ctx.values();
    return wrapped(
      ctx,
      rest.reduce((left, right) => binaryBroadcast(ctx.b, irOp, left, right), first),
    );
  },
  exact: exactArithmetic(exact),
});

const pow: Emit2 = (ctx, x, y) => {
  const { b } = ctx;
  const { known } = ctx.input(1);
  const exponent = known?.data.length === 1 ? toNumbers(known)[0] : undefined;
  const { dtype } = x.type;
  if (exponent !== undefined && y.type.shape.length <= x.type.shape.length) {
    const power = knownPower(b, x, exponent, isWideDType(ctx.input(0).dtype));
    if (power !== undefined) return power;
  }
  if (isFloat(dtype)) return binaryBroadcast(b, 'pow', x, b.cast(y, dtype));
  const [left, right] = broadcastTogether(b, [x, y]);
  const whole = integerPower(b, left, right.type.dtype === dtype ? right : b.cast(right, dtype));
  if (!isFloat(right.type.dtype)) return whole;
  // Rounding must not take a whole power below the integer that it is.
  const wide = b.cast(right, 'f32');
  const isWhole = b.binary('eq', wide, b.unary('trunc', wide));
  return b.select(isWhole, whole, b.cast(b.binary('pow', b.cast(left, 'f32'), wide), dtype));
};

/** Powers that are products or roots; of 64-bit elements more of them, as others are dear or not exact. */
function knownPower(b: NodeContext['b'], x: Value, exponent: number, isWide: boolean): Value | undefined {
  if (exponent === 2) return b.binary('mul', x, x);
  if (!isWide) return undefined;
  if (exponent === 0.5 && isFloat(x.type.dtype)) return b.unary('sqrt', x);
  if (!Number.isInteger(exponent) || exponent < 1 || exponent > 64) return undefined;
  let [power, square]: readonly [Value | undefined, Value] = [undefined, x];
  for (let rest = exponent; rest > 0; rest = Math.floor(rest / 2)) {
    if (rest % 2 === 1) power = power === undefined ? square : b.binary('mul', power, square);
    if (rest > 1) square = b.binary('mul', square, square);
  }
  return power;
}

/** x^y modulo 2^64, by squaring. Negative exponents are left to the graph. */
function exactPower(x: bigint, y: bigint): bigint {
  if (y < 0n) throw new RangeError('a negative exponent');
  let [power, square] = [1n, x];
  for (let rest = y; rest > 0n; rest >>= 1n) {
    if ((rest & 1n) === 1n) power = BigInt.asIntN(64, power * square);
    square = BigInt.asIntN(64, square * square);
  }
  return power;
}

const mod: Emit2 = (ctx, x, y) => {
  const [left, right] = broadcastTogether(ctx.b, [x, y]);
  const fmod = ctx.attr.flag('fmod', false);
  if (!fmod && isFloat(x.type.dtype) && ctx.opset < 28)
    throw new HeddleError('ONNX_INVALID', 'the remainder of floats has the sign of the dividend', {
      found: 'fmod = 0',
      expected: 'fmod = 1, as ONNX demands for floats before version 28',
    });
  if (fmod || x.type.dtype === 'u32') return ctx.b.binary('rem', left, right);
  return (isFloat(x.type.dtype) ? floorModOfFloats : floorMod)(ctx.b, left, right);
};

/** Bits shifted out at the left of a narrow integer are gone; `binary` wraps the result. */
const bitShift: Emit2 = (ctx, x, y) => {
  const { b } = ctx;
  const isLeft = ctx.attr.choice('direction', ['LEFT', 'RIGHT'], 'LEFT') === 'LEFT';
  const [left, right] = broadcastTogether(b, [x, y]);
  const { dtype } = ctx.input(0);
  const [bits, isSigned] = [isWideDType(dtype) ? 64 : 32, ONNX_DTYPES[dtype].integer?.signed === true];
  // Shifts take the count modulo 32 or 64; of ONNX's, a count beyond the bits or below 0 leaves nothing but the sign.
  const isBelow = withScalar(b, 'lt', right, bits);
  const isNegative = withScalar(b, 'lt', right, 0);
  const inRange = isSigned ? b.binary('and', isBelow, b.unary('not', isNegative)) : isBelow;
  const beyond = isSigned && !isLeft ? withScalar(b, 'shr', left, bits - 1) : b.full(left, 0);
  return b.select(inRange, b.binary(isLeft ? 'shl' : 'shr', left, right), beyond);
};

const floorModInt = (x: bigint, y: bigint): bigint => ((x % y) + y) % y;

export const arithmetic: OpTable = [
  ...binary(
    'Add',
    [1, 6, 7, 13, 14],
    irOp('add'),
    anyExact(
      exactArithmetic((x, y) => x + y),
      exactDoubles((x, y) => x + y),
    ),
  ),
  ...binary(
    'Sub',
    [1, 6, 7, 13, 14],
    irOp('sub'),
    anyExact(
      exactArithmetic((x, y) => x - y),
      exactDoubles((x, y) => x - y),
    ),
  ),
  ...binary(
    'Mul',
    [1, 6, 7, 13, 14],
    irOp('mul'),
    anyExact(
      exactArithmetic((x, y) => x * y),
      exactDoubles((x, y) => x * y),
    ),
  ),
  ...binary(
    'Div',
    [1, 6, 7, 13, 14],
    irOp('div'),
    anyExact(
      exactArithmetic((x, y) => x / y),
      exactDoubles((x, y) => x / y),
    ),
  ),
  ...binary('Pow', [1, 7, 12, 13, 15], pow, exactArithmetic(exactPower)),
  ...binary('Mod', [10, 13, 28], mod, (ctx) =>
    ctx.attr.flag('fmod', false) ? undefined : exactArithmetic(floorModInt)(ctx),
  ),
  ...binary('BitShift', [11, 28], bitShift),
  variadic('Sum', [1, 6, 8, 13], 'add', (x, y) => x + y),
  variadic('Max', [1, 6, 8, 12, 13], 'max', (x, y) => (x > y ? x : y)),
  variadic('Min', [1, 6, 8, 12, 13], 'min', (x, y) => (x < y ? x : y)),
  {
    op: 'Mean',
    since: [1, 6, 8, 13],
    emit: (ctx) => {
      const [first, ...rest] = ctx.values();
      const total = rest.reduce((left, right) => binaryBroadcast(ctx.b, 'add', left, right), first);
      return withScalar(ctx.b, 'div', total, rest.length + 1);
    },
  },

  ...binary(
    'Equal',
    [1, 7, 11, 13, 19],
    irOp('eq'),
    exactCompare((x, y) => x === y),
  ),
  ...binary(
    'Less',
    [1, 7, 9, 13],
    irOp('lt'),
    exactCompare((x, y) => x < y),
  ),
  ...binary(
    'LessOrEqual',
    [12, 16],
    irOp('le'),
    exactCompare((x, y) => x <= y),
  ),
  ...binary(
    'Greater',
    [1, 7, 9, 13],
    swapped(irOp('lt')),
    exactCompare((x, y) => x > y),
  ),
  ...binary(
    'GreaterOrEqual',
    [12, 16],
    swapped(irOp('le')),
    exactCompare((x, y) => x >= y),
  ),

  ...binary('And', [1, 7], irOp('and')),
  ...binary('Or', [1, 7], irOp('or')),
  ...binary('Xor', [1, 7], irOp('xor')),
  ...binary('BitwiseAnd', [18], irOp('and')),
  ...binary('BitwiseOr', [18], irOp('or')),
  ...binary('BitwiseXor', [18], irOp('xor')),
  {
    op: 'Not',
    since: [1],
    emit: (ctx) => ctx.b.unary('not', ctx.value(0)),
  },
  { op: 'BitwiseNot', since: [18], emit: (ctx) => wrapped(ctx, ctx.b.unary('not', ctx.value(0))) },
  {
    op: 'Where',
    since: [9, 16],
    emit: (ctx) => where(ctx.b, ctx.value(0), ctx.value(1), ctx.value(2)),
    moves: [1, 3],
  },
];
