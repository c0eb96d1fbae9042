/** Conversion between f32 and f16 in integers: device conversions flush, or round towards zero. */
import { FRACTION_MASK, HIDDEN_BIT, INF_BITS } from '../bits.js';
import type { ScalarLang } from '../scalar-lang.js';
import { isNaNMagnitude, magnitude, signBit } from './fields.js';

const HALF_INF = 0x7c00;
const HALF_QNAN = 0x7e00;
const OVERFLOW_BITS = 0x477ff000; // 65520, halfway between the largest f16 and 65536
const MIN_HALF_NORMAL_BITS = 0x38800000; // 2^-14
const REBIAS = (127 - 15) << 23;

/** The f16 pattern (in the low 16 bits) nearest to x, ties to even; overflow to infinity, NaN to 0x7e00. */
export function toHalf<F, I, B>(s: ScalarLang<F, I, B>, x: F): I {
  const mag = magnitude(s, x);
  const normal = shiftRightEven(s, s.isub(mag, REBIAS), s.iconst(13));

  // As a multiple of 2^-24, the f16 unit below 2^-14. Under 2^-25 a shift of 25 leaves nothing, as it should.
  const significand = s.ior(s.iand(mag, FRACTION_MASK), HIDDEN_BIT);
  const wanted = s.isub(126, s.ishr(mag, 23));
  const subnormal = shiftRightEven(s, significand, s.iselect(s.lts(25, wanted), 25, wanted));

  const finite = s.iselect(s.ltu(mag, MIN_HALF_NORMAL_BITS), subnormal, normal);
  const orInf = s.iselect(s.ltu(mag, OVERFLOW_BITS), finite, HALF_INF);
  const orNaN = s.iselect(isNaNMagnitude(s, mag), HALF_QNAN, orInf);
  return s.ior(orNaN, s.ishr(signBit(s, x), 16));
}

/** The f32 equal to an f16 pattern (higher bits are ignored). Exact. */
export function fromHalf<F, I, B>(s: ScalarLang<F, I, B>, half: I): F {
  const mag = s.iand(half, 0x7fff);
  const normal = s.iadd(s.ishl(mag, 13), REBIAS);
  const special = s.ior(s.ishl(mag, 13), INF_BITS);

  // mag * 2^-24, by lowering the exponent of the float mag; it stays normal for f32.
  const subnormal = s.isub(s.bits(s.i2f(mag)), 24 << 23);
  const orSubnormal = s.iselect(s.ltu(mag, 0x0400), s.iselect(s.ieq(mag, 0), 0, subnormal), normal);
  const orSpecial = s.iselect(s.ltu(mag, HALF_INF), orSubnormal, special);
  return s.float(s.ior(orSpecial, s.ishl(s.iand(half, 0x8000), 16)));
}

/** x rounded to the nearest f16 value, as an f32. */
export function roundF16<F, I, B>(s: ScalarLang<F, I, B>, x: F): F {
  return fromHalf(s, toHalf(s, x));
}

/** v / 2^count to the nearest integer, ties to even, for 0 <= v < 2^31 and count 1 .. 30 (without overflow). */
function shiftRightEven<F, I, B>(s: ScalarLang<F, I, B>, v: I, count: I): I {
  const lowest = s.iand(s.ishr(v, count), 1);
  const belowHalf = s.isub(s.ishl(1, s.isub(count, 1)), 1);
  return s.ishr(s.iadd(v, s.iadd(belowHalf, lowest)), count);
}
