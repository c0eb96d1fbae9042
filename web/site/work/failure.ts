/** Why work failed, for the page. */
import { HeddleError } from 'heddle';
import { missingIn } from 'heddle/inspection';
import type { Failed, NamedFile } from '../protocol.js';

/** `file` is what it worked on. */
export function failureOf(error: unknown, file: NamedFile | undefined): Failed {
  const missing = file && missingIn(file.name, file.bytes, error);
  return {
    error: error instanceof HeddleError ? error.message : String(error),
    ...(missing === undefined ? {} : { missing }),
  };
}
