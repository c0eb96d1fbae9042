/**
 * The idx format of MNIST and its kin (http://yann.lecun.com/exdb/mnist/): two zero bytes, the element type, the number of
 * axes, each extent as a big-endian u32, and the elements in row-major order.
 */
import { bytes as someBytes, checkArguments } from '../base/arguments.js';
import { text } from '../base/kinds.js';
import { ensure, HeddleError } from '../base/errors.js';
import { elementCount } from '../base/tensor.js';
import { gunzip, isGzip } from './gzip.js';

/** An array of bytes. */
export interface IdxBytes {
  readonly shape: readonly number[];
  /** A view of the file. */
  readonly data: Uint8Array;
}

const HEADER_BYTES = 4;
const UNSIGNED_BYTE = 0x08;
const TYPES: Readonly<Record<number, string>> = {
  0x08: 'unsigned byte',
  0x09: 'signed byte',
  0x0b: 'short',
  0x0c: 'int',
  0x0d: 'float',
  0x0e: 'double',
};

/** Unpacked bytes of a file that this reader accepts: ten times the training images of MNIST. */
const MAX_BYTES = 2 ** 29;

/**
 * Reads an idx file of unsigned bytes, the only element type that sets of images use. Nothing is copied. `where` names the
 * file in errors.
 *
 * @throws FILE_FORMAT where it is something else, FILE_TRUNCATED where it ends early, FILE_CORRUPT where something
 *   follows the elements.
 */
export function readIdx(bytes: Uint8Array, where = 'the file'): IdxBytes {
  checkArguments('readIdx', { bytes, where }, { bytes: someBytes, where: text });
  const tooShort = (expected: number, what: string): void =>
    ensure(bytes.length >= expected, 'FILE_TRUNCATED', `the file ends in its ${what}`, () => ({
      where,
      found: `${bytes.length} bytes`,
      expected: `${expected} bytes`,
      hint: 'fetch the file once more',
    }));
  ensure(!isGzip(bytes), 'FILE_FORMAT', 'the file is still packed', {
    where,
    found: 'gzip',
    expected: 'idx',
    hint: 'unpack it with unpackIdx first',
  });
  tooShort(HEADER_BYTES, 'header');
  const [zero0, zero1, type, rank] = bytes;
  ensure(zero0 === 0 && zero1 === 0 && type in TYPES, 'FILE_FORMAT', 'not an idx file', () => ({
    where,
    found: `the bytes ${Array.from(bytes.subarray(0, HEADER_BYTES), hex).join(' ')}`,
    expected: `00 00 ${hex(UNSIGNED_BYTE)} and the number of axes`,
  }));
  ensure(type === UNSIGNED_BYTE, 'FILE_FORMAT', 'elements of this type are not supported', () => ({
    where,
    found: `${TYPES[type]} (${hex(type)})`,
    expected: `${TYPES[UNSIGNED_BYTE]} (${hex(UNSIGNED_BYTE)})`,
  }));
  const start = HEADER_BYTES + 4 * rank;
  tooShort(start, 'header');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const shape = Array.from({ length: rank }, (_, axis) => view.getUint32(HEADER_BYTES + 4 * axis));
  const end = start + elementCount(shape);
  tooShort(end, 'elements');
  if (bytes.length !== end)
    throw new HeddleError('FILE_CORRUPT', 'something follows the elements', {
      where,
      found: `${bytes.length} bytes`,
      expected: `${end} bytes for ${shape.join(' x ')} elements`,
    });
  return { shape, data: bytes.subarray(start, end) };
}

/** {@link readIdx} of a file that gzip may have packed. Throws FILE_CORRUPT for a damaged gzip stream, too. */
export async function unpackIdx(bytes: Uint8Array, where = 'the file'): Promise<IdxBytes> {
  checkArguments('unpackIdx', { bytes, where }, { bytes: someBytes, where: text });
  return readIdx(await gunzip(bytes, where, MAX_BYTES), where);
}

const hex = (byte: number): string => byte.toString(16).padStart(2, '0');
