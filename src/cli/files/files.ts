/** Files, with errors that name them. */
import {
  existsSync,
  mkdirSync,
  readdirSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { HeddleError } from '../../base/errors.js';
import { codeOf, failure, readBytes } from '../../node/files.js';

export { readBytes };

/** The names of what is in a folder, in their order. Throws FILE_UNREADABLE. */
export function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder).sort();
  } catch (error) {
    return failure('FILE_UNREADABLE', 'the folder cannot be read', folder, error);
  }
}

/** Makes a folder where there is none. Throws FILE_UNWRITABLE. */
export function makeFolder(path: string): void {
  try {
    mkdirSync(path, { recursive: true });
  } catch (error) {
    failure('FILE_UNWRITABLE', 'the folder cannot be made', path, error, { expected: 'a folder' });
  }
}

/** Throws FILE_UNWRITABLE where the folder of a file that is to be written is not there: before the work that the file is for. */
export function checkFolderOf(option: string, path: string): void {
  const folder = dirname(path);
  if (!existsSync(folder))
    throw new HeddleError('FILE_UNWRITABLE', 'the folder does not exist', {
      where: `${option} ${path}`,
      found: folder,
    });
}

/** Writes a file. Throws FILE_UNWRITABLE. */
export function writeBytes(path: string, bytes: Uint8Array): void {
  attemptToWrite(path, () => writeFileSync(path, bytes));
}

/**
 * Writes a file in one step: beside the one that is there, in whose place it is put when it is on the disk. Whatever ends the process, one
 * of the two is there, whole. What is no file, such as a device, is written to. Throws FILE_UNWRITABLE.
 */
export function replaceFile(path: string, bytes: Uint8Array): void {
  attemptToWrite(path, () => {
    // A link goes on to lead where it leads.
    const target = existsSync(path) ? realpathSync(path) : path;
    if (target === '' || (existsSync(target) && !statSync(target).isFile())) writeFileSync(path, bytes);
    else {
      const beside = `${target}.${process.pid}.part`;
      try {
        writeFileSync(beside, bytes, { flush: true });
        renameSync(beside, target);
      } catch (error) {
        rmSync(beside, { force: true });
        throw error;
      }
    }
  });
}

/** Throws FILE_UNWRITABLE for what the system throws. */
function attemptToWrite(path: string, body: () => void): void {
  try {
    body();
  } catch (error) {
    // Writing does not say which of file and folder is the one that is not there.
    const more =
      codeOf(error) === 'EISDIR'
        ? { expected: 'the name of a file' }
        : codeOf(error) === 'ENOENT'
          ? { found: 'the folder does not exist' }
          : {};
    failure('FILE_UNWRITABLE', 'the file cannot be written', path, error, more);
  }
}

/** The JSON value in a file. Throws FILE_UNREADABLE, FILE_FORMAT. */
export function readJson(path: string): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(readBytes(path))) as unknown;
  } catch (error) {
    if (error instanceof HeddleError) throw error;
    throw new HeddleError('FILE_FORMAT', 'the file is not JSON', {
      where: path,
      found: String(error),
      cause: error,
    });
  }
}
