/** Tables for people, and numbers. */
import Table from 'cli-table3';
import pc from 'picocolors';
import { printable } from '../../base/printable.js';

export { bytes, duration, integer, counted, element } from './numbers.js';

export const heading = (text: string): string => pc.bold(printable(text));

/** Lines under a heading. */
export const indented = (text: string, by = '  '): string => text.replaceAll(/^(?=.)/gm, by);

const NO_BORDER = {
  top: '', 'top-mid': '', 'top-left': '', 'top-right': '', bottom: '', 'bottom-mid': '', 'bottom-left': '', 'bottom-right': '',
  left: '', 'left-mid': '', mid: '', 'mid-mid': '', right: '', 'right-mid': '', middle: '  ',
} as const; // prettier-ignore

/** A cell of a table: text of any origin, or text of this program with its looks. */
export type Cell = string | { readonly styled: string };

/** Rows in columns, indented; numbers (columns named in `right`) flush right. */
export function table(
  rows: readonly (readonly Cell[])[],
  head?: readonly string[],
  right: readonly number[] = [],
): string {
  const columns = head?.length ?? rows[0]?.length ?? 0;
  const grid = new Table({
    chars: NO_BORDER,
    style: { 'padding-left': 0, 'padding-right': 0, head: [], border: [] },
    colAligns: Array.from({ length: columns }, (_, i) => (right.includes(i) ? 'right' : 'left')),
  });
  if (head !== undefined) grid.push(head.map((text) => pc.dim(text)));
  for (const row of rows)
    grid.push(row.map((cell) => (typeof cell === 'string' ? printable(cell) : cell.styled)));
  const lines = grid
    .toString()
    .split('\n')
    .map((line) => line.trimEnd());
  return indented(lines.join('\n'));
}

/** Facts, one a line, the names in a column. */
export const facts = (rows: readonly (readonly [string, string])[]): string =>
  table(rows.map(([name, value]) => [{ styled: pc.dim(printable(name)) }, value]));
