/**
 * Graphs of one program for several sizes, as a bundle holds them for tools beside the plans: texts that differ in numbers only are
 * one, with the numbers of each. The loader does not read them.
 */
import { count, list, must, object, same, text, type Check } from '../base/fields.js';
import { checkRows, numbersOf, pair, withNumbers, type Varying } from './varying.js';

/** Graphs whose texts differ in numbers only. */
export interface GraphClass extends Varying {
  /** The text of the first of them. */
  readonly text: string;
  /** Where its nodes come from: a name for each of them, '' for none. */
  readonly names: readonly string[];
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
  const { text, names, ...varying } = classes[group];
  return { text: textWith(text, numbersOf(varying, row)), names };
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
    for (const varying of graphs.classes) checkRows(varying, path);
    for (const [group, row] of graphs.at)
      must(group < graphs.classes.length && row < graphs.classes[group].rows.length, 'there is no such graph', path); // prettier-ignore
    return graphs;
  };
