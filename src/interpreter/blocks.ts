/** Contractions whose block sums are the result: one product for each block of terms. */
import { DOT_BLOCK } from '../ir/accumulation.js';
import type { Lanes } from './lanes.js';

/** A range of terms that one product sums, and its place among the results. */
export interface TermRange {
  readonly number: number;
  readonly from: number;
  readonly to: number;
}

/** The ranges of `terms` terms: all of them in one, or block by block. */
export function termRanges(terms: number, split: boolean): TermRange[] {
  if (!split) return [{ number: 0, from: 0, to: terms }];
  return Array.from({ length: Math.ceil(terms / DOT_BLOCK) }, (_, number) => {
    const from = number * DOT_BLOCK;
    return { number, from, to: Math.min(from + DOT_BLOCK, terms) };
  });
}

/** The columns of a range in a matrix of `width` columns. */
export function columnsOf(matrix: Lanes, width: number, { from, to }: TermRange): Lanes {
  if (from === 0 && to === width) return matrix;
  const rows = matrix.length / width;
  const columns = matrix.slice(0, rows * (to - from));
  for (let row = 0; row < rows; row++)
    columns.set(matrix.subarray(row * width + from, row * width + to), row * (to - from));
  return columns;
}
