/** Files, with errors that name them. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { HeddleError } from '../base/errors.js';

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EISDIR: 'it is a folder',
  EACCES: 'access is denied',
  ENOSPC: 'the disk is full',
  ERR_FS_FILE_TOO_LARGE: 'it is larger than 2 GiB',
};

const reasonOf = (error: unknown): string => {
  const { code, message } = error as NodeJS.ErrnoException;
  return (code === undefined ? undefined : REASONS[code]) ?? message;
};

/** The bytes of a file. Throws FILE_UNREADABLE. */
export function readBytes(path: string): Uint8Array {
  try {
    const { buffer, byteOffset, length } = readFileSync(path);
    return new Uint8Array(buffer, byteOffset, length);
  } catch (error) {
    throw new HeddleError('FILE_UNREADABLE', 'the file cannot be read', {
      where: path,
      found: reasonOf(error),
      cause: error,
    });
  }
}

/** Makes a folder where there is none. Throws FILE_UNREADABLE. */
export function makeFolder(path: string): void {
  try {
    mkdirSync(path, { recursive: true });
  } catch (error) {
    throw new HeddleError('FILE_UNREADABLE', 'the folder cannot be made', {
      where: path,
      found: reasonOf(error),
      cause: error,
    });
  }
}

/** Writes a file. Throws FILE_UNREADABLE. */
export function writeBytes(path: string, bytes: Uint8Array): void {
  try {
    writeFileSync(path, bytes);
  } catch (error) {
    throw new HeddleError('FILE_UNREADABLE', 'the file cannot be written', {
      where: path,
      found: reasonOf(error),
      cause: error,
    });
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
