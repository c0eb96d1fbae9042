/** Offsets in the arena: nothing that lives at one time overlaps, and the bound is what it says. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { BINDING_ALIGNMENT } from '../../../src/base/tensor.js';
import { largestLiveSet, layoutArena } from '../../../src/passes/memory/arena.js';
import type { Allocation } from '../../../src/passes/memory/buffer-assignment.js';
import { fuzz } from '../../support/fuzz.js';

const allocations: fc.Arbitrary<readonly Allocation[]> = fc
  .array(fc.record({ bytes: fc.nat(1000), first: fc.integer({ min: -1, max: 20 }), steps: fc.nat(8) }), {
    maxLength: 24,
    size: 'max',
  })
  .map((made) => made.map(({ bytes, first, steps }, root) => ({ root, bytes, first, last: first + steps })));

test('the largest live set is that of the step with the most bytes', () => {
  fc.assert(
    fc.property(allocations, (given) => {
      const bytesAt = (step: number): number =>
        given.reduce((sum, { bytes, first, last }) => (first <= step && step <= last ? sum + bytes : sum), 0);
      const { lowerBound, peakStep } = largestLiveSet(given);
      expect(lowerBound).toBe(Math.max(0, ...given.map(({ first }) => bytesAt(first))));
      expect(bytesAt(peakStep)).toBeGreaterThanOrEqual(lowerBound);
    }),
    fuzz(300),
  );
});

test('what lives at one time lies apart, aligned, and inside', () => {
  fc.assert(
    fc.property(allocations, (given) => {
      const { offsets, bytes, lowerBound } = layoutArena(given);
      expect(bytes).toBeGreaterThanOrEqual(lowerBound);
      const places = given.map((a) => ({ ...a, start: offsets.get(a.root)!, end: offsets.get(a.root)! + a.bytes })); // prettier-ignore
      places.forEach((a, i) => {
        expect(a.start % BINDING_ALIGNMENT).toBe(0);
        expect(a.end).toBeLessThanOrEqual(bytes);
        for (const b of places.slice(0, i)) {
          const together = a.first <= b.last && b.first <= a.last;
          if (together) expect(a.end <= b.start || b.end <= a.start).toBe(true);
        }
      });
    }),
    fuzz(300),
  );
});

test('a chain of twice the length takes about twice the time', () => {
  const chain = (count: number): Allocation[] =>
    Array.from({ length: count }, (_, i) => ({ root: i, bytes: 4 * (1 + (i % 7)), first: i, last: i + 1 }));
  const seconds = (count: number): number => {
    const before = process.cpuUsage();
    layoutArena(chain(count));
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1e6;
  };
  seconds(1000);
  // Quadratic work would take 64 times as long, and minutes.
  expect(seconds(80_000)).toBeLessThan(Math.max(1, 24 * seconds(10_000)));
});
