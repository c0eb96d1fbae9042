/**
 * Correctly rounded division on top of a device division that is a few ulps off (WGSL allows 2.5).
 *
 * Both significands are brought to [1, 2), where no device has range trouble, and divided there. The approximate
 * quotient, lowered by 8 units, is an integer Q whose remainder is exact in integers modulo 2^32, and is stepped up
 * to the true floor. Tolerates a device error of -8 .. +7 units in the last place.
 */
import { FRACTION_MASK, HIDDEN_BIT, INF_BITS, ONE_BITS, QNAN_BITS, SIGN_BIT } from '../bits.js';
import type { SubnormalMode } from '../subnormals.js';
import type { ScalarLang } from '../scalar-lang.js';
import { isNaNMagnitude, magnitude, toInt } from './fields.js';
import { normalize, readsAsZero } from './normalize.js';

/**
 * a / b rounded to nearest even, as `s.div` would if it were correctly rounded on a device of the given mode.
 * `deviceDiv` gets operands in [1, 2). About 114 operations for `preserve`, 89 for `flush`.
 */
export function divCorrected<F, I, B>(
  s: ScalarLang<F, I, B>,
  mode: SubnormalMode,
  deviceDiv: (a: F, b: F) => F,
  a: F,
  b: F,
): F {
  const [aMag, bMag] = [magnitude(s, a), magnitude(s, b)];
  const [na, nb] = [normalize(s, aMag, mode), normalize(s, bMag, mode)];
  const { quotient, rest, divisor, less } = divideSignificands(s, deviceDiv, na.fraction, nb.fraction);
  const exponent = s.isub(s.iadd(s.isub(na.exponent, nb.exponent), 127), less);
  const round = mode === 'flush' ? roundOrFlush : roundGradually;
  const finite = round(s, exponent, quotient, rest, divisor);

  const orOverflow = s.iselect(s.lts(254, exponent), INF_BITS, finite);
  const [aIsZero, bIsZero] = [readsAsZero(s, aMag, mode), readsAsZero(s, bMag, mode)];
  const [aIsInf, bIsInf] = [s.ieq(aMag, INF_BITS), s.ieq(bMag, INF_BITS)];
  const orZero = s.iselect(s.bor(aIsZero, bIsInf), 0, orOverflow);
  const orInf = s.iselect(s.bor(bIsZero, aIsInf), INF_BITS, orZero);
  const signed = s.ior(orInf, s.iand(s.ixor(s.bits(a), s.bits(b)), SIGN_BIT));
  const indeterminate = s.bor(s.band(aIsZero, bIsZero), s.band(aIsInf, bIsInf));
  const eitherNaN = s.bor(isNaNMagnitude(s, aMag), isNaNMagnitude(s, bMag));
  return s.float(s.iselect(s.bor(indeterminate, eitherNaN), QNAN_BITS, signed));
}

interface Quotient<I> {
  /** floor of the quotient of the significands, scaled to 24 bits. */
  readonly quotient: I;
  readonly rest: I;
  readonly divisor: I;
  /** 1 if the dividend's significand is the smaller one, so that the quotient is below 1; else 0. */
  readonly less: I;
}

function divideSignificands<F, I, B>(
  s: ScalarLang<F, I, B>,
  deviceDiv: (a: F, b: F) => F,
  aFraction: I,
  bFraction: I,
): Quotient<I> {
  const [a, b] = [s.ior(aFraction, HIDDEN_BIT), s.ior(bFraction, HIDDEN_BIT)];
  const approximate = deviceDiv(s.float(s.ior(aFraction, ONE_BITS)), s.float(s.ior(bFraction, ONE_BITS)));
  const less = toInt(s, s.ltu(a, b));
  const TWO_TO_23_BITS = 0x4b000000;
  const scale = s.float(s.iadd(s.ishl(less, 23), TWO_TO_23_BITS));
  let quotient = s.isub(s.f2i(s.mul(approximate, scale)), 8);
  let rest = s.isub(s.ishl(a, s.iadd(less, 23)), s.imul(quotient, b));
  for (const log2Step of [3, 2, 1, 0]) {
    const part = s.ishl(b, log2Step);
    const fits = s.bnot(s.ltu(rest, part));
    rest = s.iselect(fits, s.isub(rest, part), rest);
    quotient = s.iselect(fits, s.iadd(quotient, 1 << log2Step), quotient);
  }
  return { quotient, rest, divisor: b, less };
}

/** Rounds to 24 bits; below the normal range gives 0, unless the rounding itself reaches 2^-126. */
function roundOrFlush<F, I, B>(s: ScalarLang<F, I, B>, exponent: I, quotient: I, rest: I, divisor: I): I {
  // A quotient of 24-bit significands is never halfway between two, so there is no tie to break.
  const up = s.ltu(divisor, s.ishl(rest, 1));
  const normal = s.iadd(s.iadd(s.ishl(s.isub(exponent, 1), 23), quotient), toInt(s, up));
  const reachesNormal = s.band(s.ieq(exponent, 0), s.band(s.ieq(quotient, HIDDEN_BIT | FRACTION_MASK), up));
  return s.iselect(s.lts(exponent, 1), s.iselect(reachesNormal, HIDDEN_BIT, 0), normal);
}

/** Rounds once, to 24 bits or fewer where the result is subnormal: here a quotient can be halfway. */
function roundGradually<F, I, B>(s: ScalarLang<F, I, B>, exponent: I, quotient: I, rest: I, divisor: I): I {
  // Two more bits, half and sticky, tell all about the rest.
  const twice = s.ishl(rest, 1);
  const half = toInt(s, s.bnot(s.ltu(twice, divisor)));
  const sticky = toInt(s, s.bnot(s.bor(s.ieq(rest, 0), s.ieq(twice, divisor))));
  const extended = s.ior(s.ior(s.ishl(quotient, 2), s.ishl(half, 1)), sticky);

  const low = s.lts(exponent, 1);
  const wanted = s.isub(1, exponent);
  const extra = s.iselect(low, s.iselect(s.lts(25, wanted), 25, wanted), 0);
  const drop = s.iadd(extra, 2);
  const odd = s.iand(s.ishr(extended, drop), 1);
  const belowHalf = s.isub(s.ishl(1, s.iadd(extra, 1)), 1);
  const rounded = s.ishr(s.iadd(extended, s.iadd(belowHalf, odd)), drop);
  return s.iadd(s.iselect(low, 0, s.ishl(s.isub(exponent, 1), 23)), rounded);
}
