/** Conversions between 64-bit words and f32, by integer ops: each rounds once, to nearest even. */
import type { Emitter, Value } from '../../ir/emitter.js';
import { withScalar } from '../broadcast.js';
import { integerOps, leadingZeros } from './u32.js';
import { isNaNDouble } from './double.js';
import { leadingZerosOf, selectWords, shiftLeft, SIGN, type Words } from './words.js';

const BIAS = { single: 127, double: 1023 } as const;
const NAN = 0x7fc00000;
const INFINITE = 0x7f800000;

/** A significand whose first one is at bit 30, or which is 0, with the exponent of that bit, biased. */
interface Unrounded {
  readonly sign: Value;
  readonly exponent: Value;
  readonly significand: Value;
}

/** The bits of the nearest f32. */
function rounded(b: Emitter, { sign, exponent, significand }: Unrounded): Value {
  const { add, and, or, shl, shr, sub, min, max, lt, le, eq, not, select, u32 } = integerOps(b);
  const shift = u32(min(max(sub(b.full(exponent, 1), exponent), 0), 31));
  const right = shr(significand, shift);
  const denormal = or(right, u32(not(eq(shl(right, shift), significand))));
  const bits = b.select(lt(b.full(exponent, 0), exponent), significand, denormal);
  const up = shr(add(bits, 0x40), 7);
  const even = and(up, not(u32(eq(and(bits, 0x7f), 0x40))));
  const isZero = eq(significand, 0);
  const field = select(isZero, 0, u32(sub(max(exponent, 1), 1)));
  const isTooLarge = and(le(b.full(exponent, 255), exponent), not(isZero));
  return or(select(isTooLarge, INFINITE, add(even, shl(field, 23))), sign);
}

/** The first 31 bits of words whose first one is at bit 63, the lowest set where one of the others is. */
function firstBits(b: Emitter, x: Words): Value {
  const { and, eq, not, or, shr, u32 } = integerOps(b);
  const rest = or(and(x.hi, 1), x.lo);
  return or(shr(x.hi, 1), u32(not(eq(rest, 0))));
}

function ofMagnitude(b: Emitter, sign: Value, magnitude: Words): Unrounded {
  const { and, sub, i32 } = integerOps(b);
  const zeros = leadingZerosOf(b, magnitude);
  const exponent = sub(b.full(i32(zeros), BIAS.single + 63), i32(zeros));
  return { sign, exponent, significand: firstBits(b, shiftLeft(b, magnitude, and(zeros, 63))) };
}

/** The f32 nearest to a magnitude, an unsigned word, with a sign bit. */
export const singleOfMagnitude = (b: Emitter, sign: Value, magnitude: Words): Value =>
  integerOps(b).bits(rounded(b, ofMagnitude(b, sign, magnitude)), 'f32');

/** Of a double. Numbers below the smallest normal double are 0 here as there. */
function ofDouble(b: Emitter, x: Words): Unrounded {
  const { and, or, shl, shr, sub, eq, not, i32, u32, select } = integerOps(b);
  const field = i32(and(shr(x.hi, 20), 0x7ff));
  const top = or(shl(or(and(x.hi, 0xfffff), 0x100000), 10), shr(x.lo, 22));
  const significand = or(top, u32(not(eq(shl(x.lo, 10), 0))));
  return {
    sign: and(x.hi, SIGN),
    exponent: sub(field, BIAS.double - BIAS.single),
    significand: select(eq(field, 0), 0, significand),
  };
}

/** The nearest f32. */
export function singleOfDouble(b: Emitter, x: Words): Value {
  const { select, bits } = integerOps(b);
  return bits(select(isNaNDouble(b, x), NAN, rounded(b, ofDouble(b, x))), 'f32');
}

/** Zeros and numbers below the smallest normal f32 as 0; others with what is lost shown in the lowest bit. */
function odd(b: Emitter, { sign, exponent, significand }: Unrounded): Value {
  const { add, and, or, shl, shr, eq, le, lt, not, select, u32 } = integerOps(b);
  const fraction = or(shr(significand, 7), u32(not(eq(and(significand, 0x7f), 0))));
  const packed = add(and(fraction, 0x7fffff), shl(u32(exponent), 23));
  const isSmall = or(lt(exponent, 1), eq(significand, 0));
  return or(select(isSmall, 0, select(le(b.full(exponent, 255), exponent), INFINITE, packed)), sign);
}

/**
 * An f32 from which a narrower float is rounded as if from the double: what is lost shows in the lowest bit. Numbers whose
 * magnitude no narrower float has become 0 or infinite.
 */
export function oddSingle(b: Emitter, x: Words): Value {
  const { select, bits } = integerOps(b);
  return bits(select(isNaNDouble(b, x), NAN, odd(b, ofDouble(b, x))), 'f32');
}

/** The same of a magnitude, an unsigned word, with a sign bit. */
export const oddSingleOfMagnitude = (b: Emitter, sign: Value, magnitude: Words): Value =>
  integerOps(b).bits(odd(b, ofMagnitude(b, sign, magnitude)), 'f32');

/** An integer of 32 bits, i32 or u32, as an f32 from which a narrower float is rounded as if from the integer. */
export function oddSingleOfInteger(b: Emitter, x: Value): Value {
  // Of 25 bits and more the lower 8 show in the ninth: what is left, f32 has.
  const low = withScalar(b, 'and', x, 0xff);
  const sticky = b.select(withScalar(b, 'eq', low, 0), low, b.full(x, 0x100));
  const shortened = b.binary('or', b.binary('sub', x, low), sticky);
  const limit = 2 ** 24;
  const isBelow = withScalar(b, 'lt', x, limit);
  const isExact =
    x.type.dtype === 'u32' ? isBelow : b.binary('and', isBelow, b.binary('lt', b.full(x, -limit), x));
  return b.cast(b.select(isExact, x, shortened), 'f32');
}

/** The double that an f32 is; subnormal ones, too, on every device. All NaNs are one. */
export function doubleOfSingle(b: Emitter, x: Value): Words {
  const { add, and, or, shl, shr, sub, eq, bits, select } = integerOps(b);
  const word = bits(x, 'u32');
  const [sign, field, fraction] = [and(word, SIGN), and(shr(word, 23), 0xff), and(word, 0x7fffff)];
  const isSubnormal = eq(field, 0);
  const zeros = sub(leadingZeros(b, fraction), 8);
  const significand = b.select(isSubnormal, shl(fraction, and(zeros, 31)), fraction);
  const exponent = b.select(isSubnormal, sub(b.full(zeros, 1), zeros), field);
  const finite = {
    lo: shl(significand, 29),
    hi: or(or(shl(add(exponent, BIAS.double - BIAS.single), 20), shr(and(significand, 0x7fffff), 3)), sign),
  };
  const zero = b.full(word, 0);
  const isZero = and(isSubnormal, eq(fraction, 0));
  const withZero = selectWords(b, isZero, { lo: zero, hi: sign }, finite);
  // The sign of a NaN is no number's, and engines differ in it.
  const special = { lo: zero, hi: select(eq(fraction, 0), or(sign, 0x7ff00000), b.full(word, 0x7ff80000)) };
  return selectWords(b, eq(field, 255), special, withZero);
}
