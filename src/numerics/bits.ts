/**
 * Bit patterns of f32 values.
 *
 * A pattern is carried as an **int32** everywhere (`x | 0`), never as a u32: V8 keeps int32 values unboxed, and
 * the sign bit of the float is then simply the sign of the pattern.
 */

const scratchF32 = new Float32Array(1);
const scratchI32 = new Int32Array(scratchF32.buffer);

/** The pattern of `x` rounded to f32, as an int32. The payload of a NaN is whatever the engine stores. */
export function f32Bits(x: number): number {
  scratchF32[0] = x;
  return scratchI32[0];
}

/** The f32 with the given pattern; only the low 32 bits of `pattern` count, so 0x80000000 and -2^31 are the same. */
export function f32FromBits(pattern: number): number {
  scratchI32[0] = pattern;
  return scratchF32[0];
}

export const SIGN_BIT = 0x80000000 | 0;
export const ABS_MASK = 0x7fffffff;
export const FRACTION_MASK = 0x007fffff;
/** The leading bit of a normal significand, which the pattern leaves out. Also the pattern of 2^-126. */
export const HIDDEN_BIT = 0x00800000;

export const INF_BITS = 0x7f800000;
/** The one NaN that Heddle's functions produce. NaNs compare equal to each other whatever their payload. */
export const QNAN_BITS = 0x7fc00000;
export const ONE_BITS = 0x3f800000;

/** 2^-126, the smallest normal f32. */
export const MIN_NORMAL = 1.1754943508222875e-38;
/** 2^-149, the smallest positive f32. */
export const MIN_SUBNORMAL = 1.401298464324817e-45;
/** (2 - 2^-23) * 2^127, the largest finite f32. */
export const MAX_FINITE = 3.4028234663852886e38;

/** True for the patterns of NaNs of either sign. */
export function isNaNBits(pattern: number): boolean {
  return (pattern & ABS_MASK) > INF_BITS;
}
