/**
 * Correctly rounded square root on top of a device square root that is a few ulps off; see division.ts for the idea.
 */
import { HIDDEN_BIT, INF_BITS, ONE_BITS, QNAN_BITS, SIGN_BIT } from '../bits.js';
import type { SubnormalMode } from '../subnormals.js';
import type { ScalarLang } from '../scalar-lang.js';
import { isNaNMagnitude, magnitude, toInt } from './fields.js';
import { normalize, readsAsZero } from './normalize.js';

/**
 * sqrt(x) rounded to nearest even. `deviceSqrt` gets an operand in [1, 4) and may be off by -8 .. +7 units in the
 * last place. About 70 operations. sqrt(-0) = -0, sqrt(x < 0) = NaN; a flushing device reads -subnormals as -0.
 */
export function sqrtCorrected<F, I, B>(
  s: ScalarLang<F, I, B>,
  mode: SubnormalMode,
  deviceSqrt: (x: F) => F,
  x: F,
): F {
  const pattern = s.bits(x);
  const mag = magnitude(s, x);
  const n = normalize(s, mag, mode);
  const exponent = s.isub(n.exponent, 127);
  const odd = s.iand(exponent, 1);
  const root = rootOfSignificand(s, deviceSqrt, n.fraction, odd);
  // (exponent - odd) / 2, biased; the root's hidden bit adds the missing one.
  const field = s.iadd(s.isar(s.isub(exponent, odd), 1), 126);
  const finite = s.iadd(s.ishl(field, 23), root);

  const orInf = s.iselect(s.ieq(pattern, INF_BITS), INF_BITS, finite);
  const orNegative = s.iselect(s.ltu(INF_BITS, pattern), QNAN_BITS, orInf);
  const orZero = s.iselect(readsAsZero(s, mag, mode), s.iand(pattern, SIGN_BIT), orNegative);
  return s.float(s.iselect(isNaNMagnitude(s, mag), QNAN_BITS, orZero));
}

/** The root of a significand in [1, 2), or twice that if `odd`, rounded to 24 bits, as an integer. */
function rootOfSignificand<F, I, B>(s: ScalarLang<F, I, B>, deviceSqrt: (x: F) => F, fraction: I, odd: I): I {
  const operand = s.float(s.ior(fraction, s.iadd(s.ishl(odd, 23), ONE_BITS)));
  let root = s.isub(s.f2i(s.mul(deviceSqrt(operand), s.fconst(2 ** 23))), 8);
  let rest = s.isub(s.ishl(s.ior(fraction, HIDDEN_BIT), s.iadd(odd, 23)), s.imul(root, root));
  for (const log2Step of [3, 2, 1, 0]) {
    // (root + d)^2 - root^2
    const d = 1 << log2Step;
    const part = s.iadd(s.ishl(root, log2Step + 1), d * d);
    const fits = s.bnot(s.ltu(rest, part));
    rest = s.iselect(fits, s.isub(rest, part), rest);
    root = s.iselect(fits, s.iadd(root, d), root);
  }
  // (root + 1/2)^2 = root^2 + root + 1/4, so a root is never halfway, and above it exactly when rest > root.
  return s.iadd(root, toInt(s, s.ltu(root, rest)));
}
