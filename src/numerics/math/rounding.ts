/**
 * Rounding to integers, by masking fraction bits: no arithmetic on floats, hence nothing that a device could flush.
 * The sign always survives (ceil(-0.5) = -0, trunc(-0.5) = -0); infinities, NaNs and integers are themselves.
 */
import { ONE_BITS, SIGN_BIT } from '../bits.js';
import type { ScalarLang } from '../scalar-lang.js';
import { magnitude, signBit, toInt } from './fields.js';

const HALF_BITS = 0x3f000000;

/** A magnitude in its relation to the integers. */
interface Parts<I, B> {
  /** The pattern of |x|. */
  readonly mag: I;
  /** The pattern of |x| rounded down. */
  readonly down: I;
  /** The distance from one integer to the next, counted in patterns at this exponent. */
  readonly unit: I;
  readonly belowOne: B;
  /** |x| >= 2^23, infinite or NaN: there is no fraction to round. */
  readonly huge: B;
}

function parts<F, I, B>(s: ScalarLang<F, I, B>, x: F): Parts<I, B> {
  const mag = magnitude(s, x);
  const exponent = s.ishr(mag, 23);
  const belowOne = s.ltu(exponent, 127);
  const huge = s.ltu(149, exponent);
  const unit = s.ishl(1, s.iselect(s.bor(belowOne, huge), 0, s.isub(150, exponent)));
  const masked = s.iand(mag, s.isub(0, unit));
  return { mag, down: s.iselect(belowOne, 0, masked), unit, belowOne, huge };
}

/**
 * The next integer up, in magnitude. Adding `unit` to a pattern adds 1 to the value: if it carries out of the
 * fraction, the exponent grows and the fraction is 0, as it must be.
 */
function up<F, I, B>(s: ScalarLang<F, I, B>, p: Parts<I, B>): I {
  return s.iselect(p.belowOne, ONE_BITS, s.iadd(p.down, p.unit));
}

function withSign<F, I, B>(s: ScalarLang<F, I, B>, x: F, mag: I): F {
  return s.float(s.ior(mag, signBit(s, x)));
}

/** Towards zero. */
export function trunc<F, I, B>(s: ScalarLang<F, I, B>, x: F): F {
  return withSign(s, x, parts(s, x).down);
}

/** Towards -inf. */
export function floor<F, I, B>(s: ScalarLang<F, I, B>, x: F): F {
  return awayIf(s, x, SIGN_BIT);
}

/** Towards +inf. */
export function ceil<F, I, B>(s: ScalarLang<F, I, B>, x: F): F {
  return awayIf(s, x, 0);
}

/** Away from zero for values with the given sign bit, towards zero for the others. */
function awayIf<F, I, B>(s: ScalarLang<F, I, B>, x: F, sign: number): F {
  const p = parts(s, x);
  const exact = s.ieq(p.mag, p.down);
  const away = s.band(s.ieq(signBit(s, x), sign), s.bnot(exact));
  return withSign(s, x, s.iselect(away, up(s, p), p.down));
}

/** To the nearest integer, halfway cases to the even one (as WGSL's `round`, ONNX's Round, Python's round). */
export function roundEven<F, I, B>(s: ScalarLang<F, I, B>, x: F): F {
  const p = parts(s, x);
  // Adding just under half a unit, or exactly half if the integer below is odd, carries where we must go up. The unit
  // bit of a pattern is the parity of the integer; for [1, 2) it is the lowest exponent bit, and 127 is odd too.
  const parity = toInt(s, s.bnot(s.ieq(s.iand(p.mag, p.unit), 0)));
  const nudged = s.iadd(p.mag, s.iadd(s.isub(s.ishr(p.unit, 1), 1), parity));
  const atLeastOne = s.iand(nudged, s.isub(0, p.unit));
  const fraction = s.iselect(s.ltu(HALF_BITS, p.mag), ONE_BITS, 0);
  const rounded = s.iselect(p.belowOne, fraction, atLeastOne);
  return withSign(s, x, s.iselect(p.huge, p.mag, rounded));
}
