/** Sizes for free dimensions where nobody says any, such as for random data. */
import { HeddleError } from '../base/errors.js';
import type { DimBindings } from './dim.js';
import { sizeFrom } from './dim-range.js';
import type { FreeDims, Program } from './graph.js';
import { bindSizes, describeSizes } from './sizes.js';
import { sizeOf } from './types.js';

/** Sizes that are tried, the least first: models halve pictures and cut signals into frames, so powers of two are among them. */
const SIZES: readonly number[] = [
  ...[1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 224, 256, 320, 384, 512, 640, 768, 1024],
  ...[1280, 1536, 2048, 3072, 4096, 8192, 16_384, 32_768, 65_536],
];

/**
 * Small sizes of all free dimensions that the arithmetic of the program takes, and that leave no output empty: 1 where that will
 * do. First one size for all dimensions is looked for, then each is made smaller while the others stay. Throws what the program
 * says of the least ones where it takes none.
 */
export function leastSizes(free: FreeDims): DimBindings {
  const isTaken = (sizes: DimBindings): boolean => {
    try {
      return hasElements(bindSizes(free, sizes));
    } catch (error) {
      if (error instanceof HeddleError) return false;
      throw error;
    }
  };
  const all = SIZES.map((size) =>
    Object.fromEntries(free.symbols.map((name) => [name, within(free, name, size)])),
  );
  const start = all.find(isTaken);
  if (start === undefined) throw refusal(free, all[0]);
  return free.symbols.reduce<DimBindings>((sizes, name) => {
    const smaller = SIZES.map((size) => within(free, name, size)).filter((size) => size < sizes[name]);
    const found = smaller.find((size) => isTaken({ ...sizes, [name]: size }));
    return found === undefined ? sizes : { ...sizes, [name]: found };
  }, start);
}

const hasElements = ({ graph }: Program): boolean =>
  graph.outputs.every(({ value }) => sizeOf(graph.nodes[value].type) > 0);

/** `size`, or the next one that the range of the dimension has. */
function within({ ranges }: FreeDims, name: string, size: number): number {
  const range = Object.hasOwn(ranges, name) ? ranges[name] : undefined;
  return range === undefined ? size : sizeFrom(range, size);
}

/** Why no sizes were found, in the words of the program for `sizes`. */
function refusal(free: FreeDims, sizes: DimBindings): unknown {
  try {
    bindSizes(free, sizes);
  } catch (error) {
    return error;
  }
  return new HeddleError('DIM_UNBOUND', 'no sizes were found that leave no output empty', {
    found: describeSizes(free, sizes),
    hint: 'give their values: --dim name=value',
  });
}
