/**
 * x^y with the special values of IEEE 754, after the method of fdlibm's e_powf.c: log2|x| as a sum of two floats,
 * the first with 12 significant bits so that products with it are exact, then 2^(y log2|x|), then the special cases,
 * decided on the patterns alone.
 */
import { f32FromBits, FRACTION_MASK, HIDDEN_BIT, INF_BITS, ONE_BITS, QNAN_BITS, SIGN_BIT } from '../bits.js';
import type { ScalarLang } from '../scalar-lang.js';
import { EXP_TAIL } from './exp.js';
import {
  coefficients,
  horner,
  isNaNMagnitude,
  magnitude,
  nearestInt,
  one,
  scaleBits,
  signBit,
  splitAroundOne,
  upperHalf,
} from './fields.js';

/** An unevaluated sum, |lo| far below |hi|, where hi has 12 significant bits. */
interface Split<F> {
  readonly hi: F;
  readonly lo: F;
}

/** (atanh(u)/u - 1 - u^2/3) / u^4 in powers of u^2, on |u| <= 0.172. */
const ATANH_TAIL = coefficients(0x3e4ccd00, 0x3e12293a, 0x3defd27e);
/** 2 / (3 ln 2) and its parts. */
const SCALE = Math.fround(2 / (3 * Math.LN2));
const SCALE_HI = f32FromBits(0x3f764000);
const SCALE_LO = Math.fround(2 / (3 * Math.LN2) - SCALE_HI);
const LN2 = Math.fround(Math.LN2);
const LN2_HI = f32FromBits(0x3f317000);
const LN2_LO = Math.fround(Math.LN2 - LN2_HI);

/** |y| beyond 2^31 overflows or underflows for every x but 1, and would overflow in the products. */
const Y_CLAMP_BITS = 0x4f000000;
// Where the exponent field can no longer tell: 2^w is certainly above the largest float, or below the least normal.
const OVERFLOW_BITS = 0x43004000; // 128.25
const UNDERFLOW_BITS = 0x42fd0000; // 126.5

/**
 * x^y. Error below 0.95 ulp (0.898 measured over 40 million random samples). pow(x, 0) = pow(1, y) = 1 even for NaN;
 * pow(-1, ±inf) = 1; a negative base needs an integer exponent. Subnormal x count in full on every device; results
 * below 2^-126 are zeros.
 */
export function pow<F, I, B>(s: ScalarLang<F, I, B>, x: F, y: F): F {
  const log2x = log2Split(s, magnitude(s, x));
  return s.float(powSpecials(s, x, y, exp2OfProduct(s, clampExponent(s, y), log2x)));
}

/** log2 of the finite positive float with pattern `mag`, to about 2^-30 relative. */
function log2Split<F, I, B>(s: ScalarLang<F, I, B>, mag: I): Split<F> {
  const subnormal = s.ltu(mag, HIDDEN_BIT);
  const { k, m } = splitAroundOne(s, s.iselect(subnormal, s.bits(s.i2f(mag)), mag));
  const exponent = s.i2f(s.iadd(k, s.iselect(subnormal, -149, 0)));

  // u + uLo = (m - 1) / (m + 1), as log m = 2 atanh(u).
  const f = s.sub(m, one(s));
  const d = s.add(m, one(s));
  const reciprocal = s.div(one(s), d);
  const u = s.mul(f, reciprocal);
  const uHi = upperHalf(s, u);
  const dHi = upperHalf(s, d);
  const dLo = s.sub(m, s.sub(dHi, one(s)));
  const uLo = s.mul(reciprocal, s.sub(s.sub(f, s.mul(uHi, dHi)), s.mul(uHi, dLo)));

  // 3 atanh(u) = u * (3 + u^2 + rest) = p. Each sum is cut to 12 bits, and what the cut removed joins the low part.
  const three = s.fconst(3);
  const square = s.mul(u, u);
  const squareHi = s.mul(uHi, uHi);
  const squareLo = s.mul(uLo, s.add(uHi, u));
  const fourth = s.mul(s.mul(square, square), three);
  const rest = s.add(s.mul(fourth, horner(s, square, ATANH_TAIL)), squareLo);
  const tHi = upperHalf(s, s.add(s.add(squareHi, three), rest));
  const tLo = s.sub(rest, s.sub(s.sub(tHi, three), squareHi));
  const product = s.mul(uHi, tHi);
  const productLo = s.add(s.mul(uLo, tHi), s.mul(tLo, u));
  const pHi = upperHalf(s, s.add(product, productLo));
  const pLo = s.sub(productLo, s.sub(pHi, product));

  // log2 x = exponent + p * SCALE.
  const z = s.mul(s.fconst(SCALE_HI), pHi);
  const zLo = s.add(s.mul(s.fconst(SCALE_LO), pHi), s.mul(pLo, s.fconst(SCALE)));
  const hi = upperHalf(s, s.add(s.add(z, zLo), exponent));
  return { hi, lo: s.sub(zLo, s.sub(s.sub(hi, exponent), z)) };
}

function clampExponent<F, I, B>(s: ScalarLang<F, I, B>, y: F): F {
  const mag = magnitude(s, y);
  return s.float(s.ior(s.iselect(s.ltu(Y_CLAMP_BITS, mag), Y_CLAMP_BITS, mag), signBit(s, y)));
}

