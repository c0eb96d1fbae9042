/** ONNX's element types: how they lie in files, how they are held while importing, and what they become in the IR. */
import type { DType } from '../../base/dtype.js';
import { HeddleError } from '../../base/errors.js';

/** Typed arrays by element type. float16 is held as its 16 bits, bool as 0 or 1, int64 exactly. */
export interface OnnxArrays {
  readonly float: Float32Array;
  readonly double: Float64Array;
  readonly float16: Uint16Array;
  readonly int8: Int8Array;
  readonly int16: Int16Array;
  readonly int32: Int32Array;
  readonly int64: BigInt64Array;
  readonly uint8: Uint8Array;
  readonly uint16: Uint16Array;
  readonly uint32: Uint32Array;
  readonly uint64: BigUint64Array;
  readonly bool: Uint8Array;
}
/** The element types that Heddle takes. */
export type OnnxDType = keyof OnnxArrays;
export type OnnxArray = OnnxArrays[OnnxDType];

interface OnnxDTypeInfo<D extends OnnxDType> {
  /** TensorProto.DataType */
  readonly code: number;
  readonly bytes: number;
  /** The dtype that stands for it in the IR. 64-bit types are narrowed, small integers widened. */
  readonly ir: DType;
  /** Of integers: the bits, and whether there is a sign. */
  readonly integer?: { readonly bits: number; readonly signed: boolean };
  readonly Array: ArrayType<OnnxArrays[D]>;
}

interface ArrayType<A> {
  new (buffer: ArrayBufferLike, byteOffset: number, length: number): A;
  new (length: number): A;
}

const int = (bits: number, signed = true): { integer: { bits: number; signed: boolean } } => ({
  integer: { bits, signed },
});

export const ONNX_DTYPES: { readonly [D in OnnxDType]: OnnxDTypeInfo<D> } = {
  float: { code: 1, bytes: 4, ir: 'f32', Array: Float32Array },
  uint8: { code: 2, bytes: 1, ir: 'u32', Array: Uint8Array, ...int(8, false) },
  int8: { code: 3, bytes: 1, ir: 'i32', Array: Int8Array, ...int(8) },
  uint16: { code: 4, bytes: 2, ir: 'u32', Array: Uint16Array, ...int(16, false) },
  int16: { code: 5, bytes: 2, ir: 'i32', Array: Int16Array, ...int(16) },
  int32: { code: 6, bytes: 4, ir: 'i32', Array: Int32Array, ...int(32) },
  int64: { code: 7, bytes: 8, ir: 'i32', Array: BigInt64Array, ...int(64) },
  bool: { code: 9, bytes: 1, ir: 'bool', Array: Uint8Array },
  float16: { code: 10, bytes: 2, ir: 'f16', Array: Uint16Array },
  double: { code: 11, bytes: 8, ir: 'f32', Array: Float64Array },
  uint32: { code: 12, bytes: 4, ir: 'u32', Array: Uint32Array, ...int(32, false) },
  uint64: { code: 13, bytes: 8, ir: 'u32', Array: BigUint64Array, ...int(64, false) },
};

/** The names of the codes that Heddle does not take, for messages. */
const OTHER_CODES: Readonly<Record<number, string>> = {
  0: 'undefined',
  8: 'string',
  14: 'complex64',
  15: 'complex128',
  16: 'bfloat16',
  17: 'float8e4m3fn',
  18: 'float8e4m3fnuz',
  19: 'float8e5m2',
  20: 'float8e5m2fnuz',
  21: 'uint4',
  22: 'int4',
  23: 'float4e2m1',
  24: 'float8e8m0',
  25: 'uint2',
  26: 'int2',
};

const BY_CODE = new Map(
  (Object.entries(ONNX_DTYPES) as [OnnxDType, OnnxDTypeInfo<OnnxDType>][]).map(([name, { code }]) => [
    code,
    name,
  ]),
);

/** The element type of a TensorProto.DataType. Throws ONNX_UNSUPPORTED_DTYPE, or ONNX_INVALID for an unknown code. */
export function dtypeOfCode(code: number, where: string): OnnxDType {
  const dtype = BY_CODE.get(code);
  if (dtype !== undefined) return dtype;
  const name = OTHER_CODES[code];
  if (name === undefined || code === 0)
    throw new HeddleError('ONNX_INVALID', 'not an element type', { where, found: `code ${code}` });
  throw new HeddleError('ONNX_UNSUPPORTED_DTYPE', `elements of type ${name} are not supported`, {
    where,
    expected: `one of ${Object.keys(ONNX_DTYPES).join(', ')}`,
  });
}

export const irDType = (dtype: OnnxDType): DType => ONNX_DTYPES[dtype].ir;

export const isIntegral = (dtype: OnnxDType): boolean => ONNX_DTYPES[dtype].integer !== undefined;

/** The ONNX type of a value of which only the IR dtype is known. ONNX's own index type is int64. */
export const DEFAULT_ONNX_DTYPE: Readonly<Record<DType, OnnxDType>> = {
  f32: 'float',
  f16: 'float16',
  i32: 'int64',
  u32: 'uint32',
  bool: 'bool',
};

export const allocateOnnx = <D extends OnnxDType>(dtype: D, length: number): OnnxArrays[D] =>
  new ONNX_DTYPES[dtype].Array(length);

/** `count` elements of `bytes`, which hold them exactly; a view where the alignment allows it, else a copy. */
export function viewOnnx<D extends OnnxDType>(dtype: D, bytes: Uint8Array, count: number): OnnxArrays[D] {
  const info = ONNX_DTYPES[dtype];
  // Not bytes.slice(): of Node's Buffer, which is a Uint8Array too, that is another view and no copy.
  const aligned = bytes.byteOffset % info.bytes === 0 ? bytes : new Uint8Array(bytes);
  return new info.Array(aligned.buffer, aligned.byteOffset, count);
}
