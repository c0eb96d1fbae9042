/** The name of a set of tasks does not depend on the order in which they came. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { nameOf, NO_TASKS, unionName } from '../../../src/passes/memory/set-name.js';
import { fuzz } from '../../support/fuzz.js';

const nameOfSet = (tasks: readonly number[]): number => tasks.map(nameOf).reduce(unionName, NO_TASKS);

const orders = fc
  .uniqueArray(fc.nat(8191), { maxLength: 60, size: 'max' })
  .chain((tasks) => fc.tuple(fc.constant(tasks), fc.shuffledSubarray(tasks, { minLength: tasks.length })));

test('in whatever order', () => {
  fc.assert(
    fc.property(orders, ([tasks, shuffled]) => {
      expect(nameOfSet(shuffled)).toBe(nameOfSet(tasks));
    }),
    fuzz(500),
  );
});

test('sums that would be rounded above 2^53', () => {
  const forwards = nameOfSet([0, 1, 4, 8]);
  expect(nameOfSet([8, 4, 1, 0])).toBe(forwards);
  expect(Number.isSafeInteger(forwards)).toBe(true);
});

test('sets that differ have other names', () => {
  const names = new Set<number>();
  for (let a = 0; a < 300; a++) for (let b = 0; b <= a; b++) names.add(nameOfSet(a === b ? [a] : [a, b]));
  expect(names.size).toBe((300 * 301) / 2);
});

test('names are below 2^52, so that two of them have an exact sum', () => {
  for (let task = 0; task < 10_000; task++) expect(nameOf(task)).toBeLessThan(2 ** 52);
});
