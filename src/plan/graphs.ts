/**
 * Graphs of one program for several sizes, as a bundle holds them for tools beside the plans: texts that differ in numbers only are
 * one, with the numbers of each. The loader does not read them.
 */
import { count, list, must, object, same, text, type Check } from '../base/fields.js';
import { pair, withNumbers } from './sizes.js';

/** Graphs whose texts differ in numbers only. */
export interface GraphClass {
  /** The text of the first of them. */
  readonly text: string;
  /** Where its nodes come from: a name for each of them, '' for none. */
  readonly names: readonly string[];
  /** Which numbers change, by their places in the text, and in which column each stands. */
  readonly changing: readonly (readonly [place: number, column: number])[];
  /** For each text, its columns. */
  readonly rows: readonly (readonly number[])[];
}

export interface SizedGraphs {
  readonly classes: readonly GraphClass[];
  /** For each size, its class and its row there. */
  readonly at: readonly (readonly [group: number, row: number])[];
}

/** `text` with `number` of each number in it. */
export const textWith = (text: string, number: (value: number) => number): string =>
  withNumbers(text, number, 'label') as string;

/** The graph of size number `size`, as text, with the names of its nodes. */
export function graphOf(
  { classes, at }: SizedGraphs,
  size: number,
): { readonly text: string; readonly names: readonly string[] } {
  const [group, row] = at[size];
  const { text, names, changing, rows } = classes[group];
  const columns = new Map(changing);
  let place = 0;
  const own = textWith(text, (value) => {
    const column = columns.get(place++);
    return column === undefined ? value : rows[row][column];
  });
  return { text: own, names };
}

const fields: Check<SizedGraphs> = object<SizedGraphs>({
  classes: list(
    object<GraphClass>({ text, names: list(text), changing: list(pair), rows: list(list(count)) }),
  ),
  at: list(pair),
});

/** Throws FILE_CORRUPT unless there is a text for each of so many sizes. */
export const checkSizedGraphs =
  (sizes: number): Check<SizedGraphs> =>
  (value, path) => {
    const graphs = fields(value, path);
    same(graphs.at.length, sizes, 'wrong number of graphs', path);
    for (const { changing, rows } of graphs.classes) {
      const columns = changing.reduce((most, [, column]) => Math.max(most, column + 1), 0);
      for (const row of rows) same(row.length, columns, 'a row has another length', path);
    }
    for (const [group, row] of graphs.at)
      must(group < graphs.classes.length && row < graphs.classes[group].rows.length, 'there is no such graph', path); // prettier-ignore
    return graphs;
  };
