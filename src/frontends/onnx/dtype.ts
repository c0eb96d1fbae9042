/** ONNX's element types: how they lie in files, how they are held while importing, and what they become in the IR. */
import type { DType } from '../../base/dtype.js';
import { HeddleError } from '../../base/errors.js';
import * as formats from '../../numerics/float-format.js';
import type { FloatFormat } from '../../numerics/float-format.js';

/** Typed arrays by element type. Floats below 32 bits are held as their codes, bool as 0 or 1, int64 exactly. */
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
  readonly bfloat16: Uint16Array;
  readonly float8e4m3fn: Uint8Array;
  readonly float8e4m3fnuz: Uint8Array;
  readonly float8e5m2: Uint8Array;
  readonly float8e5m2fnuz: Uint8Array;
  readonly float8e8m0: Uint8Array;
  readonly float4e2m1: Uint8Array;
  readonly int4: Int8Array;
  readonly uint4: Uint8Array;
  readonly int2: Int8Array;
  readonly uint2: Uint8Array;
}
/** The element types that Heddle takes. */
export type OnnxDType = keyof OnnxArrays;
export type OnnxArray = OnnxArrays[OnnxDType];

interface OnnxDTypeInfo<D extends OnnxDType> {
  /** TensorProto.DataType */
  readonly code: number;
  /** Of an element in a file; below 8, elements share bytes, the first one in the lowest bits. */
  readonly bits: number;
  /** The dtype that stands for it in the IR: small integers and floats are widened; of 64-bit types see wide/value.ts. */
  readonly ir: DType;
  /** Of floats that the IR computes in f32 and rounds. */
  readonly format?: FloatFormat;
  /** Of integers: the bits, and whether there is a sign. */
  readonly integer?: { readonly bits: number; readonly signed: boolean };
  readonly Array: ArrayType<OnnxArrays[D]>;
}

interface ArrayType<A> {
  new (buffer: ArrayBufferLike, byteOffset: number, length: number): A;
  new (length: number): A;
}

const int = (bits: number, signed = true): { bits: number; integer: { bits: number; signed: boolean } } => ({
  bits,
  integer: { bits, signed },
});

/** A float that is f32 in the IR. */
const narrow = (bits: number, format: FloatFormat): { ir: 'f32'; bits: number; format: FloatFormat } => ({
  ir: 'f32',
  bits,
  format,
});

export const ONNX_DTYPES: { readonly [D in OnnxDType]: OnnxDTypeInfo<D> } = {
  float: { code: 1, bits: 32, ir: 'f32', Array: Float32Array },
  uint8: { code: 2, ir: 'u32', Array: Uint8Array, ...int(8, false) },
  int8: { code: 3, ir: 'i32', Array: Int8Array, ...int(8) },
  uint16: { code: 4, ir: 'u32', Array: Uint16Array, ...int(16, false) },
  int16: { code: 5, ir: 'i32', Array: Int16Array, ...int(16) },
  int32: { code: 6, ir: 'i32', Array: Int32Array, ...int(32) },
  int64: { code: 7, ir: 'i32', Array: BigInt64Array, ...int(64) },
  bool: { code: 9, bits: 8, ir: 'bool', Array: Uint8Array },
  float16: { code: 10, bits: 16, ir: 'f16', Array: Uint16Array },
  double: { code: 11, bits: 64, ir: 'f32', Array: Float64Array },
  uint32: { code: 12, ir: 'u32', Array: Uint32Array, ...int(32, false) },
  uint64: { code: 13, ir: 'u32', Array: BigUint64Array, ...int(64, false) },
  bfloat16: { code: 16, Array: Uint16Array, ...narrow(16, formats.BFLOAT16) },
  float8e4m3fn: { code: 17, Array: Uint8Array, ...narrow(8, formats.FLOAT8E4M3FN) },
  float8e4m3fnuz: { code: 18, Array: Uint8Array, ...narrow(8, formats.FLOAT8E4M3FNUZ) },
  float8e5m2: { code: 19, Array: Uint8Array, ...narrow(8, formats.FLOAT8E5M2) },
  float8e5m2fnuz: { code: 20, Array: Uint8Array, ...narrow(8, formats.FLOAT8E5M2FNUZ) },
  uint4: { code: 21, ir: 'u32', Array: Uint8Array, ...int(4, false) },
  int4: { code: 22, ir: 'i32', Array: Int8Array, ...int(4) },
  float4e2m1: { code: 23, Array: Uint8Array, ...narrow(4, formats.FLOAT4E2M1) },
  float8e8m0: { code: 24, Array: Uint8Array, ...narrow(8, formats.FLOAT8E8M0) },
  uint2: { code: 25, ir: 'u32', Array: Uint8Array, ...int(2, false) },
  int2: { code: 26, ir: 'i32', Array: Int8Array, ...int(2) },
};

/** The names of the codes that Heddle does not take, for messages. */
const OTHER_CODES: Readonly<Record<number, string>> = {
  0: 'undefined',
  8: 'string',
  14: 'complex64',
  15: 'complex128',
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

/** The element type of a code, where it is one that Heddle takes. */
export const dtypeBehind = (code: number | undefined): OnnxDType | undefined =>
  code === undefined ? undefined : BY_CODE.get(code);

export const isOnnxDType = (name: string): name is OnnxDType => Object.hasOwn(ONNX_DTYPES, name);

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

/** Bytes of `count` elements in a file. */
export const storedBytes = (dtype: OnnxDType, count: number): number =>
  Math.ceil((count * ONNX_DTYPES[dtype].bits) / 8);

/** `count` elements of `bytes`, which hold them exactly; a view where alignment and size allow it, else a copy. */
export function viewOnnx<D extends OnnxDType>(dtype: D, bytes: Uint8Array, count: number): OnnxArrays[D] {
  const { bits, Array: Elements, integer } = ONNX_DTYPES[dtype];
  if (bits < 8) return unpacked(bytes, bits, integer?.signed === true, new Elements(count));
  // Not bytes.slice(): of Node's Buffer, which is a Uint8Array too, that is another view and no copy.
  const aligned = bytes.byteOffset % (bits / 8) === 0 ? bytes : new Uint8Array(bytes);
  return new Elements(aligned.buffer, aligned.byteOffset, count);
}

function unpacked<A extends OnnxArray>(bytes: Uint8Array, bits: number, signed: boolean, into: A): A {
  const each = 8 / bits;
  for (let i = 0; i < into.length; i++) {
    const code = (bytes[Math.floor(i / each)] >> (bits * (i % each))) & (2 ** bits - 1);
    into[i] = signed && code >= 2 ** (bits - 1) ? code - 2 ** bits : code;
  }
  return into;
}
