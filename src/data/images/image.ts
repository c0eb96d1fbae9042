/** Images as decoders give them, and what they check. */
import { HeddleError } from '../../base/errors.js';

/** Pixels in rows from the top left: red, green and blue of each, a byte each. */
export interface Image {
  readonly width: number;
  readonly height: number;
  /** 3 * width * height bytes. */
  readonly data: Uint8Array;
}

const MOST_PIXELS = 2 ** 27;
/** Of the samples of a file, as they are unpacked. */
const MOST_BYTES = 2 ** 29;

/** Told of the extents of an image before its pixels are made, which it stops by throwing. */
export type Admit = (width: number, height: number) => void;

/** Throws FILE_CORRUPT unless both extents are above 0, and LIMIT_EXCEEDED for more than 2^27 pixels. */
export function checkExtents(width: number, height: number, where: string): void {
  const found = `${width} x ${height} pixels`;
  if (!(width > 0 && height > 0)) corrupt('an image has no pixels', where, found);
  if (width * height > MOST_PIXELS)
    throw new HeddleError('LIMIT_EXCEEDED', 'an image is too large', {
      where,
      found,
      expected: `at most ${MOST_PIXELS} pixels`,
    });
}

/** Throws LIMIT_EXCEEDED for more than 2^29 bytes of samples. */
export function checkBytes(bytes: number, where: string): void {
  if (bytes > MOST_BYTES)
    throw new HeddleError('LIMIT_EXCEEDED', 'an image is too large', {
      where,
      found: `${bytes} bytes of samples`,
      expected: `at most ${MOST_BYTES}`,
    });
}

/** Throws FILE_TRUNCATED unless there are `needed` bytes. */
export function checkLength(bytes: Uint8Array, needed: number, where: string): void {
  if (bytes.length < needed)
    throw new HeddleError('FILE_TRUNCATED', 'an image ends early', {
      where,
      found: `${bytes.length} bytes`,
      expected: `${needed} bytes`,
    });
}

export function corrupt(message: string, where: string, found: string, cause?: unknown): never {
  throw new HeddleError('FILE_CORRUPT', message, { where, found, cause });
}
