/** Values that differ in numbers only are held once, with the numbers of each: plans of several sizes, and their graphs. */
import { count, list, must, same, type Check } from '../base/fields.js';

/** What differs among them. */
export interface Varying {
  /** Which numbers change, by their places in {@link withNumbers}, and in which column each stands. */
  readonly changing: readonly (readonly [place: number, column: number])[];
  /** For each of the values, its columns. */
  readonly rows: readonly (readonly number[])[];
}

/** Numbers in labels, as long as they are written as numbers are. */
const NUMBERS = /(?<!\d)(0|[1-9]\d{0,14})(?!\d)/g;

/** How deep a plan nests, at most: that of regions in regions in commands in a list, with room. */
const MOST_LEVELS = 32;

/** A JSON value without its numbers, each of which is 0 in it, and these in the order of {@link withNumbers}. */
export function apart(value: unknown): { readonly blank: unknown; readonly numbers: number[] } {
  const numbers: number[] = [];
  const blank = withNumbers(value, (each) => {
    numbers.push(each);
    return 0;
  });
  return { blank, numbers };
}

/** A JSON value with `number` of each number in it, in the order of the text; labels have numbers as well. Throws FILE_CORRUPT. */
export function withNumbers(value: unknown, number: (value: number) => number, key = '', level = 0): unknown {
  must(level < MOST_LEVELS, 'the plan is nested too deeply', key);
  if (typeof value === 'number') return number(value);
  if (typeof value === 'string')
    return key === 'label' ? value.replace(NUMBERS, (digits) => `${number(Number(digits))}`) : value;
  if (Array.isArray(value)) return value.map((each) => withNumbers(each, number, '', level + 1));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, each]) => [name, withNumbers(each, number, name, level + 1)]),
  );
}

/** For {@link withNumbers}: the numbers of a row in place of the first one's. */
export function numbersOf({ changing, rows }: Varying, row: number): (value: number) => number {
  const columns = new Map(changing);
  let place = 0;
  return (value) => {
    const column = columns.get(place++);
    return column === undefined ? value : rows[row][column];
  };
}

/** Throws FILE_CORRUPT unless each row has every column. */
export function checkRows({ changing, rows }: Varying, path: string): void {
  const columns = changing.reduce((most, [, column]) => Math.max(most, column + 1), 0);
  for (const row of rows) same(row.length, columns, 'a row has another length', path);
}

/** Two counts. */
export const pair: Check<readonly [number, number]> = (value, path) => {
  const found = list(count)(value, path);
  same(found.length, 2, 'a pair has another length', path);
  return [found[0], found[1]];
};
