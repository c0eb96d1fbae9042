import fc from 'fast-check';
import { expect, test } from 'vitest';
import { IntervalTree, type Interval } from '../../../src/passes/memory/intervals.js';
import { fuzz } from '../../support/fuzz.js';

const interval: fc.Arbitrary<Interval> = fc
  .record({ first: fc.integer({ min: -3, max: 40 }), steps: fc.nat(12) })
  .map(({ first, steps }) => ({ first, last: first + steps }));

test('finds those that share a number, each once', () => {
  fc.assert(
    fc.property(fc.array(interval), interval, (all, asked) => {
      const tree = new IntervalTree(-3, 52);
      for (const one of all) tree.add(one);
      const found = [...tree.meeting(asked)];
      const expected = all.filter(({ first, last }) => first <= asked.last && asked.first <= last);
      expect(new Set(found)).toEqual(new Set(expected));
      expect(found.length).toBe(expected.length);
    }),
    fuzz(300),
  );
});
