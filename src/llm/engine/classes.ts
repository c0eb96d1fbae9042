/**
 * Programs are compiled for classes of sizes: what is in between takes the next class. None of it shows in a bit.
 */

/** Tokens of one sequence that one step takes. */
export const TOKEN_CLASSES: readonly number[] = [1, 8, 64];
const MOST_TOKENS = 64;

/** The least capacity of a cache; the next ones are twice as large each. */
const LEAST_CAPACITY = 128;

/** How a text of `count` tokens is cut: whole chunks of the largest class, and the rest in one of the least that takes it. */
export function chunksOf(count: number): readonly number[] {
  const whole = Math.floor(count / MOST_TOKENS);
  const rest = count % MOST_TOKENS;
  const chunks = new Array<number>(whole).fill(MOST_TOKENS);
  return rest === 0 ? chunks : [...chunks, rest];
}

/** The least class that takes `count` tokens, of which there are at most as many as the largest class has. */
export const tokenClass = (count: number): number =>
  TOKEN_CLASSES.find((size) => size >= count) ?? MOST_TOKENS;

/** The capacity for `length` positions; never more than `most`, which holds them. */
export function capacityClass(length: number, most: number): number {
  let capacity = LEAST_CAPACITY;
  while (capacity < length) capacity *= 2;
  return Math.min(capacity, most);
}

/** A capacity that programs may have beside this one. */
export const otherCapacity = (capacity: number): number => 2 * capacity;

/** Sequences that one step takes together. */
const MOST_SEQUENCES = 8;

/** The greatest class that `waiting` sequences fill: 0, 1, 2, 4 or 8. */
export const batchClass = (waiting: number): number =>
  waiting === 0 ? 0 : Math.min(MOST_SEQUENCES, 2 ** Math.floor(Math.log2(waiting)));
