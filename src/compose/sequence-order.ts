/** Batches of sequences of several lengths. */
import type { Emitter, Value } from '../ir/emitter.js';
import { staticShape } from '../ir/types.js';
import { broadcastTo, withScalar } from './broadcast.js';
import { takeAlongAxis } from './indexing.js';

/**
 * The first lengths[k] (i32) elements along `timeAxis` in reverse, for place k of `batchAxis`; those behind stay. A length
 * beyond the axis counts as that of the axis.
 */
export function reverseSequence(
  b: Emitter,
  x: Value,
  lengths: Value,
  batchAxis: number,
  timeAxis: number,
): Value {
  const shape = staticShape(x.type.shape);
  const ofBatch = shape.map((extent, axis) => (axis === batchAxis ? extent : 1));
  const within = withScalar(b, 'min', lengths, shape[timeAxis]);
  const length = broadcastTo(b, b.reshape(within, ofBatch), shape);
  const time = b.emit('iota', [], { dtype: 'i32', shape, axis: timeAxis });
  const mirrored = withScalar(b, 'sub', b.binary('sub', length, time), 1);
  return takeAlongAxis(b, x, b.select(b.binary('lt', time, length), mirrored, time), timeAxis);
}
