/** NumPy broadcasting. The IR's scalar ops want operands of one shape; here is where the shapes are brought together. */
import { HeddleError } from '../base/errors.js';
import type { Emitter, Value } from '../ir/emitter.js';
import { dimEquals, type Dim } from '../ir/dim.js';
import type { BinaryOp, CompareOp } from '../ir/ops.js';
import { printShape, shapesEqual, type Shape } from '../ir/types.js';

/** The common shape of `shapes` under NumPy's rule. Throws SHAPE_MISMATCH where there is none. */
export function broadcastShapes(shapes: readonly Shape[]): Shape {
  const rank = shapes.reduce((most, shape) => Math.max(most, shape.length), 0);
  return Array.from({ length: rank }, (_, axis) => {
    let common: Dim = 1;
    for (const shape of shapes) {
      const dim = shape[axis - (rank - shape.length)] ?? 1;
      if (dimEquals(dim, 1) || dimEquals(dim, common)) continue;
      if (!dimEquals(common, 1))
        throw new HeddleError('SHAPE_MISMATCH', 'the shapes do not broadcast together', {
          found: shapes.map(printShape).join(', '),
          expected: 'extents that are equal or 1, counted from the last axis',
        });
      common = dim;
    }
    return common;
  });
}

/** `x` with axes of extent 1 put in front until it has `rank` axes. */
export function padRank(b: Emitter, x: Value, rank: number): Value {
  const missing = rank - x.type.shape.length;
  return missing <= 0 ? x : b.reshape(x, [...new Array<Dim>(missing).fill(1), ...x.type.shape]);
}

/** `x` repeated to `shape`, of which it may lack leading axes. */
export function broadcastTo(b: Emitter, x: Value, shape: Shape): Value {
  if (shapesEqual(x.type.shape, shape)) return x;
  return b.broadcast(padRank(b, x, shape.length), shape);
}

/** All of `values` in their common shape. */
export function broadcastTogether<const T extends readonly Value[]>(
  b: Emitter,
  values: T,
): { readonly [K in keyof T]: Value } {
  const shape = broadcastShapes(values.map((value) => value.type.shape));
  return values.map((value) => broadcastTo(b, value, shape)) as { readonly [K in keyof T]: Value };
}

/** A two-operand op on operands of any shapes that broadcast together. */
export function binaryBroadcast(b: Emitter, op: BinaryOp | CompareOp, x: Value, y: Value): Value {
  const [left, right] = broadcastTogether(b, [x, y]);
  return b.binary(op, left, right);
}

/** `x op c`, with the constant `c` of the dtype of `x`. */
export const withScalar = (b: Emitter, op: BinaryOp | CompareOp, x: Value, c: number): Value =>
  b.binary(op, x, b.full(x, c));

/** `c op x`, with the constant `c` of the dtype of `x`. */
export const scalarWith = (b: Emitter, op: BinaryOp | CompareOp, c: number, x: Value): Value =>
  b.binary(op, b.full(x, c), x);

/** `condition ? whenTrue : whenFalse` in the common shape of the three. */
export function where(b: Emitter, condition: Value, whenTrue: Value, whenFalse: Value): Value {
  return b.select(...broadcastTogether(b, [condition, whenTrue, whenFalse]));
}

/** A vector over the channels (axis 1) of a tensor of `rank` axes, shaped [1, C, 1, ...] so that it broadcasts. */
export function perChannel(b: Emitter, vector: Value, rank: number): Value {
  const { shape } = vector.type;
  if (shape.length !== 1)
    throw new HeddleError('SHAPE_MISMATCH', 'what is given per channel is a vector', {
      found: printShape(shape),
      expected: '[C]',
    });
  return b.reshape(vector, [1, ...shape, ...new Array<Dim>(Math.max(0, rank - 2)).fill(1)]);
}
