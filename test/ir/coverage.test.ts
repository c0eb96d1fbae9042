import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { coversAll, coversElement, type SlidingAxis } from '../../src/ir/coverage.js';

const axes: fc.Arbitrary<SlidingAxis> = fc.record({
  extent: fc.nat(7),
  results: fc.nat(40),
  window: fc.integer({ min: 1, max: 9 }),
  stride: fc.integer({ min: 1, max: 12 }),
  dilation: fc.integer({ min: 1, max: 12 }),
  padLow: fc.integer({ min: -20, max: 40 }),
  spacing: fc.integer({ min: 1, max: 12 }),
});

/** The definition: a tap reads a position at which an element stands. */
const covers = (
  { extent, window, stride, dilation, padLow, spacing }: SlidingAxis,
  result: number,
): boolean =>
  Array.from({ length: window }, (_, tap) => result * stride + tap * dilation - padLow).some(
    (position) => position >= 0 && position % spacing === 0 && position / spacing < extent,
  );

describe('coverage is its definition', () => {
  test('of every result, and of all of them', () => {
    fc.assert(
      fc.property(axes, (axis) => {
        const covered = Array.from({ length: axis.results }, (_, result) => covers(axis, result));
        expect(covered.map((_, result) => coversElement(axis, result))).toEqual(covered);
        expect(coversAll(axis)).toBe(covered.every(Boolean));
      }),
      { numRuns: 5000 },
    );
  });

  test('where all are covered, which is rare by chance', () => {
    let found = 0;
    for (const extent of [1, 2, 5])
      for (const spacing of [1, 2, 3, 4, 6])
        for (const dilation of [1, 2, 3, 4, 6])
          for (const stride of [1, 2, 3, 4, 6, 12])
            for (const window of [1, 2, 3, 6, 12])
              for (const padLow of [0, 1, 2, 6])
                for (const results of [1, 2, 5, 13]) {
                  const axis = { extent, results, window, stride, dilation, padLow, spacing };
                  const all = Array.from({ length: results }, (_, i) => covers(axis, i)).every(Boolean);
                  if (coversAll(axis) !== all) expect(axis).toBe(all);
                  if (all) found++;
                }
    expect(found).toBeGreaterThan(1000);
  });
});

describe('coverage takes no time that grows with the numbers', () => {
  const axis = (given: Partial<SlidingAxis>): SlidingAxis => ({
    extent: 2,
    results: 2e7,
    window: 1e7,
    stride: 1,
    dilation: 1,
    padLow: 1e7 - 1,
    spacing: 1e7,
    ...given,
  });

  test.each([
    ['a transposed convolution of a great stride', axis({}), true],
    ['its kernel is one too short', axis({ window: 1e7 - 1 }), false],
    ['taps farther apart than the operand is wide', axis({ spacing: 1, window: 100, dilation: 1e6, stride: 1e6, padLow: 99e6, results: 100 }), true], // prettier-ignore
    ['and results that reach over it', axis({ spacing: 1, window: 2e7, dilation: 3, padLow: 2e7, results: 1e7 }), false], // prettier-ignore
    ['only every other tap reads no hole', axis({ extent: 1e7, spacing: 2, window: 3, padLow: 1 }), true],
  ] as const)('%s', (_, given, expected) => {
    const started = performance.now();
    for (let i = 0; i < 100; i++) expect(coversAll(given)).toBe(expected);
    expect(performance.now() - started).toBeLessThan(200);
  });

  test('of one result, where a product of residues is beyond 2^53', () => {
    const given = axis({
      extent: 1,
      spacing: 2 ** 31 - 1,
      dilation: 2 ** 30 + 1,
      window: 2 ** 31,
    });
    expect(coversElement({ ...given, padLow: (2 ** 30 + 1) * 1_234_567 }, 0)).toBe(true);
    expect(coversElement({ ...given, padLow: (2 ** 30 + 1) * 1_234_567 + 1 }, 0)).toBe(false);
  });
});
