/**
 * The element types of safetensors, and what they become: Heddle's own as they are, smaller ones widened, 64-bit integers
 * narrowed where every value fits. All of it is exact; what could not be is refused.
 */
import { viewHost, type DType } from '../../base/dtype.js';
import { HeddleError } from '../../base/errors.js';
import { tensorData, type TensorData } from '../../base/tensor.js';
import {
  decode,
  FLOAT4E2M1,
  FLOAT8E4M3FN,
  FLOAT8E5M2,
  type FloatFormat,
} from '../../numerics/float-format.js';

export interface ElementType {
  /** Bytes of an element in the file; half of one where two share it. */
  readonly bytes: number;
  /** The elements out of exactly as many bytes as `shape` needs; `where` names the tensor in errors. */
  decode(bytes: Uint8Array, shape: readonly number[], where: string): TensorData;
}

/** An element type that is a dtype: a view of the file wherever alignment allows it. */
const same = (dtype: DType, bytes: number): ElementType => ({
  bytes,
  decode: (data, shape) => tensorData(dtype, shape, viewHost(dtype, data, data.length / bytes)),
});

/** An element type whose elements are read one by one. */
const read = (
  dtype: 'i32' | 'u32',
  bytes: number,
  element: (view: DataView, at: number, where: string) => number,
): ElementType => ({
  bytes,
  decode(data, shape, where) {
    const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
    const numbers = { length: data.length / bytes };
    const at = (_: unknown, i: number): number => element(view, i * bytes, where);
    return dtype === 'i32'
      ? tensorData('i32', shape, Int32Array.from(numbers, at))
      : tensorData('u32', shape, Uint32Array.from(numbers, at));
  },
});

function outOfRange(value: bigint, where: string, expected: string): never {
  throw new HeddleError('FILE_FORMAT', 'a 64-bit integer does not fit into 32 bits', {
    where,
    found: String(value),
    expected,
    hint: 'save the tensor with a 32-bit dtype',
  });
}

const boolean: ElementType = {
  bytes: 1,
  decode(data, shape, where) {
    const wrong = data.find((byte) => byte > 1);
    if (wrong !== undefined)
      throw new HeddleError('FILE_CORRUPT', 'a truth value is neither 0 nor 1', {
        where,
        found: String(wrong),
        expected: '0 or 1',
      });
    return tensorData('bool', shape, viewHost('bool', data, data.length));
  },
};

/** A bfloat16 is the upper half of an f32. The patterns are moved as integers, so that NaNs keep their payloads. */
const bfloat16: ElementType = {
  bytes: 2,
  decode(data, shape) {
    const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
    const patterns = Uint32Array.from(
      { length: data.length / 2 },
      (_, i) => view.getUint16(2 * i, true) << 16,
    );
    return tensorData('f32', shape, new Float32Array(patterns.buffer));
  },
};

/** Floats of 8 and 4 bits, of the latter two in a byte, the first in the lower half. */
const small = (format: FloatFormat, bytes: 1 | 0.5): ElementType => ({
  bytes,
  decode(data, shape) {
    const values = Float32Array.from({ length: bytes === 1 ? 256 : 16 }, (_, code) => decode(format, code));
    const codes = { length: data.length / bytes };
    const at = (i: number): number => (bytes === 1 ? data[i] : (data[i >> 1] >> (4 * (i & 1))) & 15);
    return tensorData(
      'f32',
      shape,
      Float32Array.from(codes, (_, i) => values[at(i)]),
    );
  },
});

/** By the names of the format. F64 and the floats of 6 bits and of powers alone are not here. */
export const ELEMENT_TYPES: ReadonlyMap<string, ElementType> = new Map([
  ['F32', same('f32', 4)],
  ['F16', same('f16', 2)],
  ['I32', same('i32', 4)],
  ['U32', same('u32', 4)],
  ['BOOL', boolean],
  ['BF16', bfloat16],
  ['F8_E4M3', small(FLOAT8E4M3FN, 1)],
  ['F8_E5M2', small(FLOAT8E5M2, 1)],
  ['F4', small(FLOAT4E2M1, 0.5)],
  ['I8', read('i32', 1, (view, at) => view.getInt8(at))],
  ['U8', read('u32', 1, (view, at) => view.getUint8(at))],
  ['I16', read('i32', 2, (view, at) => view.getInt16(at, true))],
  ['U16', read('u32', 2, (view, at) => view.getUint16(at, true))],
  [
    'I64',
    read('i32', 8, (view, at, where) => {
      const low = view.getInt32(at, true);
      // The upper half of a number that fits repeats the sign of the lower.
      if (view.getInt32(at + 4, true) !== low >> 31)
        return outOfRange(view.getBigInt64(at, true), where, '-2^31 to 2^31 - 1');
      return low;
    }),
  ],
  [
    'U64',
    read('u32', 8, (view, at, where) => {
      if (view.getUint32(at + 4, true) !== 0)
        return outOfRange(view.getBigUint64(at, true), where, '0 to 2^32 - 1');
      return view.getUint32(at, true);
    }),
  ],
]);
