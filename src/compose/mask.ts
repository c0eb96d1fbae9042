/** Masks from coordinates. */
import type { Emitter, Value } from '../ir/emitter.js';
import type { CompareOp } from '../ir/ops.js';
import type { Shape } from '../ir/types.js';
import { broadcastTo, withScalar } from './broadcast.js';

/** bool over the last two axes of `shape`: how `column - row` compares with `offset` (an i32 scalar). `eq` 0: diagonal. */
export function diagonalMask(b: Emitter, shape: Shape, op: CompareOp, offset: Value | number): Value {
  const rank = shape.length;
  const coordinate = (axis: number): Value => b.emit('iota', [], { dtype: 'i32', shape, axis });
  const distance = b.binary('sub', coordinate(rank - 1), coordinate(rank - 2));
  return typeof offset === 'number'
    ? withScalar(b, op, distance, offset)
    : b.binary(op, distance, broadcastTo(b, offset, shape));
}

/** `x` on and above (or on and below) the diagonal that starts at column `offset`, 0 elsewhere. */
export function triangle(b: Emitter, x: Value, part: 'upper' | 'lower', offset: Value | number = 0): Value {
  const zero = b.full(x, 0);
  return part === 'upper'
    ? b.select(diagonalMask(b, x.type.shape, 'lt', offset), zero, x)
    : b.select(diagonalMask(b, x.type.shape, 'le', offset), x, zero);
}
