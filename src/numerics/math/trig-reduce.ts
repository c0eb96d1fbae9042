/**
 * Argument reduction for sine and cosine: |x| = q * pi/2 + r + rTail, |r| <= pi/4, for *every* finite x.
 *
 * Below 2048 three-term Cody-Waite; above it Payne-Hanek, a multiplication of the significand with the right 96 bits
 * of 2/pi in integers, since a float holds too few of them.
 */
import { f32FromBits, FRACTION_MASK, HIDDEN_BIT, SIGN_BIT } from '../bits.js';
import type { ScalarLang } from '../scalar-lang.js';
import { nearestInt, toInt, upperHalf } from './fields.js';

/** The remainder as an unevaluated sum r + rTail, and the quadrant, of which only the low 2 bits mean something. */
export type Reduced<F, I> = readonly [r: F, rTail: F, quadrant: I];

const TWO_OVER_PI = f32FromBits(0x3f22f983);
// pi/2 = PIO2_1 + PIO2_2 + PIO2_3 to 58 bits, PIO2_1 and PIO2_2 short enough that their products with k are exact.
const PIO2_1 = f32FromBits(0x3fc91000);
const PIO2_2 = f32FromBits(0xb6957800);
const PIO2_3 = f32FromBits(0x2e85a309);

/** Pattern of 2048, where the quotient's error outgrows Cody-Waite. */
const CODY_WAITE_LIMIT = 0x45000000;

/** Reduces the float with pattern `mag` (nonnegative, finite). */
export function reduceByHalfPi<F, I, B>(s: ScalarLang<F, I, B>, mag: I): Reduced<F, I> {
  return s.branch<Reduced<F, I>>(
    s.ltu(mag, CODY_WAITE_LIMIT),
    () => codyWaite(s, s.float(mag)),
    () => payneHanek(s, mag),
  );
}

function codyWaite<F, I, B>(s: ScalarLang<F, I, B>, x: F): Reduced<F, I> {
  const { k, kf } = nearestInt(s, s.mul(x, s.fconst(TWO_OVER_PI)));
  const hi = s.sub(x, s.mul(kf, s.fconst(PIO2_1)));
  const mid = s.mul(kf, s.fconst(PIO2_2));
  const r = s.sub(hi, mid);
  const rTail = s.sub(s.sub(s.sub(hi, r), mid), s.mul(kf, s.fconst(PIO2_3)));
  return [r, rTail, k];
}

/** 2/pi in 32-bit words, after a word of zeros for the arguments that need no leading bits dropped. */
const TWO_OVER_PI_WORDS = [
  0, 0xa2f9836e, 0x4e441529, 0xfc2757d1, 0xf534ddc0, 0xdb629599, 0x3c439041, 0xfe5163ab,
] as const;

function payneHanek<F, I, B>(s: ScalarLang<F, I, B>, mag: I): Reduced<F, I> {
  const significand = s.ior(s.iand(mag, FRACTION_MASK), HIDDEN_BIT);
  const [w0, w1, w2] = twoOverPiFrom(s, s.isub(s.ishr(mag, 23), 120));

  // x * 2/pi modulo 4, as a fixed-point number of 2 + 62 bits in (hi, mid); the bits further left are multiples of 4.
  const low = umulHigh24(s, significand, w2);
  const mid = s.iadd(s.imul(significand, w1), low);
  const carry = toInt(s, s.ltu(mid, low));
  const hi = s.iadd(s.iadd(s.imul(significand, w0), umulHigh24(s, significand, w1)), carry);

  // To the nearest integer: what remains is a signed 64-bit fraction, whose magnitude is normalized.
  const quadrant = s.ishr(s.iadd(hi, 0x20000000), 30);
  const fracHi = s.ior(s.ishl(hi, 2), s.ishr(mid, 30));
  const fracLo = s.ishl(mid, 2);
  const sign = s.isar(fracHi, 31);
  const absLo = s.isub(s.ixor(fracLo, sign), sign);
  // Negation is ~v + 1; the 1 reaches the upper word only where the lower one has become 0.
  const absHi = s.iadd(s.ixor(fracHi, sign), s.iand(toInt(s, s.ieq(absLo, 0)), sign));
  const zeros = s.iclz(absHi);
  const top = shiftLeftInto(s, absHi, absLo, zeros);

  // fraction = (upper 24 bits + lower 8 bits / 256) * unit, both parts exact floats.
  const unit = s.float(s.ishl(s.isub(127 - 24, zeros), 23));
  const f = s.mul(s.i2f(s.ishr(top, 8)), unit);
  const fTail = s.mul(s.i2f(s.iand(top, 255)), s.mul(unit, s.fconst(1 / 256)));
  const [r, rTail] = timesHalfPi(s, f, fTail);
  const flip = s.iand(sign, SIGN_BIT);
  return [withSignFlipped(s, r, flip), withSignFlipped(s, rTail, flip), quadrant];
}

