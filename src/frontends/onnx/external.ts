/**
 * External data: tensors whose bytes lie in files beside the model, by a path relative to its folder (onnx.proto, and
 * docs/ExternalData.md of onnx/onnx). A path never leaves the folder.
 */
import { HeddleError } from '../../base/errors.js';
import { isBytes } from '../../base/values.js';
import { shorten } from './limits.js';
import type { TensorProto } from './proto/onnx.js';

/** Reads `length` bytes of the file at `path` from `offset` on. `path` has parts between slashes, none of which is `..`. */
export type ExternalReader = (path: string, offset: number, length: number) => Uint8Array;

/** The files of external data by their paths, relative to the model's folder; or what reads parts of them. */
export type ExternalData = Readonly<Record<string, Uint8Array>> | ExternalReader;

/** What reads the data of a model's tensors. Throws ONNX_INVALID, FILE_TRUNCATED; what a reader throws comes as it is. */
export function externalReader(given: ExternalData | undefined): ExternalReader {
  if (typeof given === 'function')
    return (path, offset, length) => {
      const bytes: unknown = given(path, offset, length);
      if (!isBytes(bytes) || bytes.length !== length)
        throw new HeddleError('FILE_TRUNCATED', 'the reader of external data returned the wrong bytes', {
          found: isBytes(bytes) ? `${bytes.length} bytes of ${path}` : typeof bytes,
          expected: `${length} bytes`,
        });
      return bytes;
    };
  const files = new Map(Object.entries(given ?? {}).map(([name, bytes]) => [insideFolder(name), bytes]));
  return (path, offset, length) => {
    const bytes = files.get(path);
    if (bytes === undefined)
      throw new HeddleError('ONNX_UNSUPPORTED_FEATURE', 'the data lies outside of the file', {
        found: `external data in ${shorten(path)}`,
        expected: files.size === 0 ? undefined : [...files.keys()].slice(0, 8).map((name) => shorten(name)).join(', '), // prettier-ignore
        hint: `give the file: importOnnx(bytes, { externalData: { ${JSON.stringify(shorten(path))}: bytes } })`,
      });
    return part(bytes, path, offset, length);
  };
}

/** Bytes of a file that is in memory. Throws FILE_TRUNCATED. */
function part(bytes: Uint8Array, path: string, offset: number, length: number): Uint8Array {
  if (offset + length <= bytes.length) return bytes.subarray(offset, offset + length);
  throw new HeddleError('FILE_TRUNCATED', 'the file of external data is too short', {
    where: shorten(path),
    found: `${bytes.length} bytes`,
    expected: `${length} bytes from ${offset} on`,
  });
}

/**
 * The bytes of a tensor that has `length` of them. A file may leave the length out, or say 0: the shape says it as well.
 *
 * @throws ONNX_INVALID for a path out of the folder and for numbers that are none, FILE_CORRUPT for another length.
 */
export function externalBytes(
  { externalData }: TensorProto,
  length: number,
  read: ExternalReader,
): Uint8Array {
  const entries = new Map(externalData.map(({ key, value }) => [key, value]));
  const location = entries.get('location');
  if (location === undefined || location === '')
    throw new HeddleError('ONNX_INVALID', 'external data has no location');
  const path = insideFolder(location);
  const number = (key: string): number => {
    const text = entries.get(key) ?? '0';
    const value = /^\d{1,16}$/.test(text) ? Number(text) : NaN;
    if (Number.isSafeInteger(value)) return value;
    throw new HeddleError('ONNX_INVALID', `the ${key} of external data is not a number of bytes`, {
      found: shorten(text),
    });
  };
  const declared = number('length');
  if (declared !== 0 && declared !== length)
    throw new HeddleError('FILE_CORRUPT', 'the data of a tensor does not fill its shape', {
      found: `${declared} bytes in ${shorten(path)}`,
      expected: `${length} bytes`,
    });
  return length === 0 ? new Uint8Array(0) : read(path, number('offset'), length);
}

/** `location` without `.` and `..`. Throws ONNX_INVALID where it is no place in the folder of the model. */
function insideFolder(location: string): string {
  const parts: string[] = [];
  const refuse = (): never => {
    throw new HeddleError('ONNX_INVALID', 'external data lies outside of the folder of the model', {
      found: shorten(location),
      expected: 'a path relative to the model, without a way out of its folder',
    });
  };
  if (/^[/\\]|^[A-Za-z]:|\0/.test(location)) refuse();
  for (const name of location.split(/[/\\]/)) {
    if (name === '..' && parts.pop() === undefined) refuse();
    if (!['', '.', '..'].includes(name)) parts.push(name);
  }
  return parts.length === 0 ? refuse() : parts.join('/');
}
