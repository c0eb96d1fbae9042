/** Rounding to integers, integer conversions and the remainder, against JavaScript's exact arithmetic. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MIN_SUBNORMAL } from '../../src/numerics/bits.js';
import { preserveLang as s } from '../../src/numerics/js-lang.js';
import * as math from '../../src/numerics/math/index.js';
import { fuzz } from '../support/fuzz.js';
import { EDGE_F32, hostileF32, hostileI32, hostilePairF32 } from './hostile.js';

/** To the nearest integer, ties to even: any f32 of 2^23 or more is an integer, and below x + 0.5 is exact. */
function nearestEven(x: number): number {
  if (!(Math.abs(x) < 2 ** 23)) return x;
  const up = Math.floor(x + 0.5);
  const rounded = up - x === 0.5 && up % 2 !== 0 ? up - 1 : up;
  return rounded === 0 ? x * 0 : rounded;
}

function saturated(x: number, low: number, high: number): number {
  return Number.isNaN(x) ? 0 : Math.min(Math.max(Math.trunc(x), low), high);
}

function checkUnary(x: number): void {
  expect(math.floor(s, x)).toBe(Math.floor(x));
  expect(math.ceil(s, x)).toBe(Math.ceil(x));
  expect(math.trunc(s, x)).toBe(Math.trunc(x));
  expect(math.roundEven(s, x)).toBe(nearestEven(x));
  expect(math.f32ToI32(s, x)).toBe(saturated(x, -(2 ** 31), 2 ** 31 - 1) | 0);
  expect(math.f32ToU32(s, x) >>> 0).toBe(saturated(x, 0, 2 ** 32 - 1) >>> 0);
}

describe('rounding to integers', () => {
  test('agrees with JavaScript on all edge cases', () => {
    EDGE_F32.forEach(checkUnary);
    for (let n = -70_000; n <= 70_000; n++) {
      if (!Object.is(math.roundEven(s, n / 8), nearestEven(n / 8))) expect.fail(`roundEven(${n / 8})`);
    }
  });

  test('agrees with JavaScript', () => {
    fc.assert(fc.property(hostileF32(), checkUnary), fuzz(10_000));
  });

  test('keeps the sign of zero and does not lose subnormals', () => {
    expect(math.ceil(s, -0.5)).toBe(-0);
    expect(math.roundEven(s, -0.5)).toBe(-0);
    expect(math.trunc(s, -0.9)).toBe(-0);
    expect(math.ceil(s, MIN_SUBNORMAL)).toBe(1);
    expect(math.floor(s, -MIN_SUBNORMAL)).toBe(-1);
  });
});

test('integers convert to the nearest float', () => {
  fc.assert(
    fc.property(hostileI32(), (v) => {
      expect(math.i32ToF32(s, v)).toBe(Math.fround(v));
      expect(math.u32ToF32(s, v)).toBe(Math.fround(v >>> 0));
    }),
    fuzz(10_000),
  );
});

describe('rem', () => {
  test('is C’s fmod on every pair of edge cases', () => {
    for (const a of EDGE_F32) for (const b of EDGE_F32) expect(math.rem(s, a, b), `${a} % ${b}`).toBe(a % b);
  });

  test('is C’s fmod', () => {
    fc.assert(
      fc.property(hostilePairF32(), ([a, b]) => {
        expect(math.rem(s, a, b)).toBe(a % b);
      }),
      fuzz(10_000),
    );
  });
});
