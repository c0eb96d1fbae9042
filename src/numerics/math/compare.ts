/**
 * Order, by integer keys. Float comparison on a device may see subnormals as zeros or assume that no NaN occurs, and
 * its min and max may return either of -0 and +0.
 */
import { ABS_MASK, QNAN_BITS } from '../bits.js';
import type { ScalarLang } from '../scalar-lang.js';
import { isNaNMagnitude, magnitude } from './fields.js';

/** a < b as IEEE 754 has it: -0 equals +0, false if either is NaN. */
export function lt<F, I, B>(s: ScalarLang<F, I, B>, a: F, b: F): B {
  return s.band(ordered(s, a, b), s.lts(valueKey(s, a), valueKey(s, b)));
}

/** a <= b as IEEE 754 has it. Not the negation of b < a, because of NaN. */
export function le<F, I, B>(s: ScalarLang<F, I, B>, a: F, b: F): B {
  return s.band(ordered(s, a, b), s.bnot(s.lts(valueKey(s, b), valueKey(s, a))));
}

/** a == b as IEEE 754 has it. */
export function eq<F, I, B>(s: ScalarLang<F, I, B>, a: F, b: F): B {
  return s.band(ordered(s, a, b), s.ieq(valueKey(s, a), valueKey(s, b)));
}

/** The lesser value, -0 being less than +0; NaN if either is NaN (IEEE 754-2019 `minimum`, and JavaScript's). */
export function min<F, I, B>(s: ScalarLang<F, I, B>, a: F, b: F): F {
  return pick(s, a, b, s.lts(totalKey(s, a), totalKey(s, b)));
}

/** The greater value, +0 being greater than -0; NaN if either is NaN (IEEE 754-2019 `maximum`, and JavaScript's). */
export function max<F, I, B>(s: ScalarLang<F, I, B>, a: F, b: F): F {
  return pick(s, a, b, s.lts(totalKey(s, b), totalKey(s, a)));
}

function pick<F, I, B>(s: ScalarLang<F, I, B>, a: F, b: F, first: B): F {
  const chosen = s.iselect(first, s.bits(a), s.bits(b));
  return s.float(s.iselect(ordered(s, a, b), chosen, QNAN_BITS));
}

/** Neither is NaN. */
function ordered<F, I, B>(s: ScalarLang<F, I, B>, a: F, b: F): B {
  return s.bnot(s.bor(isNaNMagnitude(s, magnitude(s, a)), isNaNMagnitude(s, magnitude(s, b))));
}

/** A signed integer that orders like the value: sign and magnitude become two's complement, so both zeros are 0. */
function valueKey<F, I, B>(s: ScalarLang<F, I, B>, x: F): I {
  const signs = s.isar(s.bits(x), 31);
  return s.isub(s.ixor(magnitude(s, x), signs), signs);
}

/** The same with ones' complement: -0 becomes -1, just below +0. */
function totalKey<F, I, B>(s: ScalarLang<F, I, B>, x: F): I {
  const pattern = s.bits(x);
  return s.ixor(pattern, s.iand(s.isar(pattern, 31), ABS_MASK));
}
