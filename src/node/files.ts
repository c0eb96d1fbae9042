/** Files in Node, with errors that name them. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { HeddleError, type ErrorCode, type ErrorFacts } from '../base/errors.js';

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

export const codeOf = (error: unknown): string | undefined => (error as NodeJS.ErrnoException).code;

/** Throws the error of a call of the system, in words. */
export function failure(
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
