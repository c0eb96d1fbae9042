/** f16 conversions: exhaustively where there are 65,536 cases, and against a scan of neighbours elsewhere. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { f32Bits, f32FromBits } from '../../src/numerics/bits.js';
import { preserveLang as s } from '../../src/numerics/js-lang.js';
import * as math from '../../src/numerics/math/index.js';
import { fuzz } from '../support/fuzz.js';
import { hostileF32 } from './hostile.js';

const toHalf = (x: number): number => math.toHalf(s, x);
const fromHalf = (half: number): number => math.fromHalf(s, half);
const roundF16 = (x: number): number => math.roundF16(s, x);

/** IEEE 754's definition of the value of an f16 pattern. */
function halfValue(half: number): number {
  const sign = half & 0x8000 ? -1 : 1;
  const [field, fraction] = [(half >> 10) & 31, half & 0x3ff];
  if (field === 31) return fraction === 0 ? sign * Infinity : NaN;
  return field === 0 ? sign * fraction * 2 ** -24 : sign * (1024 + fraction) * 2 ** (field - 25);
}

/** The halves from 0 to infinity, whose place holder 65536 makes overflow round like any other step. */
const MAGNITUDES = Array.from({ length: 0x7c00 }, (_, half) => halfValue(half)).concat(65536);

/** The nearest magnitude, the pattern with an even last bit winning ties, found by bisection. */
function nearestHalf(x: number): number {
  if (Number.isNaN(x)) return 0x7e00;
  const a = Math.min(Math.abs(x), 65536);
  let [low, high] = [0, 0x7c00];
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (MAGNITUDES[middle] <= a) low = middle;
    else high = middle;
  }
  const [below, above] = [a - MAGNITUDES[low], MAGNITUDES[high] - a];
  const nearest = below < above || (below === above && (low & 1) === 0) ? low : high;
  return nearest | (f32Bits(x) < 0 ? 0x8000 : 0);
}

describe('all 65,536 halves', () => {
  test('have the value that IEEE 754 defines', () => {
    for (let half = 0; half < 65536; half++) {
      if (!Object.is(fromHalf(half), halfValue(half))) expect.fail(`half ${half}`);
    }
  });

  test('survive the way to f32 and back', () => {
    for (let half = 0; half < 65536; half++) {
      const isNaN = (half & 0x7fff) > 0x7c00;
      if ((toHalf(fromHalf(half)) & 0x7fff) !== (isNaN ? 0x7e00 : half & 0x7fff)) expect.fail(`half ${half}`);
      if (!isNaN && toHalf(fromHalf(half)) !== half) expect.fail(`sign of half ${half}`);
    }
  });

  test('are where toHalf rounds to from every tie and its neighbours', () => {
    for (let half = 0; half < 0x7c00; half++) {
      const tie = f32Bits((MAGNITUDES[half] + MAGNITUDES[half + 1]) / 2);
      for (const pattern of [tie - 1, tie, tie + 1]) {
        for (const x of [f32FromBits(pattern), -f32FromBits(pattern)]) {
          if (toHalf(x) !== nearestHalf(x)) expect.fail(`toHalf(${x})`);
        }
      }
    }
  });
});

test('toHalf rounds to nearest even, and roundF16 to the value of that half', () => {
  fc.assert(
    fc.property(hostileF32(), (x) => {
      const ignoreNaNSign = Number.isNaN(x) ? 0x7fff : 0xffff;
      expect(toHalf(x) & ignoreNaNSign).toBe(nearestHalf(x) & ignoreNaNSign);
      expect(roundF16(x)).toBe(halfValue(nearestHalf(x)));
    }),
    fuzz(20_000),
  );
});
