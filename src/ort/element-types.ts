/** The element types of onnxruntime's tensors, and those of ONNX that they stand for. */
import type { Tensor } from 'onnxruntime-common';
import { HeddleError } from '../base/errors.js';
import { ONNX_DTYPES, type OnnxDType } from '../frontends/onnx/dtype.js';

/** The types whose elements are not text. */
export type NumericType = Exclude<Tensor.Type, 'string'>;

/** Every type of a tensor but string, with its name in ONNX. */
const ONNX_NAMES: Readonly<Record<NumericType, OnnxDType>> = {
  float32: 'float',
  float64: 'double',
  float16: 'float16',
  int8: 'int8',
  int16: 'int16',
  int32: 'int32',
  int64: 'int64',
  uint8: 'uint8',
  uint16: 'uint16',
  uint32: 'uint32',
  uint64: 'uint64',
  int4: 'int4',
  uint4: 'uint4',
  bool: 'bool',
};

const TYPES = new Map(Object.entries(ONNX_NAMES).map(([type, dtype]) => [dtype, type as NumericType]));

export const isNumericType = (type: unknown): type is NumericType =>
  typeof type === 'string' && Object.hasOwn(ONNX_NAMES, type);

export const onnxDType = (type: NumericType): OnnxDType => ONNX_NAMES[type];

/** The type of a tensor with elements of `dtype`. Throws ONNX_UNSUPPORTED_DTYPE where onnxruntime's API has none, at `where`. */
export function typeOf(dtype: OnnxDType, where: string): NumericType {
  const type = TYPES.get(dtype);
  if (type !== undefined) return type;
  throw new HeddleError('ONNX_UNSUPPORTED_DTYPE', 'tensors of this interface cannot have these elements', {
    where,
    found: dtype,
    expected: [...TYPES.keys()].join(', '),
    hint: 'importOnnx of heddle/onnx takes the model',
  });
}

/** Types whose elements are words on a device, too, so that a buffer can be used as it is, and what they are there. */
export const WORDS = { float32: 'f32', int32: 'i32', uint32: 'u32' } as const;
type WordType = keyof typeof WORDS;

export const isWordType = (type: NumericType): type is WordType => Object.hasOwn(WORDS, type);

/** The types that onnxruntime's tensors may have in a buffer of a GPU. */
const BUFFER_TYPES = ['float32', 'float16', 'int32', 'int64', 'uint32', 'uint8', 'bool'] as const;
export type BufferType = (typeof BUFFER_TYPES)[number];

/** Throws ONNX_UNSUPPORTED_DTYPE where no tensor of this type lies in a buffer, at `where`. */
export function bufferType(type: NumericType, where: string): BufferType {
  const known = BUFFER_TYPES.find((each) => each === type);
  if (known !== undefined) return known;
  throw new HeddleError('ONNX_UNSUPPORTED_DTYPE', 'a GPU buffer cannot hold these elements', {
    where,
    found: type,
    expected: BUFFER_TYPES.join(', '),
  });
}

/** Bytes of `count` elements in a buffer of onnxruntime's. */
export const packedBytes = (type: NumericType, count: number): number =>
  Math.ceil((count * ONNX_DTYPES[onnxDType(type)].bits) / 8);
