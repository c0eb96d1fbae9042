/** Reads the numbers and texts of a GGUF header from its first bytes. */
import { utf8Decoder } from '../../base/utf8.js';
import { HeddleError } from '../../base/errors.js';
import { must } from '../../base/fields.js';

/** Thrown where the bytes at hand end before the header does: the reader fetches more and reads the same once more. */
export class MoreBytes extends Error {
  constructor(readonly needed: number) {
    super('more bytes are needed');
  }
}

const UTF8 = utf8Decoder();

/** Bytes of texts that are shorter than what a call of the decoder costs. */
const SHORT = 32;

/** Short texts of one to three bytes a character, as tokens are; undefined for all others. */
function shortText(bytes: Uint8Array, start: number, end: number): string | undefined {
  if (end - start > SHORT) return undefined;
  let text = '';
  for (let i = start; i < end;) {
    const first = bytes[i++];
    if (first < 0x80) text += String.fromCharCode(first);
    else {
      const length = first < 0xe0 ? 1 : 2;
      // Not the beginning of a character, one of four bytes, or one whose bytes are missing.
      if (first < 0xc2 || first >= 0xf0 || i + length > end) return undefined;
      let code = first & (length === 1 ? 0x1f : 0x0f);
      for (let j = 0; j < length; j++) {
        const next = bytes[i++];
        if ((next & 0xc0) !== 0x80) return undefined;
        code = (code << 6) | (next & 0x3f);
      }
      // Longer than it need be, or half of a pair.
      if (length === 2 && (code < 0x800 || (code >= 0xd800 && code < 0xe000))) return undefined;
      text += String.fromCharCode(code);
    }
  }
  return text;
}

const corrupt = (message: string, where: string, found: string, expected: string): HeddleError =>
  new HeddleError('FILE_CORRUPT', message, { where, found, expected });

/** A value of the metadata. Lists of numbers are typed arrays, of truth values bytes. */
export type MetaValue = number | bigint | boolean | string | MetaList;
export type MetaList = readonly string[] | readonly MetaList[] | MetaNumbers;
export type MetaNumbers =
  | Uint8Array
  | Int8Array
  | Uint16Array
  | Int16Array
  | Uint32Array
  | Int32Array
  | Float32Array
  | Float64Array
  | BigUint64Array
  | BigInt64Array;

interface NumberType {
  readonly bytes: number;
  readonly make: (length: number) => MetaNumbers;
  readonly get: (view: DataView, at: number) => number | bigint;
}

/** A 64-bit integer as a number where that is exact. */
const narrowed = (value: bigint): number | bigint => {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
};

const number = (bytes: number, make: NumberType['make'], get: NumberType['get']): NumberType => ({
  bytes,
  make,
  get,
});

/** The types of metadata by their numbers in the file; undefined: text and lists. */
const NUMBERS: Readonly<Record<number, NumberType | undefined>> = {
  0: number(1, (n) => new Uint8Array(n), (v, at) => v.getUint8(at)),
  1: number(1, (n) => new Int8Array(n), (v, at) => v.getInt8(at)),
  2: number(2, (n) => new Uint16Array(n), (v, at) => v.getUint16(at, true)),
  3: number(2, (n) => new Int16Array(n), (v, at) => v.getInt16(at, true)),
  4: number(4, (n) => new Uint32Array(n), (v, at) => v.getUint32(at, true)),
  5: number(4, (n) => new Int32Array(n), (v, at) => v.getInt32(at, true)),
  6: number(4, (n) => new Float32Array(n), (v, at) => v.getFloat32(at, true)),
  7: number(1, (n) => new Uint8Array(n), (v, at) => v.getUint8(at)),
  10: number(8, (n) => new BigUint64Array(n), (v, at) => v.getBigUint64(at, true)),
  11: number(8, (n) => new BigInt64Array(n), (v, at) => v.getBigInt64(at, true)),
  12: number(8, (n) => new Float64Array(n), (v, at) => v.getFloat64(at, true)),
}; // prettier-ignore
const BOOL = 7;
const TEXT = 8;
const LIST = 9;
/** Bytes that a text or a list takes at least. */
const LEAST_TEXT = 8;
const LEAST_LIST = 12;
/** Lists of lists of ... are refused beyond this. */
const MAX_NESTING = 4;

