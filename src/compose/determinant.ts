/** Determinants by elimination. */
import { HeddleError } from '../base/errors.js';
import type { Emitter, Value } from '../ir/emitter.js';
import { printType, staticShape } from '../ir/types.js';
import { broadcastTo, withScalar } from './broadcast.js';
import { sliceAxis } from './movement.js';

/** Each step of the elimination is emitted. */
const MOST_ROWS = 64;

/** det(x) of x [..., M, M] -> [...], by Gaussian elimination with the first of the largest elements of a column as its pivot. */
export function determinant(b: Emitter, x: Value): Value {
  const shape = staticShape(x.type.shape);
  const size = shape[shape.length - 1];
  const rank = shape.length;
  if (rank < 2 || shape[rank - 2] !== size || size > MOST_ROWS)
    throw new HeddleError('SHAPE_MISMATCH', 'a determinant needs square matrices', {
      found: printType(x.type),
      expected: `[..., M, M] with M up to ${MOST_ROWS}`,
    });
  const batch = shape.slice(0, -2);
  let result: Value = b.constant(x.type.dtype, batch, 1);
  let matrix = x;
  for (let rows = size; rows > 0; rows--) {
    const whole = [...batch, rows, rows];
    const [rowAxis, columnAxis] = [rank - 2, rank - 1];
    const first = b.reshape(sliceAxis(b, matrix, columnAxis, 0, 1), [...batch, rows]);
    const pivotRow = b.emit('argreduce', [b.unary('abs', first)], { kind: 'max', axis: rank - 2 });
    const place = b.emit('iota', [], { dtype: 'i32', shape: whole, axis: rowAxis });
    const isPivot = b.binary('eq', place, broadcastTo(b, b.reshape(pivotRow, [...batch, 1, 1]), whole));
    const chosen = b.reduce('sum', b.select(isPivot, matrix, b.full(matrix, 0)), [rowAxis]);
    const row = b.reshape(chosen, [...batch, 1, rows]);
    // The first row takes the place of the pivot's.
    const swapped = b.select(isPivot, broadcastTo(b, sliceAxis(b, matrix, rowAxis, 0, 1), whole), matrix);
    const rest = sliceAxis(b, swapped, rowAxis, 1, rows - 1);
    const pivot = sliceAxis(b, row, columnAxis, 0, 1);
    const moved = b.unary('not', withScalar(b, 'eq', pivotRow, 0));
    const signed = b.reshape(pivot, batch);
    result = b.binary('mul', result, b.select(moved, b.unary('neg', signed), signed));
    if (rows === 1) break;
    // Where all of the column is 0, so is the determinant, whatever follows.
    const divisor = b.select(withScalar(b, 'eq', pivot, 0), b.full(pivot, 1), pivot);
    const column = sliceAxis(b, rest, columnAxis, 0, 1);
    const factors = b.binary('div', column, broadcastTo(b, divisor, column.type.shape));
    const left = sliceAxis(b, rest, columnAxis, 1, rows - 1);
    const { shape: inner } = left.type;
    const taken = broadcastTo(b, sliceAxis(b, row, columnAxis, 1, rows - 1), inner);
    matrix = b.binary('sub', left, b.binary('mul', broadcastTo(b, factors, inner), taken));
  }
  return result;
}
