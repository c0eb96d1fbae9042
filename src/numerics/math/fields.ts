/**
 * Small helpers that the functions of this folder share: access to the fields of a float, and polynomials.
 */
import { ABS_MASK, f32FromBits, INF_BITS, QNAN_BITS, SIGN_BIT } from '../bits.js';
import type { ScalarLang } from '../scalar-lang.js';

/** Pattern of |x|. As integers, magnitudes are ordered like the values, with infinity and then the NaNs on top. */
export function magnitude<F, I, B>(s: ScalarLang<F, I, B>, x: F): I {
  return s.iand(s.bits(x), ABS_MASK);
}

/** The sign bit of x, in place. */
export function signBit<F, I, B>(s: ScalarLang<F, I, B>, x: F): I {
  return s.iand(s.bits(x), SIGN_BIT);
}

/** Whether a magnitude (see above) is that of a NaN. */
export function isNaNMagnitude<F, I, B>(s: ScalarLang<F, I, B>, mag: I): B {
  return s.ltu(INF_BITS, mag);
}

/** `result`, or the canonical NaN where `mag` is the magnitude of a NaN: the usual last step of a function. */
export function orNaN<F, I, B>(s: ScalarLang<F, I, B>, mag: I, result: I): I {
  return s.iselect(isNaNMagnitude(s, mag), QNAN_BITS, result);
}

/** 1 for true and 0 for false. */
export function toInt<F, I, B>(s: ScalarLang<F, I, B>, cond: B): I {
  return s.iselect(cond, 1, 0);
}

/** x with its low 12 significand bits cleared, so that the product of two such values is exact. */
export function upperHalf<F, I, B>(s: ScalarLang<F, I, B>, x: F): F {
  return s.float(s.iand(s.bits(x), 0xfffff000));
}

/** y * 2^k by exponent arithmetic on the pattern: right only where y and the result are normal. */
export function scaleBits<F, I, B>(s: ScalarLang<F, I, B>, y: F, k: I): I {
  return s.iadd(s.bits(y), s.ishl(k, 23));
}

/** The constant 1, which nearly every function needs. */
export function one<F, I, B>(s: ScalarLang<F, I, B>): F {
  return s.fconst(1);
}

const ROUNDER = 1.5 * 2 ** 23;
const ROUNDER_BITS = 0x4b400000;

/**
 * The integer nearest to x (|x| < 2^22; ties to even), as an integer and as a float. Adding 1.5 * 2^23 leaves no
 * room for fraction bits, so the addition itself does the rounding. Drivers love to "simplify" this: it is exact only
 * behind the code generator's barriers.
 */
export function nearestInt<F, I, B>(s: ScalarLang<F, I, B>, x: F): { readonly k: I; readonly kf: F } {
  const t = s.add(x, s.fconst(ROUNDER));
  return { k: s.isub(s.bits(t), ROUNDER_BITS), kf: s.sub(t, s.fconst(ROUNDER)) };
}

/** Splits a positive normal pattern as 2^k * m with m in [sqrt(1/2), sqrt(2)). */
export function splitAroundOne<F, I, B>(
  s: ScalarLang<F, I, B>,
  pattern: I,
): { readonly k: I; readonly m: F } {
  const SQRT_HALF_BITS = 0x3f3504f3;
  const offset = s.isub(pattern, SQRT_HALF_BITS);
  return { k: s.isar(offset, 23), m: s.float(s.iadd(s.iand(offset, 0x007fffff), SQRT_HALF_BITS)) };
}

/** Polynomial coefficients, lowest degree first, given as f32 patterns so that no decimal conversion is involved. */
export function coefficients(...patterns: readonly number[]): readonly number[] {
  return patterns.map(f32FromBits);
}

/** c[0] + x * (c[1] + x * (...)), each step rounded. */
export function horner<F, I, B>(s: ScalarLang<F, I, B>, x: F, c: readonly number[]): F {
  let sum = s.fconst(c[c.length - 1]);
  for (let i = c.length - 2; i >= 0; i--) sum = s.add(s.mul(sum, x), s.fconst(c[i]));
  return sum;
}