export class Cursor {
  private view: DataView;
  position = 0;

  constructor(
    private bytes: Uint8Array,
    /** Of the whole file, of which `bytes` are the first. */
    private readonly fileSize: number,
    private readonly where: string,
  ) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** More of the file: `bytes` are its first ones, those that were there before among them. */
  extend(bytes: Uint8Array): void {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** The place of the next `length` bytes, which are passed. Throws FILE_TRUNCATED where the file ends before. */
  private take(length: number): number {
    const start = this.position;
    const end = start + length;
    if (end > this.fileSize)
      throw new HeddleError('FILE_TRUNCATED', 'the file ends in its header', {
        where: this.where,
        found: `${this.fileSize} bytes`,
        expected: `at least ${end} bytes`,
      });
    if (end > this.bytes.length) throw new MoreBytes(end);
    this.position = end;
    return start;
  }

  u32(): number {
    return this.view.getUint32(this.take(4), true);
  }

  /** An unsigned 64-bit integer that is a size or an offset. Throws FILE_CORRUPT for one that no file has. */
  size(what: string): number {
    const at = this.take(8);
    const upper = this.view.getUint32(at + 4, true);
    if (upper < 2 ** 21) return upper * 2 ** 32 + this.view.getUint32(at, true);
    const found = String(this.view.getBigUint64(at, true));
    throw corrupt(`${what} is larger than any file`, this.where, found, 'less than 2^53');
  }

  /** How many things of at least `least` bytes follow. Throws FILE_CORRUPT where the file cannot hold them. */
  count(what: string, least: number): number {
    const count = this.size(what);
    const room = this.fileSize - this.position;
    if (count * least <= room) return count;
    throw corrupt(`${what} do not fit the file`, this.where, String(count), `at most ${Math.floor(room / least)}`); // prettier-ignore
  }

  text(): string {
    const length = this.count('the bytes of a text', 1);
    const start = this.take(length);
    const end = start + length;
    return shortText(this.bytes, start, end) ?? UTF8.decode(this.bytes.subarray(start, end));
  }

  /** A value with its type before it. */
  value(): MetaValue {
    return this.valueOf(this.u32());
  }

  private valueOf(type: number): MetaValue {
    if (type === TEXT) return this.text();
    if (type === LIST) return this.list(0);
    const { bytes, get } = this.numberType(type);
    const value = get(this.view, this.take(bytes));
    if (type === BOOL) return value !== 0;
    return typeof value === 'bigint' ? narrowed(value) : value;
  }

  private numberType(type: number): NumberType {
    const known = NUMBERS[type];
    must(known !== undefined, 'a value has an unknown type', this.where, type, '0 to 12');
    return known;
  }

  private list(depth: number): MetaList {
    must(depth < MAX_NESTING, 'lists are nested too deeply', this.where, depth + 1, `at most ${MAX_NESTING}`);
    const type = this.u32();
    if (type === TEXT) {
      const texts: string[] = [];
      const length = this.count('texts of a list', LEAST_TEXT);
      for (let i = 0; i < length; i++) texts.push(this.text());
      return texts;
    }
    if (type === LIST) {
      const lists: MetaList[] = [];
      const length = this.count('lists of a list', LEAST_LIST);
      for (let i = 0; i < length; i++) lists.push(this.list(depth + 1));
      return lists;
    }
    const { bytes, make } = this.numberType(type);
    const length = this.count('numbers of a list', bytes);
    const start = this.take(length * bytes);
    const numbers = make(length);
    // All hosts of JavaScript are little-endian, as the file is.
    new Uint8Array(numbers.buffer).set(this.bytes.subarray(start, start + length * bytes));
    return numbers;
  }
}
