/** Numbers and tables for people. */
import Table from 'cli-table3';
import pc from 'picocolors';
import { printable } from '../../base/printable.js';

/** `1.50 MiB`, `300 B` */
export function bytes(count: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB'];
  let [value, unit] = [count, 0];
  while (value >= 1024 && unit < units.length - 1) [value, unit] = [value / 1024, unit + 1];
  return `${unit === 0 ? value : value.toFixed(value < 10 ? 2 : value < 100 ? 1 : 0)} ${units[unit]}`;
}

/** `0.42 ms`, `12.3 ms`, `1.50 s` */
export function duration(ms: number): string {
  if (ms >= 1000) return `${(ms / 1000).toFixed(ms < 10_000 ? 2 : 1)} s`;
  return `${ms.toFixed(ms < 1 ? 2 : ms < 100 ? 1 : 0)} ms`;
}

/** `12,345` */
export const integer = (value: number): string => value.toLocaleString('en-US');

/** `1 kernel`, `2 kernels` */
export const counted = (count: number, noun: string): string =>
  `${integer(count)} ${noun}${count === 1 ? '' : 's'}`;

/** A number of a tensor: integers of 32 bits as they are, others in seven significant digits, as many as f32 has. */
export function element(value: number): string {
  if (Number.isInteger(value) && Math.abs(value) < 1e10) return Object.is(value, -0) ? '-0' : String(value);
  if (!Number.isFinite(value)) return String(value);
  return String(Number(value.toPrecision(7)));
}

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
