/** The sizes that free dimensions have within ranges. */
import { HeddleError } from '../base/errors.js';
import { kind } from '../base/kinds.js';
import { countOf, describeRange } from './dim-range.js';
import type { DimBindings } from './dim.js';
import type { DimRange, FreeDims } from './graph.js';

/** Sizes that are compiled ahead of time, at most: all combinations of those of the dimensions. */
export const MAX_SIZES = 1024;

/** What says for which sizes to compile ahead: a size or a range for names of dimensions. */
export const DIMS_WITHIN = kind(
  'an object with a whole number for each name, or { min, max } with two of them, and step or not',
  (value) => typeof value === 'object' && value !== null && Object.values(value).every(isDim),
);

function isDim(value: unknown): boolean {
  const isExtent = (number: unknown): number is number => Number.isSafeInteger(number) && Number(number) >= 0;
  if (isExtent(value)) return true;
  const { min, max, step = 1 } = Object(value) as Partial<DimRange>;
  return isExtent(min) && isExtent(max) && min <= max && isExtent(step) && step > 0;
}

/** How whoever asks gives ranges, for hints. */
export type RangesAsGiven = (ranges: Readonly<Record<string, DimRange>>) => string;

/** `dims: { width: { min: 1, max: 8 } }` */
const asOption: RangesAsGiven = (ranges) => {
  const entries = Object.entries(ranges).map(([name, range]) => {
    const numbers = Object.entries(range).map(([key, value]) => `${key}: ${value}`);
    return `${/^[A-Za-z_$][\w$]*$/.test(name) ? name : JSON.stringify(name)}: { ${numbers.join(', ')} }`;
  });
  return `dims: { ${entries.join(', ')} }`;
};

/**
 * All combinations of sizes within `dims`, which go before the ranges that the program came with; the last dimension the fastest.
 * Throws ATTRIBUTE_INVALID for the name of none of them, DIM_UNBOUND where one has no range with an end, LIMIT_EXCEEDED for more than
 * {@link MAX_SIZES}. Hints say how `asGiven` gives a range.
 */
export function sizesWithin(
  free: Omit<FreeDims, 'bind'>,
  dims: Readonly<Record<string, number | DimRange>>,
  asGiven = asOption,
): readonly DimBindings[] {
  const unknown = Object.keys(dims).find((name) => !free.symbols.includes(name));
  if (unknown !== undefined)
    throw new HeddleError('ATTRIBUTE_INVALID', 'the program has no dimension of that name', {
      found: unknown,
      expected:
        free.symbols.length === 0 ? 'none: all shapes are numbers' : `one of ${free.symbols.join(', ')}`,
    });
  const ranges = free.symbols.map((name): DimRange | undefined => {
    const own = Object.hasOwn(free.ranges, name) ? free.ranges[name] : undefined;
    const dim = Object.hasOwn(dims, name) ? dims[name] : own;
    const range = typeof dim === 'number' ? { min: dim, max: dim } : dim;
    if (own !== undefined && range !== undefined && (range.min < own.min || range.max > own.max))
      throw new HeddleError('ATTRIBUTE_INVALID', 'the program is not made for all of these sizes', {
        found: `${name} from ${describeRange(range)}`,
        expected: `within ${describeRange(own)}`,
      });
    return range?.max === Infinity ? undefined : range;
  });
  const unbound = free.symbols.filter((_, i) => ranges[i] === undefined);
  if (unbound.length > 0)
    throw new HeddleError('DIM_UNBOUND', 'dimensions have no range to compile for', {
      found: unbound.join(', '),
      expected: 'a size, or a range with an end, for each',
      hint: asGiven(Object.fromEntries(unbound.map((name) => [name, { min: 1, max: 8 }]))),
    });
  const known = ranges.map((range) => range!);
  const count = known.reduce((product, range) => product * countOf(range), 1);
  if (count > MAX_SIZES)
    throw new HeddleError('LIMIT_EXCEEDED', 'the ranges have too many sizes', {
      found: `${count}: ${free.symbols.map((name, i) => `${name} from ${describeRange(known[i])}`).join(', ')}`,
      expected: `at most ${MAX_SIZES} combinations`,
      hint: `a step leaves sizes out: ${asGiven({ [free.symbols[0]]: { min: 32, max: 320, step: 32 } })}`,
    });
  return free.symbols.reduce<readonly DimBindings[]>(
    (all, name, i) =>
      all.flatMap((each) =>
        Array.from({ length: countOf(known[i]) }, (_, k) => ({
          ...each,
          [name]: known[i].min + k * (known[i].step ?? 1),
        })),
      ),
    [{}],
  );
}
