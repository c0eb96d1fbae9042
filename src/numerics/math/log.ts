import { f32FromBits, FRACTION_MASK, HIDDEN_BIT, INF_BITS, QNAN_BITS } from '../bits.js';
import type { ScalarLang } from '../scalar-lang.js';
import { coefficients, horner, magnitude, one, splitAroundOne } from './fields.js';

const LN2_HI = f32FromBits(0x3f317200);
const LN2_LO = f32FromBits(0x35bfbe8e);
const NEG_INF_BITS = 0xff800000;
/** (log(1 + f) - f + f^2/2) / f^3 on [sqrt(1/2) - 1, sqrt(2) - 1]. */
const LOG_TAIL = coefficients(
  0x3eaaaaa4,
  0xbe800003,
  0x3e4cd23b,
  0xbe2aae22,
  0x3e119dd1,
  0xbdfe1465,
  0x3df36005,
  0xbdef00ee,
  0x3d8a399f,
);

/**
 * Natural logarithm. Error below 0.81 ulp (0.804 measured over 2^32 / 7 inputs). Subnormal x count in full on every
 * device: their pattern is converted as an integer, in units of 2^-149. log(±0) = -inf, log(x < 0) = NaN.
 */
export function log<F, I, B>(s: ScalarLang<F, I, B>, x: F): F {
  const pattern = s.bits(x);
  const subnormal = s.ltu(pattern, HIDDEN_BIT);
  const normalized = s.iselect(subnormal, s.bits(s.i2f(s.iand(pattern, FRACTION_MASK))), pattern);
  const { k, m } = splitAroundOne(s, normalized);
  const kf = s.i2f(s.iadd(k, s.iselect(subnormal, -149, 0)));

  // log x = k ln2 + f - f^2/2 + f^3 P(f), the small terms first.
  const f = s.sub(m, one(s));
  const halfSquare = s.mul(s.mul(f, s.fconst(0.5)), f);
  const tail = s.mul(s.mul(f, s.mul(f, f)), horner(s, f, LOG_TAIL));
  const small = s.sub(s.sub(halfSquare, s.add(tail, s.mul(kf, s.fconst(LN2_LO)))), f);
  const finite = s.bits(s.sub(s.mul(kf, s.fconst(LN2_HI)), small));

  const orInf = s.iselect(s.ieq(pattern, INF_BITS), INF_BITS, finite);
  const orNaN = s.iselect(s.ltu(INF_BITS, pattern), QNAN_BITS, orInf);
  return s.float(s.iselect(s.ieq(magnitude(s, x), 0), NEG_INF_BITS, orNaN));
}
