/** Weights as LOOM's model bundles hold them. All become f32. */
import { excerptOf } from '../../../base/describe.js';
import { isAnyNumber, isListOf } from '../../../base/values.js';
import { HeddleError } from '../../../base/errors.js';
import { preserveLang } from '../../../numerics/js-lang.js';
import { fromHalf } from '../../../numerics/math/half.js';

/** One tensor: decimal numbers in format 1, base64 of little-endian elements in format 2. */
export type Encoded = readonly number[] | string;

interface ElementType {
  readonly bits: number;
  /** Element `i` of the bytes. Integers stand for numbers in [-1, 1], to which LOOM's scales are fixed. */
  readonly read: (view: DataView, i: number) => number;
}

const TYPES: Readonly<Record<string, ElementType>> = {
  float32: { bits: 32, read: (view, i) => view.getFloat32(i * 4, true) },
  float64: { bits: 64, read: (view, i) => view.getFloat64(i * 8, true) },
  float16: { bits: 16, read: (view, i) => fromHalf(preserveLang, view.getUint16(i * 2, true)) },
  bfloat16: { bits: 16, read: (view, i) => fromBits(view.getUint16(i * 2, true) << 16) },
  float8: { bits: 8, read: (view, i) => fromE4M3(view.getUint8(i)) },
  float4: { bits: 4, read: (view, i) => nibble(view, i) / 7.5 - 1 },
  int4: { bits: 4, read: (view, i) => nibble(view, i) - 8 },
  int8: { bits: 8, read: (view, i) => view.getInt8(i) / 127 },
  int16: { bits: 16, read: (view, i) => view.getInt16(i * 2, true) / 32767 },
  int32: { bits: 32, read: (view, i) => view.getInt32(i * 4, true) / 2147483647 },
  int64: { bits: 64, read: (view, i) => Number(view.getBigInt64(i * 8, true)) / 127 },
  uint8: { bits: 8, read: (view, i) => view.getUint8(i) / 127.5 - 1 },
  uint16: { bits: 16, read: (view, i) => view.getUint16(i * 2, true) / 32767.5 - 1 },
  uint32: { bits: 32, read: (view, i) => view.getUint32(i * 4, true) / 2147483647.5 - 1 },
  uint64: { bits: 64, read: (view, i) => Number(view.getBigUint64(i * 8, true)) / 9.223372e18 - 1 },
};

/** The high half of a byte comes first. */
const nibble = (view: DataView, i: number): number => (view.getUint8(i >> 1) >> (i % 2 === 0 ? 4 : 0)) & 15;

function fromBits(bits: number): number {
  const view = new DataView(new ArrayBuffer(4));
  view.setInt32(0, bits);
  return view.getFloat32(0);
}

/** Sign, four bits of exponent with bias 7, three of mantissa; LOOM writes no subnormals. */
function fromE4M3(byte: number): number {
  const exponent = (byte >> 3) & 15;
  const magnitude = exponent === 0 ? 0 : (1 + (byte & 7) / 8) * 2 ** (exponent - 7);
  return byte >= 128 ? -magnitude : magnitude;
}

/** The bytes of a base64 text. Throws FILE_CORRUPT. */
export function fromBase64(text: string, where: string): Uint8Array {
  try {
    return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  } catch (cause) {
    throw new HeddleError('FILE_CORRUPT', 'the text is not base64', { where, cause });
  }
}

export function toBase64(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text);
}

/** `count` elements as f32. Throws FILE_FORMAT for other element types, FILE_CORRUPT where there are not as many. */
export function decode(encoded: Encoded, dtype: string, count: number, where: string): Float32Array {
  if (typeof encoded !== 'string') {
    const given: unknown = encoded;
    if (!isListOf(given, isAnyNumber))
      throw new HeddleError('FILE_CORRUPT', 'the weights are neither numbers nor text', {
        where,
        found: excerptOf(given),
        expected: 'a list of numbers, or base64',
      });
    if (given.length !== count) throw wrongCount(where, `${given.length} numbers`, `${count}`);
    return Float32Array.from(given);
  }
  const type = Object.hasOwn(TYPES, dtype) ? TYPES[dtype] : undefined;
  if (type === undefined)
    throw new HeddleError('FILE_FORMAT', 'the weights have an element type that is not known', {
      where,
      found: excerptOf(dtype),
      expected: Object.keys(TYPES).join(', '),
    });
  const bytes = fromBase64(encoded, where);
  const expected = Math.ceil((count * type.bits) / 8);
  if (bytes.length !== expected) throw wrongCount(where, `${bytes.length} bytes`, `${expected} for ${count} x ${dtype}`); // prettier-ignore
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  return Float32Array.from({ length: count }, (_, i) => type.read(view, i));
}

const wrongCount = (where: string, found: string, expected: string): HeddleError =>
  new HeddleError('FILE_CORRUPT', 'the weights do not fill their tensor', { where, found, expected });

/** f32 as format 2 has it: all bits are kept. */
export const encode = (values: Float32Array): string =>
  toBase64(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
