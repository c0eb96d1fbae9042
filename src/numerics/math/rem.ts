import { FRACTION_MASK, HIDDEN_BIT, INF_BITS, QNAN_BITS } from '../bits.js';
import type { ScalarLang } from '../scalar-lang.js';
import { magnitude, signBit } from './fields.js';

/**
 * The remainder of a / b with the sign of a: C's fmod, JavaScript's %. Exact for all operands, subnormals included.
 *
 * Long division of the significands with 8 bits a step: at most 32 steps, for the greatest exponent difference.
 * rem(a, ±inf) = a, rem(±inf, b) = rem(a, ±0) = NaN.
 */
export function rem<F, I, B>(s: ScalarLang<F, I, B>, a: F, b: F): F {
  const [aMag, bMag] = [magnitude(s, a), magnitude(s, b)];
  const undefined_ = s.bor(s.ltu(INF_BITS - 1, aMag), s.bor(s.ltu(INF_BITS, bMag), s.ieq(bMag, 0)));
  const [pattern] = s.branch<readonly [I]>(
    s.bor(undefined_, s.ltu(aMag, bMag)),
    () => [s.iselect(undefined_, QNAN_BITS, aMag)],
    () => [remainderOfLarger(s, aMag, bMag)],
  );
  return s.float(s.ior(pattern, signBit(s, a)));
}

/** Pattern of the remainder of finite magnitudes a >= b > 0. */
function remainderOfLarger<F, I, B>(s: ScalarLang<F, I, B>, aMag: I, bMag: I): I {
  const [aExponent, bExponent] = [unitExponent(s, aMag), unitExponent(s, bMag)];
  const divisor = significand(s, bMag);

  // (a's significand * 2^difference) mod divisor: the odd bits first, then whole bytes. Remainders have 24 bits.
  const difference = s.isub(aExponent, bExponent);
  const start = s.urem(s.ishl(significand(s, aMag), s.iand(difference, 7)), divisor);
  const [r] = s.loop<readonly [I, I]>(
    [start, s.ishr(difference, 3)],
    ([, bytes]) => s.lts(0, bytes),
    ([rest, bytes]) => [s.urem(s.ishl(rest, 8), divisor), s.isub(bytes, 1)],
  );

  // r * 2^(bExponent - 150), shifted up until it is normal or the exponent is used up.
  const zeros = s.isub(s.iclz(r), 8);
  const room = s.isub(bExponent, 1);
  const shift = s.iselect(s.lts(room, zeros), room, zeros);
  const pattern = s.iadd(s.ishl(s.isub(room, shift), 23), s.ishl(r, s.iand(shift, 31)));
  return s.iselect(s.ieq(r, 0), 0, pattern);
}

/** The exponent field, subnormals counting as 1, whose unit they share. */
function unitExponent<F, I, B>(s: ScalarLang<F, I, B>, mag: I): I {
  const field = s.ishr(mag, 23);
  return s.iselect(s.ieq(field, 0), 1, field);
}

function significand<F, I, B>(s: ScalarLang<F, I, B>, mag: I): I {
  const fraction = s.iand(mag, FRACTION_MASK);
  return s.iselect(s.ltu(mag, HIDDEN_BIT), fraction, s.ior(fraction, HIDDEN_BIT));
}
