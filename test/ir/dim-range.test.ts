/** Ranges of sizes: every question has the answer of a list of the sizes. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { countOf, describeRange, isInRange, sizeFrom } from '../../src/ir/dim-range.js';

const ranges = fc
  .record({ min: fc.nat(20), more: fc.nat(40), step: fc.integer({ min: 1, max: 9 }) })
  .map(({ min, more, step }) => ({ min, max: min + more, step }));

test('a range is its sizes', () => {
  fc.assert(
    fc.property(ranges, fc.nat(80), (range, size) => {
      const sizes: number[] = [];
      for (let each = range.min; each <= range.max; each += range.step) sizes.push(each);
      expect(countOf(range)).toBe(sizes.length);
      expect(isInRange(range, size)).toBe(sizes.includes(size));
      expect(sizeFrom(range, size)).toBe(sizes.find((each) => each >= size) ?? sizes.at(-1));
    }),
  );
});

test('ranges without a step or an end', () => {
  expect(isInRange({ min: 2, max: Infinity }, 7)).toBe(true);
  expect(sizeFrom({ min: 32, max: Infinity, step: 32 }, 33)).toBe(64);
  expect([describeRange({ min: 1, max: 4 }), describeRange({ min: 32, max: 96, step: 32 })]).toEqual([
    '1 to 4',
    '32 to 96 in steps of 32',
  ]);
});
