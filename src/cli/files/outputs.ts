/** The names of files that verbs write: the ending says what is written, and what a verb reads stays as it is. */
import { realpathSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { HeddleError } from '../../base/errors.js';

/** Throws USAGE unless `path` ends with one of `endings`. */
export function checkEnding(path: string, endings: readonly string[], option = '--out'): void {
  if (endings.some((ending) => path.endsWith(ending))) return;
  throw new HeddleError('USAGE', 'the name of the file does not say what is written', {
    where: option,
    found: path === '' ? '""' : path,
    expected: `a name that ends with ${endings.join(' or ')}`,
  });
}

/** Throws USAGE where a file of `outputs` is one of `inputs`, by whatever path; those that are not given are left out. */
export function keepInputs(
  option: string,
  outputs: readonly string[],
  inputs: readonly (string | undefined)[],
): void {
  const read = new Map(inputs.flatMap((path) => entries(path)));
  for (const output of outputs)
    for (const [id] of entries(output))
      if (read.has(id))
        throw new HeddleError('USAGE', 'a file that is read would be written over', {
          where: option,
          found: read.get(id),
          hint: 'give another name',
        });
}

/** Throws USAGE where two files that are to be written, each by its option, would be one, by whatever paths. */
export function keepApart(outputs: readonly (readonly [option: string, path: string])[]): void {
  const taken = new Map<string, string>();
  for (const [option, path] of outputs) {
    const place = placeOf(path);
    const other = taken.get(place);
    if (other !== undefined)
      throw new HeddleError('USAGE', 'two files that are written would be one file', {
        where: option,
        found: `${path}, which is that of ${other}`,
        hint: 'give another name',
      });
    taken.set(place, option);
  }
}

/** What the system knows a file as, or where it will be. */
function placeOf(path: string): string {
  const [known] = entries(path);
  if (known !== undefined) return known[0];
  try {
    return join(realpathSync(dirname(path)), basename(path));
  } catch {
    return resolve(path); // There is no such folder: writing says so.
  }
}

/** The file at `path` by what it is to the system, whichever link leads there; nothing where there is none. */
function entries(path: string | undefined): (readonly [id: string, path: string])[] {
  if (path === undefined) return [];
  try {
    const { dev, ino } = statSync(path, { bigint: true });
    return [[`${dev}:${ino}`, path]];
  } catch {
    return []; // What cannot be seen cannot be read, either; a new file is not there yet.
  }
}
