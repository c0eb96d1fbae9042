/**
 * Tensors known while importing. They keep their ONNX element type, so that shape arithmetic is exact in int64; they
 * become IR dtypes only when they enter the graph.
 */
import type { DType } from '../../base/dtype.js';
import { HeddleError } from '../../base/errors.js';
import { elementCount, type TensorData } from '../../base/tensor.js';
import { decode, encode } from '../../numerics/float-format.js';
import { preserveLang } from '../../numerics/js-lang.js';
import { fromHalf, toHalf } from '../../numerics/math/index.js';
import {
  allocateOnnx,
  irDType,
  ONNX_DTYPES,
  type OnnxArray,
  type OnnxArrays,
  type OnnxDType,
} from './dtype.js';

const f16ToNumber = (bits: number): number => fromHalf(preserveLang, bits);
const f16FromNumber = (value: number): number => toHalf(preserveLang, Math.fround(value));

/** `data` is row-major and holds exactly the product of `shape` elements. */
export interface HostTensor<D extends OnnxDType = OnnxDType> {
  readonly dtype: D;
  readonly shape: readonly number[];
  readonly data: OnnxArrays[D];
}

/** Elements as numbers: of floats their values, of integers exact up to 2^53 and the nearest double beyond. */
export function toNumbers({ dtype, data }: HostTensor): number[] {
  if (dtype === 'float16') return Array.from(data as Uint16Array, f16ToNumber);
  const { format } = ONNX_DTYPES[dtype];
  if (format !== undefined)
    return Array.from(data as Uint8Array | Uint16Array, (code) => decode(format, code));
  return Array.from(data as ArrayLike<number | bigint>, Number);
}

/** Elements of an integer or bool tensor, exactly. */
export const toBigInts = ({ data }: HostTensor): bigint[] =>
  Array.from(data as ArrayLike<number | bigint>, (element) => BigInt(element));

/** A tensor of numbers, each rounded to the element type once, as a Cast with its defaults does; integers wrap. */
export function fromNumbers(
  dtype: OnnxDType,
  shape: readonly number[],
  values: readonly number[],
): HostTensor {
  if (isBigType(dtype) || ONNX_DTYPES[dtype].integer !== undefined)
    return fromBigInts(
      dtype,
      shape,
      values.map((value) => BigInt(Math.trunc(value))),
    );
  const data = allocateOnnx(dtype, values.length) as Exclude<OnnxArray, BigInt64Array | BigUint64Array>;
  const { format } = ONNX_DTYPES[dtype];
  if (dtype === 'float16') values.forEach((value, i) => (data[i] = f16FromNumber(value)));
  else if (format !== undefined) values.forEach((value, i) => (data[i] = encode(format, value)));
  else data.set(values);
  return { dtype, shape, data };
}

/** An integer tensor; values wrap around to the element type, as integer arithmetic does. */
export function fromBigInts(
  dtype: OnnxDType,
  shape: readonly number[],
  values: readonly bigint[],
): HostTensor {
  const data = allocateOnnx(dtype, values.length);
  if (data instanceof BigInt64Array || data instanceof BigUint64Array) data.set(values);
  else {
    const { bits, signed } = ONNX_DTYPES[dtype].integer ?? { bits: 8, signed: false };
    const wrap = signed ? BigInt.asIntN : BigInt.asUintN;
    values.forEach((value, i) => (data[i] = Number(wrap(bits, value))));
  }
  return { dtype, shape, data };
}

export const int64Tensor = (shape: readonly number[], values: readonly number[]): HostTensor<'int64'> => ({
  dtype: 'int64',
  shape,
  data: BigInt64Array.from(values, (value) => BigInt(value)),
});

const isBigType = (dtype: OnnxDType): boolean => dtype === 'int64' || dtype === 'uint64';

/** Whether two tensors are one: type, shape and elements. NaN equals itself, 0 is not -0. */
export function equalTensors(a: HostTensor, b: HostTensor): boolean {
  const [left, right]: readonly ArrayLike<number | bigint>[] = [a.data, b.data];
  if (a.dtype !== b.dtype || a.shape.join() !== b.shape.join()) return false;
  for (let i = 0; i < left.length; i++) if (!Object.is(left[i], right[i])) return false;
  return true;
}

/** The same elements under another shape of as many. */
export const reshaped = <D extends OnnxDType>(
  tensor: HostTensor<D>,
  shape: readonly number[],
): HostTensor<D> => ({
  ...tensor,
  shape,
});

/**
 * The tensor in its IR dtype: the same array where nothing changes. double is rounded to f32, int64 and uint64 are
 * narrowed, small integers and floats widened.
 *
 * @throws ONNX_UNSUPPORTED_DTYPE where an integer does not fit into 32 bits.
 */
export function toTensorData(tensor: HostTensor, where: string): TensorData {
  const { dtype, shape, data } = tensor;
  const ir = irDType(dtype);
  switch (dtype) {
    case 'float':
    case 'float16':
    case 'int32':
    case 'uint32':
      return { dtype: ir, shape, data: data as TensorData['data'] };
    case 'bool':
      return { dtype: ir, shape, data: (data as Uint8Array).map((element) => (element === 0 ? 0 : 1)) };
    case 'double':
      return { dtype: ir, shape, data: Float32Array.from(data as Float64Array) };
    case 'int64':
      return { dtype: ir, shape, data: narrow(data as BigInt64Array, Int32Array, where) };
    case 'uint64':
      return { dtype: ir, shape, data: narrow(data as BigUint64Array, Uint32Array, where) };
    default:
      return { dtype: ir, shape, data: ARRAYS[ir].from(toNumbers(tensor)) };
  }
}

/** What narrow elements are widened to. */
const ARRAYS = { f32: Float32Array, i32: Int32Array, u32: Uint32Array, f16: Uint16Array, bool: Uint8Array };

function narrow<A extends Int32Array | Uint32Array>(
  data: BigInt64Array | BigUint64Array,
  Narrow: new (length: number) => A,
  where: string,
): A {
  const result = new Narrow(data.length);
  for (let i = 0; i < data.length; i++) {
    result[i] = Number(data[i]);
    if (BigInt(result[i]) !== data[i])
      throw new HeddleError('ONNX_UNSUPPORTED_DTYPE', '64-bit integers are computed in 32 bits', {
        where,
        found: `${data[i]} at element ${i}`,
        expected: Narrow.name === 'Int32Array' ? 'values from -2^31 to 2^31 - 1' : 'values below 2^32',
      });
  }
  return result;
}

/** Elements of IR data as numbers (for IR literals). */
export function irNumbers({ dtype, data }: TensorData): number[] {
  return dtype === 'f16' ? Array.from(data, f16ToNumber) : Array.from(data);
}

/** Tensor data as a host tensor of the ONNX type that the IR dtype stands for by default. */
export function fromTensorData(tensor: TensorData, dtype: OnnxDType): HostTensor {
  const { shape, data } = tensor;
  if (dtype === 'int64') return { dtype, shape, data: BigInt64Array.from(data as Int32Array, BigInt) };
  if (dtype === 'uint64') return { dtype, shape, data: BigUint64Array.from(data as Uint32Array, BigInt) };
  if (isSameArray(tensor.dtype, dtype)) return { dtype, shape, data: data };
  return fromNumbers(dtype, shape, irNumbers(tensor));
}

const isSameArray = (ir: DType, dtype: OnnxDType): boolean =>
  irDType(dtype) === ir &&
  (dtype === 'float' || dtype === 'float16' || dtype === 'int32' || dtype === 'uint32');

export const hostCount = (tensor: HostTensor): number => elementCount(tensor.shape);
