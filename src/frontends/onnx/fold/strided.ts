/** Index maps over known tensors: slices, transposes and broadcasts as one strided copy. */
import { rowMajorStrides } from '../../../base/tensor.js';
import { allocateOnnx } from '../dtype.js';
import type { HostTensor } from '../host.js';

/** The tensor of `shape` whose element at c is element offset + sum of c[i] * strides[i] of `source`. */
export function strided(
  source: HostTensor,
  shape: readonly number[],
  strides: readonly number[],
  offset = 0,
): HostTensor {
  const count = shape.reduce((n, extent) => n * extent, 1);
  const data = allocateOnnx(source.dtype, count);
  const at = new Array<number>(shape.length).fill(0);
  for (let i = 0, from = offset; i < count; i++) {
    data[i] = source.data[from]!;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      from += strides[axis];
      if (++at[axis] < shape[axis]) break;
      from -= strides[axis] * shape[axis];
      at[axis] = 0;
    }
  }
  return { dtype: source.dtype, shape, data };
}

/** `source` repeated to `shape`, to which it broadcasts. */
export function broadcastHost(source: HostTensor, shape: readonly number[]): HostTensor {
  const own = rowMajorStrides(source.shape);
  const missing = shape.length - source.shape.length;
  const strides = shape.map((_, i) =>
    i < missing || source.shape[i - missing] === 1 ? 0 : own[i - missing],
  );
  return strided(source, shape, strides);
}

/** Tensors of one dtype joined along `axis`. */
export function concatHost(
  tensors: readonly HostTensor[],
  axis: number,
  shape: readonly number[],
): HostTensor {
  const [first] = tensors as readonly [HostTensor, ...HostTensor[]];
  const data = allocateOnnx(
    first.dtype,
    shape.reduce((n, extent) => n * extent, 1),
  );
  if (data.length === 0) return { dtype: first.dtype, shape, data };
  const rows = shape.slice(0, axis).reduce((n, extent) => n * extent, 1);
  let to = 0;
  for (let row = 0; row < rows; row++)
    for (const tensor of tensors) {
      const size = tensor.data.length / rows;
      for (let i = 0; i < size; i++) data[to++] = tensor.data[row * size + i]!;
    }
  return { dtype: first.dtype, shape, data };
}
