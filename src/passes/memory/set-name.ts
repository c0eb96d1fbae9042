/**
 * Names of sets of tasks: the sum of a number without pattern for each task. The numbers are below 2^52 and sums are modulo
 * 2^52, so that no sum is rounded: a set has one name, in whatever order its tasks have come.
 */
const MODULUS = 2 ** 52;

/** The name of the set without tasks. */
export const NO_TASKS = 0;

/** The name of the set of `task` alone. */
export function nameOf(task: number): number {
  let h = Math.imul(task + 1, 0x9e3779b1);
  h = Math.imul(h ^ (h >>> 15), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return ((h ^ (h >>> 16)) >>> 0) + ((Math.imul(h, 0x27d4eb2f) >>> 12) & 0xfffff) * 2 ** 32;
}

/** The name of the union of two sets that share no task. */
export function unionName(a: number, b: number): number {
  const sum = a + b;
  return sum < MODULUS ? sum : sum - MODULUS;
}
