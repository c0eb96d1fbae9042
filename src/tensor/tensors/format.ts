/**
 * Tensors as text, as NumPy's array2string has arrays, with these differences: bools are JavaScript's words, long lines are
 * not broken, and what is not f32 is followed by its type.
 */
import { greatest } from '../../base/values.js';
import type { DType } from '../../base/dtype.js';
import { formatFloats, isFloatDType } from './decimals.js';

/** From so many elements on, only the ends of each axis are shown. */
const SUMMARY_THRESHOLD = 1000;
const EDGE = 3;

/** Elements, or empty lists, that are printed at most: many axes have ends of ends of ends. */
const MOST_SHOWN = 10_000;

/** `[[1, 2], [3, 4]]` over several lines, with the dtype and shape below where they do not go without saying. */
export function formatTensor(dtype: DType, own: readonly number[], values: ArrayLike<number>): string {
  const size = own.reduce((n, extent) => n * extent, 1);
  const lists = own.reduce(
    (n, extent) => n * Math.max(1, indices(extent, size > SUMMARY_THRESHOLD).length),
    1,
  );
  // One axis in place of all of them; the type tells.
  const shape = lists <= MOST_SHOWN ? own : [size];
  const shown = visible(shape, size > SUMMARY_THRESHOLD);
  const texts = format(
    dtype,
    shown.map((at) => values[at]),
  );
  const width = greatest(
    texts.map((text) => text.length),
    0,
  );
  const cells = new Map(shown.map((at, i) => [at, texts[i].padStart(width)]));
  const lines = print(shape, 0, 0, size > SUMMARY_THRESHOLD, cells);
  const type = dtype === 'f32' && size > 0 && shape === own ? '' : `, ${dtype}[${own.join(',')}]`;
  return `${lines}${type}`;
}

/** Places of the elements that are printed. */
function visible(shape: readonly number[], summary: boolean): number[] {
  let places = [0];
  shape.forEach((extent) => {
    places = places.flatMap((place) => indices(extent, summary).map((i) => place * extent + (i ?? 0)));
  });
  return shape.includes(0) ? [] : [...new Set(places)];
}

/** The indices of an axis that are printed; undefined stands for those that are left out. */
function indices(extent: number, summary: boolean): (number | undefined)[] {
  if (!summary || extent <= 2 * EDGE) return Array.from({ length: extent }, (_, i) => i);
  const low = Array.from({ length: EDGE }, (_, i) => i);
  return [...low, undefined, ...low.map((i) => extent - EDGE + i)];
}

function print(
  shape: readonly number[],
  axis: number,
  place: number,
  summary: boolean,
  cells: ReadonlyMap<number, string>,
): string {
  if (axis === shape.length) return cells.get(place) ?? '';
  const parts = indices(shape[axis], summary).map((i) =>
    i === undefined ? '...' : print(shape, axis + 1, place * shape[axis] + i, summary, cells),
  );
  const gap =
    axis === shape.length - 1 ? ' ' : `${'\n'.repeat(shape.length - 1 - axis)}${' '.repeat(axis + 1)}`;
  return `[${parts.join(gap)}]`;
}

function format(dtype: DType, values: readonly number[]): string[] {
  if (dtype === 'bool') return values.map((value) => (value === 0 ? 'false' : 'true'));
  return isFloatDType(dtype) ? formatFloats(dtype, values) : values.map(String);
}
