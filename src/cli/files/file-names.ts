/** Names of tensors as names of files: one to one, also where a file system does not tell upper from lower case. */

/** A name that is empty. */
const EMPTY = '%';

/** Characters that stand for themselves. A point at the beginning would hide the file. */
const ESCAPED = /^\.|[^A-Za-z0-9._-]/gu;

/** Of most file systems, in bytes, without the ending. */
const LONGEST = 250;

/** Names that say a position, such as `output_1`. */
const POSITION = /^(input|output)_\d+$/i;

const hex = (value: number, digits: number): string => value.toString(16).toUpperCase().padStart(digits, '0');

/** UTF-8 as in URLs, `%2F`; half of a surrogate pair, which UTF-8 cannot say, as `%uD800`. */
const escape = (character: string): string =>
  /^\p{Cs}$/u.test(character)
    ? `%u${hex(character.charCodeAt(0), 4)}`
    : Array.from(new TextEncoder().encode(character), (byte) => `%${hex(byte, 2)}`).join('');

/** `name` as a file name without its ending; {@link nameOfStem} gives it back. */
export const fileStem = (name: string): string => (name === '' ? EMPTY : name.replaceAll(ESCAPED, escape));

/** The name that a file name stands for. Where it is not a form of {@link fileStem}, it is the name itself. */
export function nameOfStem(stem: string): string {
  if (stem === EMPTY) return '';
  try {
    return stem
      .split(/%u([0-9A-Fa-f]{4})/)
      .map((part, i) => (i % 2 === 0 ? decodeURIComponent(part) : String.fromCharCode(parseInt(part, 16))))
      .join('');
  } catch {
    return stem;
  }
}

/** What names became before they were encoded one to one: several may become one. */
export const formerStem = (name: string): string => name.replaceAll(/[^A-Za-z0-9._-]/g, '_');

/**
 * File names for the outputs of a model, without their ending, in its order; all differ. Names that differ in case only are
 * escaped further. A name like `output_1` is escaped unless it says its own position, and one that is too long for a file
 * becomes its position.
 */
export function outputStems(names: readonly string[]): readonly string[] {
  const seen = new Map<string, number>();
  const folded = names.map((name) => fileStem(name).toLowerCase());
  for (const stem of folded) seen.set(stem, (seen.get(stem) ?? 0) + 1);
  return names.map((name, i) => {
    const position = `output_${i}`;
    const plain = fileStem(name);
    const cased = seen.get(folded[i]) === 1 ? plain : escapeCapitals(plain);
    const stem = POSITION.test(cased) && cased !== position ? cased.replace('_', escape) : cased;
    return stem.length > LONGEST ? position : stem;
  });
}

/** The capitals that are no digits of an escape. */
const escapeCapitals = (stem: string): string =>
  stem.replaceAll(/%u[0-9A-F]{4}|%[0-9A-F]{2}|[A-Z]/g, (part) => (part.length === 1 ? escape(part) : part));
