/**
 * Conversion between f32 and integers in integers. Devices disagree above 2^24, on overflow and on NaN, and WGSL
 * clamps 1e20 to 2147483520 where we saturate to 2147483647.
 */
import { FRACTION_MASK, HIDDEN_BIT, SIGN_BIT } from '../bits.js';
import type { ScalarLang } from '../scalar-lang.js';
import { isNaNMagnitude, magnitude, signBit } from './fields.js';

/** Truncated to a signed integer, saturating to [-2^31, 2^31 - 1]; NaN gives 0. */
export function f32ToI32<F, I, B>(s: ScalarLang<F, I, B>, x: F): I {
  const mag = magnitude(s, x);
  const negative = s.ieq(signBit(s, x), SIGN_BIT);
  const whole = truncatedMagnitude(s, mag);
  const signed = s.iselect(negative, s.isub(0, whole), whole);
  const tooLarge = s.iselect(negative, SIGN_BIT, 0x7fffffff);
  const saturated = s.iselect(s.ltu(0x4effffff, mag), tooLarge, signed);
  return s.iselect(isNaNMagnitude(s, mag), 0, saturated);
}

/** Truncated to an unsigned integer, saturating to [0, 2^32 - 1]; NaN gives 0. */
export function f32ToU32<F, I, B>(s: ScalarLang<F, I, B>, x: F): I {
  const mag = magnitude(s, x);
  const saturated = s.iselect(s.ltu(0x4f7fffff, mag), 0xffffffff, truncatedMagnitude(s, mag));
  const negative = s.ieq(signBit(s, x), SIGN_BIT);
  return s.iselect(s.bor(negative, isNaNMagnitude(s, mag)), 0, saturated);
}

/** floor(|x|) for |x| < 2^32. */
function truncatedMagnitude<F, I, B>(s: ScalarLang<F, I, B>, mag: I): I {
  const exponent = s.isub(s.ishr(mag, 23), 127);
  const significand = s.ior(s.iand(mag, FRACTION_MASK), HIDDEN_BIT);
  const left = s.ishl(significand, s.iand(s.isub(exponent, 23), 31));
  const right = s.ishr(significand, s.iand(s.isub(23, exponent), 31));
  const shifted = s.iselect(s.lts(exponent, 23), right, left);
  return s.iselect(s.lts(exponent, 0), 0, shifted);
}

/** The f32 nearest to a signed integer, ties to even. */
export function i32ToF32<F, I, B>(s: ScalarLang<F, I, B>, v: I): F {
  const signs = s.isar(v, 31);
  const mag = s.isub(s.ixor(v, signs), signs);
  return s.float(s.ior(unsignedToBits(s, mag), s.iand(v, SIGN_BIT)));
}

/** The f32 nearest to an unsigned integer, ties to even. */
export function u32ToF32<F, I, B>(s: ScalarLang<F, I, B>, v: I): F {
  return s.float(unsignedToBits(s, v));
}

function unsignedToBits<F, I, B>(s: ScalarLang<F, I, B>, v: I): I {
  // Shifted up so that the leading bit is bit 31: 24 significand bits, and below them 8 bits to round away.
  const zeros = s.iclz(v);
  const aligned = s.ishl(v, s.iand(zeros, 31));
  const significand = s.ishr(aligned, 8);
  const roundAndSticky = s.iand(aligned, 0xff);
  const up = s.ltu(128, s.iadd(roundAndSticky, s.iand(significand, 1)));
  // The significand's hidden bit adds one to the exponent field, and so does the carry when all its bits were ones.
  const exponent = s.ishl(s.isub(127 + 31 - 1, zeros), 23);
  const rounded = s.iadd(s.iadd(exponent, significand), s.iselect(up, 1, 0));
  return s.iselect(s.ieq(v, 0), 0, rounded);
}
