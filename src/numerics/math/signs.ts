/** Functions of the sign bit. On some devices the built-in -x turns a subnormal into zero; these never do. */
import { ABS_MASK, ONE_BITS, SIGN_BIT } from '../bits.js';
import type { ScalarLang } from '../scalar-lang.js';
import { isNaNMagnitude, magnitude, signBit } from './fields.js';

/** |x|, exact; of a NaN a NaN. */
export function abs<F, I, B>(s: ScalarLang<F, I, B>, x: F): F {
  return s.float(s.iand(s.bits(x), ABS_MASK));
}

/** -x, exact; also of zeros, and of a NaN a NaN. */
export function neg<F, I, B>(s: ScalarLang<F, I, B>, x: F): F {
  return s.float(s.ixor(s.bits(x), SIGN_BIT));
}

/** -1 or 1 by the sign of x (subnormals included); ±0 and NaN are themselves. */
export function sign<F, I, B>(s: ScalarLang<F, I, B>, x: F): F {
  const mag = magnitude(s, x);
  const isItself = s.bor(s.ieq(mag, 0), isNaNMagnitude(s, mag));
  return s.float(s.iselect(isItself, s.bits(x), s.ior(signBit(s, x), ONE_BITS)));
}
