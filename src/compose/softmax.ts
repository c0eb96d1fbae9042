/** Softmax and its relatives along one axis, shifted by the maximum so that no exp overflows. */
import type { Emitter, Value } from '../ir/emitter.js';
import { broadcastTo } from './broadcast.js';
import { maximum, sum } from './reduce.js';

/** exp(x - m) / sum(exp(x - m)), m = max(x) */
export function softmax(b: Emitter, x: Value, axis: number): Value {
  const { exponentials, total } = shiftedExponentials(b, x, axis);
  return b.binary('div', exponentials, broadcastTo(b, total, x.type.shape));
}

/** (x - m) - log(sum(exp(x - m))), m = max(x) */
export function logSoftmax(b: Emitter, x: Value, axis: number): Value {
  const { shifted, total } = shiftedExponentials(b, x, axis);
  return b.binary('sub', shifted, broadcastTo(b, b.unary('log', total), x.type.shape));
}

function shiftedExponentials(
  b: Emitter,
  x: Value,
  axis: number,
): { shifted: Value; exponentials: Value; total: Value } {
  const along = { axes: [axis], keepDims: true };
  // Whatever the shift, the result is the same: no derivative flows through it.
  const shift = b.emit('stopGradient', [maximum(b, x, along)], {});
  const shifted = b.binary('sub', x, broadcastTo(b, shift, x.type.shape));
  const exponentials = b.unary('exp', shifted);
  return { shifted, exponentials, total: sum(b, exponentials, along) };
}

/** 1 at the first maximum along `axis`, 0 elsewhere. */
export function hardmax(b: Emitter, x: Value, axis: number): Value {
  const { shape, dtype } = x.type;
  if (shape.includes(0)) return x;
  const first = b.emit('argreduce', [x], { kind: 'max', axis });
  const place = b.reshape(
    first,
    shape.map((dim, i) => (i === axis ? 1 : dim)),
  );
  const position = b.emit('iota', [], { dtype: 'i32', shape, axis });
  return b.cast(b.binary('eq', position, b.broadcast(place, shape)), dtype);
}
