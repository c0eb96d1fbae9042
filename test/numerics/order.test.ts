/** Comparison, min, max and the functions of the sign, against JavaScript's own, which follow IEEE 754. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { preserveLang as s } from '../../src/numerics/js-lang.js';
import * as math from '../../src/numerics/math/index.js';
import { fuzz } from '../support/fuzz.js';
import { EDGE_F32, hostilePairF32 } from './hostile.js';

function check(a: number, b: number): void {
  expect(math.lt(s, a, b)).toBe(a < b);
  expect(math.le(s, a, b)).toBe(a <= b);
  expect(math.eq(s, a, b)).toBe(a === b);
  expect(math.min(s, a, b)).toBe(Math.min(a, b));
  expect(math.max(s, a, b)).toBe(Math.max(a, b));
  expect(math.abs(s, a)).toBe(Math.abs(a));
  expect(math.neg(s, a)).toBe(-a);
  expect(math.sign(s, a)).toBe(Math.sign(a));
}

test('order and sign agree with IEEE 754 on every pair of edge cases', () => {
  for (const a of EDGE_F32) for (const b of EDGE_F32) check(a, b);
});

test('order and sign agree with IEEE 754', () => {
  fc.assert(
    fc.property(hostilePairF32(), ([a, b]) => check(a, b)),
    fuzz(10_000),
  );
});

test('zeros have an order in min and max, but not in comparison', () => {
  expect(math.min(s, 0, -0)).toBe(-0);
  expect(math.max(s, -0, 0)).toBe(0);
  expect(math.lt(s, -0, 0)).toBe(false);
  expect(math.eq(s, -0, 0)).toBe(true);
});
