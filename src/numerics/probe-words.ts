/** Deterministic operands for the probe, as f32 patterns: special values, ordinary numbers and arbitrary bits. */

/** Pseudo-random words (Marsaglia's xorshift32), the same on every machine. `seed` must not be 0. */
export function randomWords(seed: number, count: number): Uint32Array {
  let state = seed;
  return new Uint32Array(count).map(() => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state;
  });
}

/** Random words with the exponents of numbers from 1/32 to 32 and random signs: where rewrites show in most results. */
export function ordinaryWords(seed: number, count: number): Uint32Array {
  return randomWords(seed, count).map((word, i) => ((word & 0x807fffff) | ((122 + (i % 10)) << 23)) >>> 0);
}

/** Zeros, ones, infinities, NaN, the ends of the normal range, subnormals, and an ordinary number. */
export const SPECIAL_WORDS: readonly number[] = [
  0x00000000, 0x80000000, 0x3f800000, 0xbf800000, 0x7f800000, 0xff800000, 0x7fc00000, 0x7f7fffff, 0x00800000,
  0x80800000, 0x807fffff, 0x40490fdb,
];

/**
 * Operands around the subnormals. 0x00ffffff * 0.5 and 0x00800000 * 0x3f7fffff tell a device that flushes before rounding
 * to the subnormal grid from one that would flush after it.
 */
export const SUBNORMAL_WORDS: readonly number[] = [
  0x00000001, 0x80000001, 0x00400000, 0x007fffff, 0x807fffff, 0x00800000, 0x80800000, 0x00800001, 0x80800001,
  0x00ffffff, 0x80ffffff, 0x01000000, 0x3f000000, 0x3f7fffff, 0x3f800000, 0x40000000, 0x1f800000, 0x5f000000,
];

/** Operands where integer operations have their edges. */
export const INTEGER_WORDS: readonly number[] = [
  0, 1, 2, 7, 31, 32, 33, 0x00ffffff, 0x01000001, 0x7fffffff, 0x80000000, 0x80000001, 0xfffffff9, 0xffffffff,
];