/** 96 bits of 2/pi from bit `position` (0 .. 134) of TWO_OVER_PI_WORDS on: a table lookup by selection. */
function twoOverPiFrom<F, I, B>(s: ScalarLang<F, I, B>, position: I): readonly [I, I, I] {
  const word = s.ishr(position, 5);
  const isSet = (bit: number): B => s.ieq(s.iand(word, bit), bit);
  const [by1, by2, by4] = [isSet(1), isSet(2), isSet(4)];
  const at = (i: number): I => {
    const w = (j: number): number => TWO_OVER_PI_WORDS[j];
    const near = (j: number): I => s.iselect(by1, w(j + 1), w(j));
    return s.iselect(by4, w(i + 4), s.iselect(by2, near(i + 2), near(i)));
  };
  const bit = s.iand(position, 31);
  const [a, b, c, d] = [at(0), at(1), at(2), at(3)];
  return [shiftLeftInto(s, a, b, bit), shiftLeftInto(s, b, c, bit), shiftLeftInto(s, c, d, bit)];
}

/** The upper word of (hi:lo) << count, count 0 .. 31. In two steps, as a shift by 32 is not a thing. */
function shiftLeftInto<F, I, B>(s: ScalarLang<F, I, B>, hi: I, lo: I, count: I): I {
  return s.ior(s.ishl(hi, count), s.ishr(s.ishr(lo, 1), s.isub(31, count)));
}

/** The upper 32 bits of the product of a 24-bit and a 32-bit number, by 16-bit halves. */
function umulHigh24<F, I, B>(s: ScalarLang<F, I, B>, m: I, a: I): I {
  const [mLo, mHi] = [s.iand(m, 0xffff), s.ishr(m, 16)];
  const [aLo, aHi] = [s.iand(a, 0xffff), s.ishr(a, 16)];
  const cross = s.iadd(s.imul(mHi, aLo), s.ishr(s.imul(mLo, aLo), 16));
  const cross2 = s.iadd(s.imul(mLo, aHi), s.iand(cross, 0xffff));
  return s.iadd(s.iadd(s.imul(mHi, aHi), s.ishr(cross, 16)), s.ishr(cross2, 16));
}

/** (f + fTail) * pi/2 as an unevaluated sum. */
function timesHalfPi<F, I, B>(s: ScalarLang<F, I, B>, f: F, fTail: F): readonly [F, F] {
  const HALF_PI_HI = 1.57080078125; // 12 bits
  const halfPiLo = s.fconst(Math.fround(Math.PI / 2 - HALF_PI_HI));
  const halfPi = s.fconst(Math.fround(Math.PI / 2));
  const fHi = upperHalf(s, f);
  const fLo = s.sub(f, fHi);
  const exact = s.mul(fHi, s.fconst(HALF_PI_HI));
  const rest = s.add(s.add(s.mul(fHi, halfPiLo), s.mul(fLo, halfPi)), s.mul(fTail, halfPi));
  const r = s.add(exact, rest);
  return [r, s.sub(rest, s.sub(r, exact))];
}

function withSignFlipped<F, I, B>(s: ScalarLang<F, I, B>, x: F, flip: I): F {
  return s.float(s.ixor(s.bits(x), flip));
}
