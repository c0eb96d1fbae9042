import fc from 'fast-check';
import { expect, test } from 'vitest';
import { f32Bits, f32FromBits, isNaNBits } from '../../src/numerics/bits.js';
import { preserveLang } from '../../src/numerics/js-lang.js';
import * as definition from '../../src/numerics/math/half.js';
import { fromHalf, toHalf } from '../../src/runtime/half.js';

const WORDS = Array.from({ length: 1 << 16 }, (_, half) => half);

/** NaNs are all one. */
const word = (x: number): number => (Number.isNaN(x) ? 0x7fc00000 : f32Bits(x));

test('every f16 is the number that kernels take it for', () => {
  expect(WORDS.map((half) => word(fromHalf(half)))).toEqual(
    WORDS.map((half) => word(definition.fromHalf(preserveLang, half))),
  );
});

test('numbers become the f16 that kernels make of them', () => {
  const isSame = (pattern: number): boolean => {
    const x = f32FromBits(pattern);
    const [expected, found] = [definition.toHalf(preserveLang, x), toHalf(x)];
    return isNaNBits(pattern) ? (found & 0x7fff) === (expected & 0x7fff) : found === expected;
  };
  // Every f16, halfway to the next one, and what is next to that.
  const edges = WORDS.flatMap((half) => {
    const pattern = f32Bits(definition.fromHalf(preserveLang, half));
    return [0, 0x1000, 0x0fff, 0x1001, -1, 1].map((by) => pattern + by);
  });
  expect(edges.filter((pattern) => !isSame(pattern))).toEqual([]);
  fc.assert(fc.property(fc.integer(), isSame));
});