/** Pattern of 2^(y * log), 0 below 2^-126. */
function exp2OfProduct<F, I, B>(s: ScalarLang<F, I, B>, y: F, log: Split<F>): I {
  // y * log = wHi + wLo, where wHi is exact.
  const yHi = upperHalf(s, y);
  const wLo = s.add(s.mul(s.sub(y, yHi), log.hi), s.mul(y, log.lo));
  const wHi = s.mul(yHi, log.hi);
  const w = s.add(wLo, wHi);

  // The fraction t + tLo of w, times ln 2, is v + vLo.
  const { k, kf } = nearestInt(s, w);
  const fraction = s.sub(wHi, kf);
  const t = upperHalf(s, s.add(wLo, fraction));
  const tLo = s.sub(wLo, s.sub(t, fraction));
  const exact = s.mul(t, s.fconst(LN2_HI));
  const rest = s.add(s.mul(tLo, s.fconst(LN2)), s.mul(t, s.fconst(LN2_LO)));
  const v = s.add(exact, rest);
  const vLo = s.sub(rest, s.sub(v, exact));

  const tail = s.mul(s.mul(v, v), horner(s, v, EXP_TAIL));
  const q = s.add(tail, s.add(vLo, s.mul(v, vLo)));
  const scaled = scaleBits(s, s.add(s.add(v, q), one(s)), k);

  // Just outside the normal range the pattern itself shows it; w, a rounded sum, could not tell 2^128 from the
  // largest floats. Far outside the pattern has wrapped around, and w tells.
  const wMag = magnitude(s, w);
  const negative = s.ieq(signBit(s, w), SIGN_BIT);
  const orZero = s.iselect(s.lts(scaled, HIDDEN_BIT), 0, scaled);
  const orInf = s.iselect(s.lts(INF_BITS, orZero), INF_BITS, orZero);
  const farAbove = s.band(s.bnot(negative), s.ltu(OVERFLOW_BITS, wMag));
  const farBelow = s.band(negative, s.ltu(UNDERFLOW_BITS, wMag));
  return s.iselect(farAbove, INF_BITS, s.iselect(farBelow, 0, orInf));
}

/** Replaces `power`, the pattern of |x|^y for ordinary x and y, by what the special cases and the sign of x ask. */
function powSpecials<F, I, B>(s: ScalarLang<F, I, B>, x: F, y: F, power: I): I {
  const [xMag, yMag] = [magnitude(s, x), magnitude(s, y)];
  const xNegative = s.ieq(signBit(s, x), SIGN_BIT);
  const yNegative = s.ieq(signBit(s, y), SIGN_BIT);
  const xIsZero = s.ieq(xMag, 0);
  const xIsInf = s.ieq(xMag, INF_BITS);
  const yIsInf = s.ieq(yMag, INF_BITS);
  const infIf = (cond: B): I => s.iselect(cond, INF_BITS, 0);

  const zeroBase = s.iselect(xIsZero, infIf(yNegative), power);
  const infBase = s.iselect(xIsInf, infIf(s.bnot(yNegative)), zeroBase);
  const aboveOne = s.ltu(ONE_BITS, xMag);
  const grows = s.bor(s.band(aboveOne, s.bnot(yNegative)), s.band(s.bnot(aboveOne), yNegative));
  const infExponent = s.iselect(yIsInf, infIf(grows), infBase);
  const unitBase = s.iselect(s.ieq(xMag, ONE_BITS), ONE_BITS, infExponent);

  const { isInteger, isOdd } = integerness(s, yMag);
  const signed = s.iselect(s.band(xNegative, isOdd), s.ior(unitBase, SIGN_BIT), unitBase);
  const ordinaryNegative = s.band(xNegative, s.bnot(s.bor(xIsZero, xIsInf)));
  const undefinedRoot = s.band(ordinaryNegative, s.bnot(s.bor(isInteger, yIsInf)));
  const eitherNaN = s.bor(isNaNMagnitude(s, xMag), isNaNMagnitude(s, yMag));
  const orNaN = s.iselect(s.bor(undefinedRoot, eitherNaN), QNAN_BITS, signed);
  const alwaysOne = s.bor(s.ieq(yMag, 0), s.ieq(s.bits(x), ONE_BITS));
  return s.iselect(alwaysOne, ONE_BITS, orNaN);
}

/** Whether the float of magnitude `mag` is an integer, and an odd one. From 2^24 on all are even integers. */
function integerness<F, I, B>(s: ScalarLang<F, I, B>, mag: I): { readonly isInteger: B; readonly isOdd: B } {
  const exponent = s.isub(s.ishr(mag, 23), 127);
  const huge = s.lts(23, exponent);
  const atLeastOne = s.bnot(s.lts(exponent, 0));
  const significand = s.ior(s.iand(mag, FRACTION_MASK), HIDDEN_BIT);
  const fractionBits = s.iand(s.isub(23, exponent), 31);
  const whole = s.ishr(significand, fractionBits);
  const noFraction = s.band(atLeastOne, s.ieq(s.ishl(whole, fractionBits), significand));
  const isInteger = s.bor(huge, noFraction);
  return { isInteger, isOdd: s.band(s.band(s.bnot(huge), isInteger), s.ieq(s.iand(whole, 1), 1)) };
}
