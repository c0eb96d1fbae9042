/** Elements picked by index, beyond whole rows of an axis. */
import type { Emitter, Value } from '../ir/emitter.js';
import { printType, staticShape } from '../ir/types.js';
import { HeddleError } from '../base/errors.js';
import { elementCount, rowMajorStrides } from '../base/tensor.js';

/**
 * result[.., k, ..] = x[.., indices[.., k, ..], ..] along `axis`; indices (i32) have the shape of `x` but for that axis,
 * and are clamped to it.
 */
export function takeAlongAxis(b: Emitter, x: Value, indices: Value, axis: number): Value {
  const [shape, picked] = [staticShape(x.type.shape), staticShape(indices.type.shape)];
  if (shape.length !== picked.length || shape.some((extent, i) => i !== axis && extent !== picked[i]))
    throw new HeddleError('SHAPE_MISMATCH', 'the indices do not fit the tensor', {
      found: `${printType(x.type)} and ${printType(indices.type)}`,
      expected: `equal extents except on axis ${axis}`,
    });
  const strides = rowMajorStrides(shape);
  const int = (value: number): Value => b.constant('i32', picked, value);
  const last = int(Math.max(0, shape[axis] - 1));
  let place = b.binary('mul', b.binary('max', b.binary('min', indices, last), int(0)), int(strides[axis]));
  picked.forEach((_, i) => {
    if (i === axis || shape[i] === 1) return;
    const along = b.emit('iota', [], { dtype: 'i32', shape: picked, axis: i });
    place = b.binary('add', place, b.binary('mul', along, int(strides[i])));
  });
  return b.emit('gather', [b.reshape(x, [elementCount(shape)]), place], { axis: 0 });
}
