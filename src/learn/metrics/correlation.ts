/** How columns of numbers go together: Pearson's and Spearman's coefficients, of pairs and as matrices. */
import { checkArguments } from '../../base/arguments.js';
import { ensure } from '../../base/errors.js';
import { kind, required } from '../../base/kinds.js';
import { isListOf } from '../../base/values.js';
import { checkPair, isNumbers, numbersKind, type Numbers } from './arguments.js';

export interface ColumnSummary {
  readonly mean: number;
  /** Of the population: the sum of squares divided by the number of samples. */
  readonly deviation: number;
  readonly min: number;
  readonly max: number;
}

export interface Correlation {
  readonly samples: number;
  /** `matrix[a][b]`: the coefficient of columns a and b. */
  readonly matrix: readonly (readonly number[])[];
  readonly columns: readonly ColumnSummary[];
}

/**
 * Pearson's coefficient, from -1 to 1: the covariance divided by both standard deviations. 0 where a column is constant, and
 * NaN where one has a value that is not finite. Throws USAGE, SHAPE_MISMATCH.
 */
export function pearson(x: Numbers, y: Numbers): number {
  checkPair('metrics.pearson', { x, y });
  return coefficient(centred(x), centred(y));
}

/** Spearman's coefficient: Pearson's of the ranks, where equal values share the mean of their ranks. NaN has no rank. */
export function spearman(x: Numbers, y: Numbers): number {
  checkPair('metrics.spearman', { x, y });
  return coefficient(centred(ranks(x)), centred(ranks(y)));
}

const columnsKind = required(
  kind('a list of columns, each a list of numbers', (value) => isListOf(value, isNumbers)),
);
const methodKind = kind('"pearson" or "spearman"', (value) => value === 'pearson' || value === 'spearman');

/** The matrix over columns of one length. Throws USAGE, and SHAPE_MISMATCH where they differ in length or are empty. */
export function correlation(
  columns: readonly Numbers[],
  method: 'pearson' | 'spearman' = 'pearson',
): Correlation {
  checkArguments('metrics.correlation', { columns, method }, { columns: columnsKind, method: methodKind });
  ensure(columns.length > 0, 'SHAPE_MISMATCH', 'there are no columns', () => ({
    where: 'metrics.correlation',
    found: 'an empty list',
    expected: 'at least one column',
  }));
  for (const column of columns) checkPair('metrics.correlation', { 'the first column': columns[0], another: column }); // prettier-ignore
  const spreads = columns.map((column) => centred(method === 'pearson' ? column : ranks(column)));
  const matrix = spreads.map((a, i) =>
    spreads.map((b, j) => (i < j ? coefficient(a, b) : coefficient(b, a))),
  );
  return { samples: columns[0].length, matrix, columns: columns.map(summary) };
}

/** Rank of each value, from 1; equal values share the mean of theirs, and with a NaN among them all are NaN. Throws USAGE. */
export function ranks(values: Numbers): Float64Array {
  checkArguments('metrics.ranks', { values }, { values: numbersKind });
  const order = Array.from({ length: values.length }, (_, i) => i);
  order.sort((a, b) => values[a] - values[b]);
  const result = new Float64Array(values.length);
  if (order.some((i) => Number.isNaN(values[i]))) return result.fill(NaN);
  for (let from = 0; from < order.length;) {
    let to = from + 1;
    while (to < order.length && values[order[to]] === values[order[from]]) to++;
    // Ranks from + 1 to `to`.
    for (let k = from; k < to; k++) result[order[k]] = (from + 1 + to) / 2;
    from = to;
  }
  return result;
}

interface Centred {
  /** Each value less the mean. */
  readonly values: Float64Array;
  /** The sum of squares of them. */
  readonly squares: number;
}

function centred(values: Numbers): Centred {
  const mean = meanOf(values);
  const differences = Float64Array.from({ length: values.length }, (_, i) => values[i] - mean);
  return { values: differences, squares: product(differences, differences) };
}

function coefficient(a: Centred, b: Centred): number {
  if (Number.isNaN(a.squares + b.squares)) return NaN;
  if (isConstant(a) || isConstant(b)) return 0;
  return Math.max(-1, Math.min(1, product(a.values, b.values) / Math.sqrt(a.squares * b.squares)));
}

/** A rounded mean leaves equal differences that are not zero. */
const isConstant = ({ values }: Centred): boolean => values.every((value) => value === values[0]);

function product(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}

function meanOf(values: Numbers): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i];
  return sum / values.length;
}

function summary(values: Numbers): ColumnSummary {
  let [min, max] = [Infinity, -Infinity];
  for (let i = 0; i < values.length; i++) [min, max] = [Math.min(min, values[i]), Math.max(max, values[i])];
  return { mean: meanOf(values), deviation: Math.sqrt(centred(values).squares / values.length), min, max };
}
