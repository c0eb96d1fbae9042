import { DTYPE_INFO, viewHost, type DType, type HostArrays } from './dtype.js';
import { ensure } from './errors.js';

/** A concrete tensor on the host: `data` is row-major and holds exactly the product of `shape` elements. */
export interface TensorData<D extends DType = DType> {
  readonly dtype: D;
  readonly shape: readonly number[];
  readonly data: HostArrays[D];
}

/** Product of the extents; 1 for a scalar. */
export function elementCount(shape: readonly number[]): number {
  let n = 1;
  for (const extent of shape) n *= extent;
  return n;
}

/** Row-major strides in elements. */
export function rowMajorStrides(shape: readonly number[]): number[] {
  const strides = new Array<number>(shape.length);
  let step = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    strides[axis] = step;
    step *= shape[axis];
  }
  return strides;
}

/** Wraps `data` as a tensor. Throws INPUT_SHAPE where the length does not equal the product of the shape. */
export function tensorData<D extends DType>(
  dtype: D,
  shape: readonly number[],
  data: HostArrays[D],
): TensorData<D> {
  ensure(data.length === elementCount(shape), 'INPUT_SHAPE', 'the data does not fill the shape', () => ({
    found: `${data.length} elements`,
    expected: `${elementCount(shape)} elements for ${dtype}[${shape.join(',')}]`,
  }));
  return { dtype, shape, data };
}

/** The bytes of a tensor as files hold them (little-endian host order; every platform WebGPU runs on is). */
export function tensorBytes(tensor: TensorData): Uint8Array {
  const { buffer, byteOffset, byteLength } = tensor.data;
  return new Uint8Array(buffer, byteOffset, byteLength);
}

/** A tensor over bytes in file order, without copying where alignment allows it. */
export function tensorFromBytes(dtype: DType, shape: readonly number[], bytes: Uint8Array): TensorData {
  const count = elementCount(shape);
  ensure(
    bytes.byteLength === count * DTYPE_INFO[dtype].hostBytes,
    'FILE_CORRUPT',
    'tensor size mismatch',
    () => ({
      found: `${bytes.byteLength} bytes`,
      expected: `${count * DTYPE_INFO[dtype].hostBytes} bytes for ${dtype}[${shape.join(',')}]`,
    }),
  );
  return { dtype, shape, data: viewHost(dtype, bytes, count) };
}

export const describeType = (dtype: DType, shape: readonly (number | string)[]): string =>
  `${dtype}[${shape.join(',')}]`;
