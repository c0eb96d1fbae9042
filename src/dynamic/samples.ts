/** The same program for other sizes, which shows what depends on them. */
import { HeddleError } from '../base/errors.js';
import type { DimBindings } from '../ir/dim.js';
import type { FreeDims, Program } from '../ir/graph.js';

/**
 * Other sizes of dimension number `i`. Sizes nearby have kernels of the same structure; they are as often even, since a program may
 * halve a dimension. A multiple is a power of two where the size is one. Dimensions grow by different amounts, so that those
 * which are equal now are told apart.
 */
const OTHERS: readonly ((size: number, i: number) => number)[] = [
  (size, i) => size + (1 + i) * stepOf(size),
  (size, i) => size + (7 - (i % 5)) * stepOf(size),
  (size, i) => size * (i % 2 === 0 ? 2 : 4),
];

/** The largest power of two that divides the size; half of it where that is all of it. */
function stepOf(size: number): number {
  let step = 1;
  while (size % (2 * step) === 0) step *= 2;
  return step === size ? step / 2 : step;
}

/**
 * Programs for other sizes. A size of 1 stays, since its axis has code of its own. None where the program takes none of them, or
 * all sizes are 0 or 1.
 */
export function samplesOf(free: FreeDims, sizes: DimBindings): readonly Program[] {
  if (Object.values(sizes).every((size) => size <= 1)) return [];
  return OTHERS.flatMap((other) => {
    const entries = Object.entries(sizes).map(([name, size], i) => [name, size <= 1 ? size : other(size, i)]);
    try {
      return [free.bind(Object.fromEntries(entries) as DimBindings)];
    } catch (error) {
      if (error instanceof HeddleError) return [];
      throw error;
    }
  });
}
