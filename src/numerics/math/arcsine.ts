import { f32FromBits, ONE_BITS, QNAN_BITS } from '../bits.js';
import type { ScalarLang } from '../scalar-lang.js';
import { coefficients, horner, magnitude, one, signBit, upperHalf } from './fields.js';

/** (asin(t) - t) / t^3 in powers of t^2, on [0, 1/2]. */
const ASIN_TAIL = coefficients(0x3e2aaaa6, 0x3d999c53, 0x3d365475, 0x3d02608b, 0x3c6b342c, 0x3d1a219d);

// pi/2 = HALF_PI + HALF_PI_LO to 48 bits.
const HALF_PI = f32FromBits(0x3fc90fda);
const HALF_PI_LO = f32FromBits(0x33a22168);

const HALF_BITS = 0x3f000000;
const IDENTITY_BITS = 0x39800000; // 2^-12: below it x^3/6 is less than half an ulp

/** asin(sqrt(w)) for w = (1 - a) / 2 <= 1/4 as root + rest; root has 12 bits. */
interface FarParts<F> {
  readonly root: F;
  readonly rest: F;
}

/** asin(a) = pi/2 - 2 asin(sqrt((1 - a) / 2)), for a in [1/2, 1]. After FDLIBM's e_asinf.c. */
function farParts<F, I, B>(s: ScalarLang<F, I, B>, mag: I): FarParts<F> {
  const w = s.mul(s.sub(one(s), s.float(mag)), s.fconst(0.5));
  const whole = s.sqrt(w);
  const root = upperHalf(s, whole);
  // At 1 all of it is 0.
  const sum = s.select(s.ieq(mag, ONE_BITS), one(s), s.add(whole, root));
  const rootLo = s.div(s.sub(w, s.mul(root, root)), sum);
  return { root, rest: s.add(s.mul(s.mul(whole, w), horner(s, w, ASIN_TAIL)), rootLo) };
}

/** a z P(z) for z = a^2, what asin(a) is more than a <= 1/2. */
function nearTail<F, I, B>(s: ScalarLang<F, I, B>, a: F): F {
  const z = s.mul(a, a);
  return s.mul(s.mul(a, z), horner(s, z, ASIN_TAIL));
}

/** pi/2 - y - small, for |y| <= 1 and a small of a few bits of it: what the first difference loses is added again. */
function fromHalfPi<F, I, B>(s: ScalarLang<F, I, B>, y: F, small: F): F {
  const high = s.sub(s.fconst(HALF_PI), y);
  const lost = s.sub(s.sub(s.fconst(HALF_PI), high), y);
  return s.add(high, s.add(lost, s.sub(s.fconst(HALF_PI_LO), small)));
}

const twice = <F, I, B>(s: ScalarLang<F, I, B>, x: F): F => s.add(x, x);

const orOutside = <F, I, B>(s: ScalarLang<F, I, B>, mag: I, result: I): I =>
  s.iselect(s.ltu(ONE_BITS, mag), QNAN_BITS, result);

/** Inverse sine; NaN beyond 1. Error below 0.63 ulp (0.627 measured over every 101st input). Odd; asin(-0) = -0. */
export function asin<F, I, B>(s: ScalarLang<F, I, B>, x: F): F {
  const mag = magnitude(s, x);
  const a = s.float(mag);
  const { root, rest } = farParts(s, mag);
  const far = fromHalfPi(s, twice(s, root), twice(s, rest));
  const either = s.iselect(s.ltu(mag, HALF_BITS), s.bits(s.add(a, nearTail(s, a))), s.bits(far));
  const orIdentity = s.iselect(s.ltu(mag, IDENTITY_BITS), mag, either);
  return s.float(s.ior(orOutside(s, mag, orIdentity), signBit(s, x)));
}

/** Inverse cosine; NaN beyond 1. Error below 0.60 ulp (0.592 measured over every 101st input). */
export function acos<F, I, B>(s: ScalarLang<F, I, B>, x: F): F {
  const mag = magnitude(s, x);
  const near = fromHalfPi(s, x, nearTail(s, x));
  const { root, rest } = farParts(s, mag);
  const isNegative = s.lts(s.bits(x), 0);
  const far = twice(s, s.select(isNegative, fromHalfPi(s, root, rest), s.add(root, rest)));
  const either = s.select(s.ltu(mag, HALF_BITS), near, far);
  return s.float(orOutside(s, mag, s.bits(either)));
}
