import { f32FromBits, INF_BITS } from '../bits.js';
import type { ScalarLang } from '../scalar-lang.js';
import { coefficients, horner, magnitude, nearestInt, one, orNaN, scaleBits } from './fields.js';

const LOG2_E = f32FromBits(0x3fb8aa3b);
// ln 2 = LN2_HI + LN2_LO to 45 bits. LN2_HI has 15 significant bits, so k * LN2_HI is exact for |k| < 2^9.
const LN2_HI = f32FromBits(0x3f317200);
const LN2_LO = f32FromBits(0x35bfbe8e);
/** (e^r - 1 - r) / r^2 on |r| <= ln(2)/2. */
export const EXP_TAIL = coefficients(0x3efffffe, 0x3e2aaa49, 0x3d2aac5e, 0x3c091ce3, 0x3ab520aa);

/** Largest and smallest x whose e^x is a finite normal number: 88.72283 and -87.33654. */
const OVERFLOW_BITS = 0x42b17217;
const UNDERFLOW_BITS = 0xc2aeac4f;

/** e^x = (1 + (r + q)) * 2^k, where |r| <= ln(2)/2 and q, about r^2/2, also carries the rounding error of r. */
export interface ExpParts<F, I> {
  readonly r: F;
  readonly q: F;
  readonly k: I;
}

/** The reduced exponential, for |x| < 105. */
export function expParts<F, I, B>(s: ScalarLang<F, I, B>, x: F): ExpParts<F, I> {
  const { k, kf } = nearestInt(s, s.mul(x, s.fconst(LOG2_E)));
  const hi = s.sub(x, s.mul(kf, s.fconst(LN2_HI)));
  const lo = s.mul(kf, s.fconst(LN2_LO));
  const r = s.sub(hi, lo);
  const rError = s.sub(s.sub(hi, r), lo);
  const q = s.add(s.mul(s.mul(r, r), horner(s, r, EXP_TAIL)), rError);
  return { r, q, k };
}

/** Pattern of e^x for |x| < 87, where the result is normal. */
export function expBitsInRange<F, I, B>(s: ScalarLang<F, I, B>, x: F): I {
  const { r, q, k } = expParts(s, x);
  return scaleBits(s, s.add(s.add(r, q), one(s)), k);
}

/**
 * e^x. Error below 0.89 ulp (0.882 measured over 2^32 / 7 inputs). Results below 2^-126 are +0 on every device, as
 * one that flushes subnormals could not produce them.
 */
export function exp<F, I, B>(s: ScalarLang<F, I, B>, x: F): F {
  const pattern = s.bits(x);
  const inRange = expBitsInRange(s, x);
  const orZero = s.iselect(s.ltu(UNDERFLOW_BITS, pattern), 0, inRange);
  const orInf = s.iselect(s.lts(OVERFLOW_BITS, pattern), INF_BITS, orZero);
  return s.float(orNaN(s, magnitude(s, x), orInf));
}
