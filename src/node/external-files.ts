/** External data of ONNX models, from the files beside them. */
import { closeSync, fstatSync, openSync, readSync, realpathSync } from 'node:fs';
import { dirname, isAbsolute, relative, resolve, sep } from 'node:path';
import { checkArguments } from '../base/arguments.js';
import { HeddleError } from '../base/errors.js';
import { required, text } from '../base/kinds.js';
import { unreadable } from './files.js';

/** What `importOnnx` takes as `externalData`: reads `length` bytes of a file from `offset` on. */
export type ReadPart = (path: string, offset: number, length: number) => Uint8Array;

/**
 * Reads parts of files in the folder of the model at `path`. Links are followed, but not out of the folder.
 *
 * @throws USAGE for a path that is none; when it reads, FILE_UNREADABLE, FILE_TRUNCATED where a file is too short, ONNX_INVALID for a link out of the folder.
 */
export function externalFiles(path: string): ReadPart {
  checkArguments('externalFiles', { path }, { path: required(text) });
  const folder = dirname(resolve(path));
  return (name, offset, length) => {
    const file = resolve(folder, name);
    try {
      if (leaves(realpathSync(folder), realpathSync(file)))
        throw new HeddleError('ONNX_INVALID', 'external data lies outside of the folder of the model', {
          where: file,
          found: realpathSync(file),
        });
      return readPart(file, offset, length);
    } catch (error) {
      if (error instanceof HeddleError) throw error;
      return unreadable(file, error);
    }
  };
}

const leaves = (folder: string, file: string): boolean => {
  const way = relative(folder, file);
  return way.split(sep)[0] === '..' || isAbsolute(way);
};

/** Most bytes that one call of the system reads. */
const CHUNK = 1 << 30;

function readPart(file: string, offset: number, length: number): Uint8Array {
  const handle = openSync(file, 'r');
  try {
    const { size } = fstatSync(handle);
    if (offset + length > size)
      throw new HeddleError('FILE_TRUNCATED', 'the file of external data is too short', {
        where: file,
        found: `${size} bytes`,
        expected: `${length} bytes from ${offset} on`,
      });
    const bytes = new Uint8Array(length);
    for (let at = 0; at < length;)
      at += readSync(handle, bytes, at, Math.min(CHUNK, length - at), offset + at);
    return bytes;
  } finally {
    closeSync(handle);
  }
}
