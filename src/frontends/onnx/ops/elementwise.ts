/** Functions of one operand, element by element, and conversions. */
import type { Value } from '../../../ir/emitter.js';
import type { UnaryOp } from '../../../ir/ops.js';
import * as compose from '../../../compose/math.js';
import type { Rounding } from '../../../numerics/float-format.js';
import { typed, type NodeContext } from '../context.js';
import { dtypeOfCode, isOnnxDType, type OnnxDType } from '../dtype.js';
import { anyExact, exactCast, exactDoubles, exactUnary, type Exact } from '../fold/exact.js';
import { shorten } from '../limits.js';
import type { OpEntry, OpTable } from '../registry.js';
import { convertWide } from '../wide/convert.js';
import { wrapTo } from './integers.js';

/** ONNX operators that are ops of the IR, with what shape arithmetic needs. */
const unary = (
  op: string,
  irOp: UnaryOp,
  since: readonly number[],
  exact?: (x: bigint) => bigint,
  doubles?: (x: number) => number,
): OpEntry => ({
  op,
  since,
  emit: (ctx) => wrapTo(ctx.b, ctx.b.unary(irOp, ctx.value(0)), ctx.input(0).dtype),
  exact: anyExact(
    ...(exact === undefined ? [] : [exactUnary(exact)]),
    ...(doubles === undefined ? [] : [exactDoubles(doubles)]),
  ),
});

type Composition = (b: NodeContext['b'], x: Value) => Value;

const composed = (op: string, since: readonly number[], f: Composition): OpEntry => ({
  op,
  since,
  emit: (ctx) => f(ctx.b, ctx.value(0)),
});

/** Compositions of several steps: of f16 in f32, and rounded once. */
const computed = (op: string, since: readonly number[], f: Composition): OpEntry =>
  composed(op, since, (b, x) => b.cast(f(b, b.cast(x, 'f32')), x.type.dtype));

const sign = (x: bigint): bigint => (x > 0n ? 1n : x < 0n ? -1n : 0n);

function cast(ctx: NodeContext, target: OnnxDType): ReturnType<OpEntry['emit']> {
  const rounding: Rounding = {
    saturate: ctx.attr.flag('saturate', true),
    mode: ctx.attr.choice('round_mode', ['up', 'down', 'nearest'], 'up'),
  };
  return typed(convertWide(ctx.b, ctx.value(0), ctx.input(0).dtype, target, rounding), target);
}

const castTarget = (ctx: NodeContext): OnnxDType => {
  if (ctx.opset >= 6) return dtypeOfCode(ctx.attr.required('to', ctx.attr.int('to')), 'attribute to');
  // Version 1 has the name of TensorProto's enumeration.
  const name = ctx.attr.required('to', ctx.attr.string('to')).toLowerCase();
  return isOnnxDType(name)
    ? name
    : ctx.fail('ONNX_INVALID', 'not an element type', { where: 'attribute to', found: shorten(name) });
};

const castKnown = (ctx: NodeContext, target: OnnxDType): ReturnType<Exact> => {
  const { known } = ctx.input(0);
  return known !== undefined && ctx.mayFold(known.shape) ? exactCast(known, target) : undefined;
};

export const elementwise: OpTable = [
  unary('Abs', 'abs', [1, 6, 13], (x) => (x < 0n ? -x : x), Math.abs),
  unary(
    'Neg',
    'neg',
    [1, 6, 13],
    (x) => -x,
    (x) => -x,
  ),
  unary('Sign', 'sign', [9, 13], sign),
  unary('Floor', 'floor', [1, 6, 13], undefined, Math.floor),
  unary('Ceil', 'ceil', [1, 6, 13], undefined, Math.ceil),
  unary('Round', 'round', [11, 22]),
  unary('Sqrt', 'sqrt', [1, 6, 13], undefined, Math.sqrt),
  unary('Exp', 'exp', [1, 6, 13]),
  unary('Log', 'log', [1, 6, 13]),
  unary('Sin', 'sin', [7, 22]),
  unary('Cos', 'cos', [7, 22]),
  unary('Asin', 'asin', [7, 22]),
  unary('Acos', 'acos', [7, 22]),
  unary('Atan', 'atan', [7, 22]),
  unary('Tanh', 'tanh', [1, 6, 13]),
  unary('Erf', 'erf', [9, 13]),
  unary('Sigmoid', 'sigmoid', [1, 6, 13]),
  composed('Reciprocal', [1, 6, 13], compose.reciprocal),
  computed('Tan', [7, 22], compose.tan),
  computed('Sinh', [9, 22], compose.sinh),
  computed('Cosh', [9, 22], compose.cosh),
  computed('Asinh', [9, 22], compose.asinh),
  computed('Acosh', [9, 22], compose.acosh),
  computed('Atanh', [9, 22], compose.atanh),
  composed('IsNaN', [9, 13, 20], compose.isNaN),
  {
    op: 'IsInf',
    since: [10, 20],
    emit: (ctx) => {
      const [positive, negative] = [
        ctx.attr.flag('detect_positive', true),
        ctx.attr.flag('detect_negative', true),
      ];
      return compose.isInfinite(ctx.b, ctx.value(0), positive, negative);
    },
  },
  {
    op: 'Cast',
    since: [1, 6, 9, 13, 19, 21, 23, 24, 25],
    emit: (ctx) => cast(ctx, castTarget(ctx)),
    exact: (ctx) => castKnown(ctx, castTarget(ctx)),
  },
  {
    op: 'CastLike',
    since: [15, 19, 21, 23, 24, 25],
    emit: (ctx) => cast(ctx, ctx.input(1).dtype),
    exact: (ctx) => castKnown(ctx, ctx.input(1).dtype),
  },
];
