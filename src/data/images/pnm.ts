/** The portable anymaps of Netpbm, P1 to P6: bitmaps, grey and RGB, as text or binary (https://netpbm.sourceforge.net/doc/). */
import { checkBytes, checkExtents, checkLength, corrupt, type Admit, type Image } from './image.js';

const WHERE = 'PNM';
/** How long the letter and the digit are that a file begins with. */
const MAGIC = 2;
const [SPACE, NEWLINE, HASH] = [0x20, 0x0a, 0x23];

const isSpace = (byte: number): boolean => byte === SPACE || (byte >= 0x09 && byte <= 0x0d);
const isDigit = (byte: number): boolean => byte >= 0x30 && byte <= 0x39;

/** Throws FILE_TRUNCATED, FILE_CORRUPT and LIMIT_EXCEEDED. Samples are scaled to 255, to the nearest. */
export function decodePnm(bytes: Uint8Array, admit: Admit): Image {
  const kind = bytes[1] - 0x30;
  const isBitmap = kind === 1 || kind === 4;
  const isText = kind <= 3;
  const channels = kind === 3 || kind === 6 ? 3 : 1;
  afterOneSpace(bytes, MAGIC);
  const header = readNumbers(bytes, MAGIC, isBitmap ? 2 : 3);
  const start = afterOneSpace(bytes, header.end);
  const [width, height, most = 1] = header.numbers;
  checkExtents(width, height, WHERE);
  if (most < 1 || most > 0xffff) corrupt('the greatest sample is out of range', WHERE, `${most}`);
  const count = width * height * channels;
  const size = isBitmap ? 0 : most > 255 ? 2 : 1;
  const stride = isText ? width * channels : strideOf(width * channels, size);
  checkLength(bytes, start + stride * height, WHERE);
  checkBytes(2 * count, WHERE);
  admit(width, height);
  const samples = isText
    ? readText(bytes, start, count, isBitmap)
    : readBinary(bytes.subarray(start), width * channels, height, size);
  const scaled = isBitmap
    ? (sample: number) => (sample === 0 ? 255 : 0)
    : (sample: number) => Math.round((Math.min(sample, most) * 255) / most);
  const data = new Uint8Array(3 * width * height);
  for (let i = 0; i < data.length; i++) data[i] = scaled(samples[channels === 3 ? i : Math.floor(i / 3)]);
  return { width, height, data };
}

interface Numbers {
  readonly numbers: readonly number[];
  /** Where the byte after the last one is. */
  readonly end: number;
}

/** Numbers between white space and comments. */
function readNumbers(bytes: Uint8Array, from: number, count: number): Numbers {
  const numbers: number[] = [];
  let at = from;
  while (numbers.length < count) {
    at = afterSpace(bytes, at);
    checkLength(bytes, at + 1, WHERE);
    const start = at;
    let number = 0;
    while (isDigit(bytes[at]) && at - start < 9) number = number * 10 + bytes[at++] - 0x30;
    if (at === start || isDigit(bytes[at])) corrupt('a number is expected', WHERE, `byte ${bytes[at]} at ${at}`); // prettier-ignore
    numbers.push(number);
  }
  return { numbers, end: at };
}

/** The place after one byte of white space. Throws FILE_CORRUPT where another byte is there: not even a comment may be. */
function afterOneSpace(bytes: Uint8Array, at: number): number {
  checkLength(bytes, at + 1, WHERE);
  if (!isSpace(bytes[at])) corrupt('white space is expected', WHERE, `byte ${bytes[at]} at ${at}`);
  return at + 1;
}

function afterSpace(bytes: Uint8Array, from: number): number {
  let at = from;
  while (isSpace(bytes[at]) || bytes[at] === HASH)
    if (bytes[at++] === HASH) while (at < bytes.length && bytes[at] !== NEWLINE) at++;
  return at;
}

/** Samples as numbers; those of bitmaps are digits, which nothing has to separate. */
function readText(bytes: Uint8Array, from: number, count: number, isBitmap: boolean): Uint16Array {
  const samples = new Uint16Array(count);
  let at = from;
  for (let i = 0; i < count; i++) {
    if (isBitmap) {
      at = afterSpace(bytes, at);
      checkLength(bytes, at + 1, WHERE);
      const bit = bytes[at++] - 0x30;
      if (bit !== 0 && bit !== 1) corrupt('a bit is expected', WHERE, `byte ${bit + 0x30} at ${at - 1}`);
      samples[i] = bit;
      continue;
    }
    const { numbers, end } = readNumbers(bytes, at, 1);
    samples[i] = Math.min(numbers[0], 0xffff);
    at = end;
  }
  return samples;
}

/** Bytes of a row; see {@link readBinary}. */
const strideOf = (width: number, size: 0 | 1 | 2): number =>
  size === 0 ? Math.ceil(width / 8) : width * size;

/** Rows of samples of `size` bytes each, the upper one first; of 0 bytes: of bits, in whole bytes a row. */
function readBinary(bytes: Uint8Array, width: number, height: number, size: 0 | 1 | 2): Uint16Array {
  const stride = strideOf(width, size);
  return Uint16Array.from({ length: width * height }, (_, i) => {
    const at = Math.floor(i / width) * stride;
    const x = i % width;
    if (size === 0) return (bytes[at + (x >> 3)] >> (7 - (x & 7))) & 1;
    return size === 1 ? bytes[at + x] : bytes[at + 2 * x] * 256 + bytes[at + 2 * x + 1];
  });
}
