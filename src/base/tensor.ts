import {
  DEVICE_ELEMENT_BYTES,
  HOST_BYTES,
  DTYPES,
  hostArrayName,
  viewHost,
  type DType,
  type HostArrays,
} from './dtype.js';
import { ensure, type ErrorCode } from './errors.js';
import { isAnyNumber, isListOf } from './values.js';

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

/** Bytes of a tensor in device memory; even an empty one has a word. */
export const deviceBytes = (shape: readonly number[]): number =>
  Math.max(1, elementCount(shape)) * DEVICE_ELEMENT_BYTES;

/** Storage bindings must start at multiples of this on every device (WebGPU's default limit). */
export const BINDING_ALIGNMENT = 256;

/** `bytes` rounded up to where the next binding may start. */
export const alignUp = (bytes: number): number => Math.ceil(bytes / BINDING_ALIGNMENT) * BINDING_ALIGNMENT;

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

/**
 * Wraps `data` as a tensor. Throws INPUT_DTYPE where it is not the kind of array that holds the dtype, INPUT_SHAPE where its
 * length does not equal the product of the shape.
 */
export function tensorData<D extends DType>(
  dtype: D,
  shape: readonly number[],
  data: HostArrays[D],
): TensorData<D> {
  const tensor = { dtype, shape, data };
  checkElements(tensor);
  return tensor;
}

/** The same tensor in memory of its own. */
export const copyTensor = ({ dtype, shape, data }: TensorData): TensorData => ({
  dtype,
  shape: [...shape],
  data: data.slice(),
});

/** Whether a value from outside has a dtype and a shape. */
export const isTensorType = (value: Partial<TensorData> | null): boolean =>
  isListOf(value?.shape, isAnyNumber) && DTYPES.includes(value.dtype!);

/** The name of a value's class: the same in every realm, but not for subclasses (a Buffer's slice() does not copy). */
export const classOf = (value: unknown): string =>
  (value as Partial<object> | null | undefined)?.constructor?.name ??
  (typeof value === 'object' && value !== null ? 'Object' : String(value));

/** Throws unless the elements of `tensor` are as many, and in the kind of array, as its type says. */
export function checkElements(
  tensor: TensorData,
  where?: string,
  heldCode: ErrorCode = 'INPUT_DTYPE',
  filledCode: ErrorCode = 'INPUT_SHAPE',
): void {
  ensure(isTensorType(tensor), heldCode, 'the value is not a tensor', {
    where,
    expected: 'tensorData(dtype, shape, data)',
  });
  const { dtype, shape, data } = tensor;
  const [found, held] = [classOf(data), hostArrayName(dtype)];
  ensure(found === held, heldCode, 'the data is in the wrong kind of array', {
    where,
    found: found === 'Function' ? 'a tensor' : found,
    expected: `${held} for ${dtype}`,
    hint: found === 'Function' ? 'await x.toHost()' : undefined,
  });
  const count = shape.every((extent) => Number.isInteger(extent) && extent >= 0) ? elementCount(shape) : NaN;
  ensure(data.length === count, filledCode, 'the data does not fill the shape', () => ({
    where,
    found: `${data.length} elements`,
    expected: `${count} for ${describeType(dtype, shape)}`,
  }));
}

/** The bytes of a tensor as files hold them (little-endian host order; every platform WebGPU runs on is). */
export function tensorBytes(tensor: TensorData): Uint8Array {
  const { buffer, byteOffset, byteLength } = tensor.data;
  return new Uint8Array(buffer, byteOffset, byteLength);
}

/** A tensor over bytes in file order, without copying where alignment allows it. */
export function tensorFromBytes(dtype: DType, shape: readonly number[], bytes: Uint8Array): TensorData {
  const count = elementCount(shape);
  const size = count * HOST_BYTES[dtype];
  ensure(bytes.byteLength === size, 'FILE_CORRUPT', 'the bytes do not fill the shape', () => ({
    found: `${bytes.byteLength} bytes`,
    expected: `${size} for ${describeType(dtype, shape)}`,
  }));
  return { dtype, shape, data: viewHost(dtype, bytes, count) };
}

export const describeType = (dtype: DType, shape: readonly (number | string)[]): string =>
  `${dtype}[${shape.join(',')}]`;
