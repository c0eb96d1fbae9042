/** The integer ops of the IR with fewer words: the second operand may be a number. */
import type { Emitter, Value } from '../../ir/emitter.js';
import type { BinaryOp, CompareOp } from '../../ir/ops.js';
import { withScalar } from '../broadcast.js';

type Binary = (x: Value, y: Value | number) => Value;

/** Operations on values of one shape. Integers wrap; shift counts count modulo 32, as in the IR. */
export interface IntegerOps {
  readonly add: Binary;
  readonly sub: Binary;
  readonly mul: Binary;
  readonly div: Binary;
  readonly min: Binary;
  readonly max: Binary;
  readonly and: Binary;
  readonly or: Binary;
  readonly xor: Binary;
  readonly shl: Binary;
  readonly shr: Binary;
  readonly eq: Binary;
  readonly lt: Binary;
  readonly le: Binary;
  readonly not: (x: Value) => Value;
  readonly select: (condition: Value, whenTrue: Value | number, whenFalse: Value) => Value;
  readonly u32: (x: Value) => Value;
  readonly i32: (x: Value) => Value;
  readonly bits: (x: Value, dtype: 'u32' | 'i32' | 'f32') => Value;
}

export function integerOps(b: Emitter): IntegerOps {
  const binary =
    (op: BinaryOp | CompareOp): Binary =>
    (x, y) =>
      typeof y === 'number' ? withScalar(b, op, x, y) : b.binary(op, x, y);
  return {
    add: binary('add'),
    sub: binary('sub'),
    mul: binary('mul'),
    div: binary('div'),
    min: binary('min'),
    max: binary('max'),
    and: binary('and'),
    or: binary('or'),
    xor: binary('xor'),
    shl: binary('shl'),
    shr: binary('shr'),
    eq: binary('eq'),
    lt: binary('lt'),
    le: binary('le'),
    not: (x) => b.unary('not', x),
    select: (condition, whenTrue, whenFalse) =>
      b.select(condition, typeof whenTrue === 'number' ? b.full(whenFalse, whenTrue) : whenTrue, whenFalse),
    u32: (x) => b.cast(x, 'u32'),
    i32: (x) => b.cast(x, 'i32'),
    bits: (x, dtype) => (x.type.dtype === dtype ? x : b.emit('bitcast', [x], { dtype })),
  };
}

/** How many zeros stand before the first one of a u32; 32 of 0. */
export function leadingZeros(b: Emitter, x: Value): Value {
  const { and, not, shr, sub, select, eq, bits } = integerOps(b);
  // Without the bit behind the first one, the conversion cannot round up to the next power of two.
  const float = b.cast(and(x, not(shr(x, 1))), 'f32');
  const count = sub(b.full(x, 158), shr(bits(float, 'u32'), 23));
  return select(eq(x, 0), 32, count);
}
