/** Files that are read by ranges, so that a model of many gigabytes is never in memory as a whole. */
import { HeddleError } from '../../base/errors.js';

/** A file, or what stands for one. */
export interface ByteSource {
  /** For messages. */
  readonly name: string;
  /** Bytes of the whole file. */
  readonly size: number;
  /** `length` bytes from `offset` on, in memory of their own. Throws FILE_TRUNCATED where the file has fewer. */
  read(offset: number, length: number): Promise<Uint8Array<ArrayBuffer>>;
  /** The same into memory that is there, which it fills. */
  readInto?(offset: number, target: Uint8Array<ArrayBuffer>): Promise<void>;
  /** Gives back what the source holds, such as a file handle. */
  close(): Promise<void>;
}

/** Fills `target` with bytes from `offset` on. Throws as {@link ByteSource.read} does. */
export async function readInto(
  source: ByteSource,
  offset: number,
  target: Uint8Array<ArrayBuffer>,
): Promise<void> {
  // prettier-ignore
  if (source.readInto !== undefined) return source.readInto(offset, target);
  target.set(await source.read(offset, target.length));
}

/** Throws FILE_TRUNCATED unless the range lies in the file. */
export function checkRange(name: string, size: number, offset: number, length: number): void {
  if (offset >= 0 && length >= 0 && offset + length <= size) return;
  throw new HeddleError('FILE_TRUNCATED', 'the file ends before the data it announces', {
    where: name,
    found: `${size} bytes`,
    expected: `at least ${offset + length} bytes`,
  });
}

/** Bytes in memory as a source. */
export function bytesSource(bytes: Uint8Array, name = 'the file'): ByteSource {
  return {
    name,
    size: bytes.length,
    async read(offset, length) {
      checkRange(name, bytes.length, offset, length);
      return Uint8Array.from(bytes.subarray(offset, offset + length));
    },
    close: () => Promise.resolve(),
  };
}
