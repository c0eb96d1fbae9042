/** Tensors of onnxruntime's interface as tensors of a program, and back. */
import { Tensor } from 'onnxruntime-common';
import { describeValue } from '../base/describe.js';
import { HeddleError } from '../base/errors.js';
import { elementCount, type TensorData } from '../base/tensor.js';
import { isListOf } from '../base/values.js';
import { ONNX_DTYPES, viewOnnx } from '../frontends/onnx/dtype.js';
import { toTensorData, type HostTensor } from '../frontends/onnx/host.js';
import { hostTensor as resultOf, wordsOf } from '../frontends/onnx/wide/storage.js';
import type { WideDType } from '../frontends/onnx/wide/value.js';
import { isNumericType, onnxDType, packedBytes, type NumericType } from './element-types.js';

/** What is read of a tensor that is given. It may be of any class: several copies of onnxruntime-common may be in a process. */
export interface GivenTensor {
  readonly type: NumericType;
  readonly dims: readonly number[];
  readonly location: Tensor.DataLocation;
  /** Throws where the data is not on the CPU. */
  readonly data: unknown;
  readonly gpuBuffer?: unknown;
  getData?(): Promise<unknown>;
}

/** Whether the elements of a tensor are at hand, without waiting. */
export const isOnHost = ({ location }: GivenTensor): boolean =>
  location === 'cpu' || location === 'cpu-pinned';

const isExtent = (extent: unknown): boolean => Number.isSafeInteger(extent) && (extent as number) >= 0;

/** A value as a tensor, at `where`. Throws USAGE where it is none, ONNX_UNSUPPORTED_DTYPE for text, TENSOR_DISPOSED. */
export function givenTensor(value: unknown, where: string): GivenTensor {
  const tensor = (typeof value === 'object' && value !== null ? value : {}) as Partial<GivenTensor>;
  if ((tensor.type as string) === 'string')
    throw new HeddleError('ONNX_UNSUPPORTED_DTYPE', 'a device cannot hold strings', {
      where,
      found: 'a tensor of strings',
    });
  if (!isNumericType(tensor.type) || !isListOf(tensor.dims, isExtent))
    throw new HeddleError('USAGE', 'the value is not a tensor', {
      where,
      found: describeValue(value),
      expected: 'new Tensor(type, data, dims)',
    });
  if (tensor.location === 'none')
    throw new HeddleError('TENSOR_DISPOSED', 'the tensor was disposed', { where });
  return tensor as GivenTensor;
}

/** The bytes of `data`, which holds `count` elements of `type`. Throws INPUT_DTYPE, INPUT_SHAPE. */
function bytesOf(type: NumericType, count: number, data: unknown, where: string): Uint8Array {
  const bytes = packedBytes(type, count);
  if (!ArrayBuffer.isView(data))
    throw new HeddleError('INPUT_DTYPE', 'the data is in the wrong kind of array', {
      where,
      found: describeValue(data),
      expected: `a typed array of ${type}`,
    });
  if (data.byteLength !== bytes)
    throw new HeddleError('INPUT_SHAPE', 'the data does not fill the shape', {
      where,
      found: `${data.byteLength} bytes`,
      expected: `${bytes} bytes for ${count} elements of ${type}`,
    });
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}

/** `data` of a tensor in ONNX's words; a view of it where that can be. Throws INPUT_DTYPE, INPUT_SHAPE. */
export function hostTensor(
  type: NumericType,
  dims: readonly number[],
  data: unknown,
  where: string,
): HostTensor {
  const count = elementCount(dims);
  const dtype = onnxDType(type);
  return { dtype, shape: dims, data: viewOnnx(dtype, bytesOf(type, count, data, where), count) };
}

/**
 * A tensor as a program takes it, as the words of its elements where they are paired. Throws ONNX_UNSUPPORTED_DTYPE where an
 * integer does not fit.
 */
export const programTensor = (tensor: HostTensor, paired: boolean, where: string): TensorData =>
  paired ? wordsOf(tensor as HostTensor<WideDType>) : toTensorData(tensor, where);

/** The array that onnxruntime has for elements of `T`. */
type Elements<T extends NumericType> = Tensor.DataTypeMap[T];

/** A result as a program gives it. */
export interface ProgramResult {
  readonly tensor: TensorData;
  /** Whether it has the words of 64-bit elements. */
  readonly paired: boolean;
}

/** The shape of a result, without the axis of the words. */
export const resultDims = ({ tensor: { shape }, paired }: ProgramResult): number[] =>
  paired ? shape.slice(0, -1) : [...shape];

/** The elements of a result in the array that onnxruntime has for `type`. */
export function resultData<T extends NumericType>(type: T, result: ProgramResult): Elements<T> {
  const { data } = resultOf(result.tensor, onnxDType(type), result.paired);
  if (type === 'int4' || type === 'uint4') return packed(data as Int8Array | Uint8Array) as Elements<T>;
  // float16: in an array of the class that onnxruntime-common uses on this platform.
  return (type === 'float16' ? new Tensor('float16', data as Uint16Array, [data.length]).data : data) as Elements<T>; // prettier-ignore
}

/** Two elements a byte, the first one in the low bits. */
function packed<A extends Int8Array | Uint8Array>(elements: A): A {
  const bytes = new (elements.constructor as new (length: number) => A)(Math.ceil(elements.length / 2));
  const { bits } = ONNX_DTYPES.uint4;
  for (let i = 0; i < elements.length; i++) bytes[i >> 1] |= (elements[i] & 0xf) << (bits * (i & 1));
  return bytes;
}

/** A result on the CPU. */
export const resultTensor = (type: NumericType, result: ProgramResult): Tensor =>
  new Tensor(type, resultData(type, result), resultDims(result));
