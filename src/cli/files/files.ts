/** Files, with errors that name them. */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { HeddleError, type ErrorCode, type ErrorFacts } from '../../base/errors.js';

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'the file does not exist',
  EISDIR: 'it is a folder',
  EEXIST: 'it is a file',
  ENOTDIR: 'a folder in its path is a file',
  EROFS: 'the disk is read-only',
  EACCES: 'access is denied',
  ENOSPC: 'the disk is full',
  ERR_FS_FILE_TOO_LARGE: 'it is larger than 2 GiB',
};

const codeOf = (error: unknown): string | undefined => (error as NodeJS.ErrnoException).code;

function failure(
  code: ErrorCode,
  message: string,
  where: string,
  cause: unknown,
  more: ErrorFacts = {},
): never {
  const reason = REASONS[codeOf(cause) ?? ''] ?? (cause instanceof Error ? cause.message : String(cause));
  // What an empty variable of the shell leaves of a name.
  const empty = where === '' ? { where: '""', found: 'an empty name' } : {};
  throw new HeddleError(code, message, { where, found: reason, ...more, ...empty, cause });
}

/** What people who name a folder may have meant. */
function insteadOfFolder(path: string): ErrorFacts {
  const model = join(path, 'model.onnx');
  return { expected: 'a file', ...(existsSync(model) ? { hint: `there is ${model}` } : {}) };
}

/** The bytes of a file. Throws FILE_UNREADABLE. */
export function readBytes(path: string): Uint8Array {
  try {
    const { buffer, byteOffset, length } = readFileSync(path);
    return new Uint8Array(buffer, byteOffset, length);
  } catch (error) {
    return unreadable(path, error);
  }
}

/** FILE_UNREADABLE, with what the system said. */
export function unreadable(path: string, error: unknown): never {
  const more = codeOf(error) === 'EISDIR' ? insteadOfFolder(path) : {};
  return failure('FILE_UNREADABLE', 'the file cannot be read', path, error, more);
}

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

/** Writes a file. Throws FILE_UNWRITABLE. */
export function writeBytes(path: string, bytes: Uint8Array): void {
  try {
    writeFileSync(path, bytes);
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
