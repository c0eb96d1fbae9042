/**
 * IEEE 754's binary64 on devices that have no such type: a double is its 64 bits, and its arithmetic consists of integer ops.
 * Every operation rounds once, to nearest even; subnormals are kept on every device. After J. Hauser's SoftFloat, release 3.
 */
import type { Emitter, Value } from '../../ir/emitter.js';
import type { Shape } from '../../ir/types.js';
import { quotientBits } from './divide.js';
import { integerOps } from './u32.js';
import {
  addWords,
  constantWords,
  equalWords,
  fullWords,
  isZeroWords,
  leadingZerosOf,
  lessWords,
  mapWords,
  multiplyFull,
  selectWords,
  shiftLeft,
  shiftLeftBy,
  shiftRight,
  shiftRightBy,
  shiftRightSticky,
  SIGN,
  subWords,
  zipWords,
  type Words,
} from './words.js';

const MAGNITUDE = 0x7fffffff;
/** The upper word of infinity. */
const INFINITE = 0x7ff00000;
const NAN = 0x7ff8000000000000n;
/** Of the exponent. */
const BIAS = 1023;
const LARGEST_EXPONENT = 0x7ff;
const HIDDEN = 0x100000;

export const bitsOfDouble = (number: number): bigint => new BigUint64Array(Float64Array.of(number).buffer)[0];

/** Doubles as constants: one everywhere, or one for each element. */
export const constantDoubles = (b: Emitter, shape: Shape, values: number | readonly number[]): Words =>
  constantWords(b, shape, typeof values === 'number' ? bitsOfDouble(values) : values.map(bitsOfDouble));

export const fullDouble = (b: Emitter, like: Words, value: number): Words =>
  constantDoubles(b, like.lo.type.shape, value);

const magnitudeOf = (b: Emitter, x: Words): Words => ({ lo: x.lo, hi: integerOps(b).and(x.hi, MAGNITUDE) });

export const isNaNDouble = (b: Emitter, x: Words): Value =>
  lessWords(b, fullWords(b, x, BigInt(INFINITE) << 32n), magnitudeOf(b, x));

const exponentOf = (b: Emitter, x: Words): Value => {
  const { and, shr, i32 } = integerOps(b);
  return i32(and(shr(x.hi, 20), LARGEST_EXPONENT));
};

/** The 52 bits after the exponent, and the one that normal numbers have before them. */
function significandOf(b: Emitter, x: Words, exponent: Value): Words {
  const { and, or, eq, select } = integerOps(b);
  const fraction = and(x.hi, HIDDEN - 1);
  return { lo: x.lo, hi: select(eq(exponent, 0), fraction, or(fraction, HIDDEN)) };
}

/** Exponent and significand of a number, the latter with its first one at bit 52 unless it is 0. */
function normalized(b: Emitter, x: Words): { readonly exponent: Value; readonly significand: Words } {
  const { sub, max, i32, and } = integerOps(b);
  const exponent = exponentOf(b, x);
  const significand = significandOf(b, x, exponent);
  const zeros = sub(leadingZerosOf(b, significand), 11);
  return {
    exponent: sub(max(exponent, 1), i32(zeros)),
    significand: shiftLeft(b, significand, and(zeros, 63)),
  };
}

/**
 * The double nearest to a significand whose first one is at bit 62, or which is 0.
 *
 * @param sign the sign bit, at its place
 * @param exponent i32, with its bias; it may be beyond what doubles have
 */
function rounded(b: Emitter, sign: Value, exponent: Value, significand: Words): Words {
  const { add, and, or, shl, sub, min, max, lt, le, eq, not, select, u32 } = integerOps(b);
  const shift = u32(min(max(sub(b.full(exponent, 1), exponent), 0), 63));
  const denormal = shiftRightSticky(b, significand, shift);
  const isNormal = lt(b.full(exponent, 0), exponent);
  const bits = selectWords(b, isNormal, significand, denormal);
  const up = shiftRightBy(b, addWords(b, bits, fullWords(b, bits, 0x200n)), 10);
  const isTie = eq(and(bits.lo, 0x3ff), 0x200);
  const even = { lo: and(up.lo, not(u32(isTie))), hi: up.hi };
  const field = select(isZeroWords(b, significand), 0, u32(sub(max(exponent, 1), 1)));
  // A significand that was rounded up to the next power of two carries into the exponent.
  const packed = { lo: even.lo, hi: or(add(even.hi, shl(field, 20)), sign) };
  const isTooLarge = and(le(b.full(exponent, LARGEST_EXPONENT), exponent), not(isZeroWords(b, significand)));
  const infinity = { lo: b.full(packed.lo, 0), hi: or(sign, INFINITE) };
  return selectWords(b, isTooLarge, infinity, packed);
}

/** The same of a significand whose first one is anywhere up to bit 62, where `exponent` says what bit 62 counts. */
function normalizedAndRounded(b: Emitter, sign: Value, exponent: Value, significand: Words): Words {
  const { sub, and, i32 } = integerOps(b);
  const zeros = sub(leadingZerosOf(b, significand), 1);
  return rounded(b, sign, sub(exponent, i32(zeros)), shiftLeft(b, significand, and(zeros, 63)));
}

const notANumber = (b: Emitter, x: Words): Words => fullWords(b, x, NAN);

export function addDoubles(b: Emitter, x: Words, y: Words): Words {
  const { and, or, xor, add, sub, max, min, eq, not, select, u32 } = integerOps(b);
  // The operand of the larger magnitude comes first: it decides about sign and exponent.
  const isSwapped = lessWords(b, magnitudeOf(b, x), magnitudeOf(b, y));
  const [p, q] = [selectWords(b, isSwapped, y, x), selectWords(b, isSwapped, x, y)];
  const [ep, eq_] = [exponentOf(b, p), exponentOf(b, q)];
  const distance = u32(min(sub(max(ep, 1), max(eq_, 1)), 63));
  const [left, right] = [
    shiftLeftBy(b, significandOf(b, p, ep), 9),
    shiftRightSticky(b, shiftLeftBy(b, significandOf(b, q, eq_), 9), distance),
  ];
  const differs = not(eq(and(xor(p.hi, q.hi), SIGN), 0));
  const total = selectWords(b, differs, subWords(b, left, right), addWords(b, left, right));
  const isZero = isZeroWords(b, total);
  const sign = select(and(isZero, differs), 0, and(p.hi, SIGN));
  const finite = normalizedAndRounded(b, sign, add(max(ep, 1), 1), total);
  const isSpecial = eq(ep, LARGEST_EXPONENT);
  const isInvalid = or(isNaNDouble(b, p), and(eq(eq_, LARGEST_EXPONENT), differs));
  return selectWords(b, isSpecial, selectWords(b, isInvalid, notANumber(b, p), p), finite);
}

export const negateDouble = (b: Emitter, x: Words): Words => ({
  lo: x.lo,
  hi: integerOps(b).xor(x.hi, SIGN),
});

export const absDouble = magnitudeOf;

export const subtractDoubles = (b: Emitter, x: Words, y: Words): Words =>
  addDoubles(b, x, negateDouble(b, y));

interface Operand {
  readonly isNaN: Value;
  readonly isInfinite: Value;
  readonly isZero: Value;
}

function kindOf(b: Emitter, x: Words): Operand {
  const magnitude = magnitudeOf(b, x);
  return {
    isNaN: isNaNDouble(b, x),
    isInfinite: equalWords(b, magnitude, fullWords(b, x, BigInt(INFINITE) << 32n)),
    isZero: isZeroWords(b, magnitude),
  };
}

/** `finite`, but where a rule says that the result is a NaN, infinite, or 0. The first one that holds counts. */
function withSpecials(
  b: Emitter,
  sign: Value,
  finite: Words,
  rules: { readonly isNaN: Value; readonly isInfinite: Value; readonly isZero: Value },
): Words {
  const { or } = integerOps(b);
  const zero = b.full(sign, 0);
  const withZero = selectWords(b, rules.isZero, { lo: zero, hi: sign }, finite);
  const withInfinity = selectWords(b, rules.isInfinite, { lo: zero, hi: or(sign, INFINITE) }, withZero);
  return selectWords(b, rules.isNaN, notANumber(b, finite), withInfinity);
}

export function multiplyDoubles(b: Emitter, x: Words, y: Words): Words {
  const { add, and, or, xor, sub, not, u32 } = integerOps(b);
  const [p, q] = [normalized(b, x), normalized(b, y)];
  const { high, low } = multiplyFull(b, shiftLeftBy(b, p.significand, 10), shiftLeftBy(b, q.significand, 11));
  const sticky = { lo: or(high.lo, u32(not(isZeroWords(b, low)))), hi: high.hi };
  const sign = and(xor(x.hi, y.hi), SIGN);
  const exponent = sub(add(p.exponent, q.exponent), BIAS - 1);
  const [left, right] = [kindOf(b, x), kindOf(b, y)];
  return withSpecials(b, sign, normalizedProduct(b, sign, exponent, sticky), {
    isNaN: or(
      or(left.isNaN, right.isNaN),
      or(and(left.isInfinite, right.isZero), and(left.isZero, right.isInfinite)),
    ),
    isInfinite: or(left.isInfinite, right.isInfinite),
    isZero: or(left.isZero, right.isZero),
  });
}

/** Of a significand whose first one is at bit 61 or 62, where `exponent` says what bit 62 counts. */
function normalizedProduct(b: Emitter, sign: Value, exponent: Value, significand: Words): Words {
  const { and, eq, sub } = integerOps(b);
  const isLow = eq(and(significand.hi, 0x40000000), 0);
  const shifted = selectWords(b, isLow, shiftLeftBy(b, significand, 1), significand);
  return rounded(b, sign, b.select(isLow, sub(exponent, 1), exponent), shifted);
}

export function divideDoubles(b: Emitter, x: Words, y: Words): Words {
  const { add, and, or, xor, sub } = integerOps(b);
  const [p, q] = [normalized(b, x), normalized(b, y)];
  const quotient = shiftLeftBy(b, quotientBits(b, p.significand, q.significand), 7);
  const sign = and(xor(x.hi, y.hi), SIGN);
  const exponent = add(sub(p.exponent, q.exponent), BIAS);
  const [left, right] = [kindOf(b, x), kindOf(b, y)];
  return withSpecials(b, sign, normalizedProduct(b, sign, exponent, quotient), {
    isNaN: or(
      or(left.isNaN, right.isNaN),
      or(and(left.isInfinite, right.isInfinite), and(left.isZero, right.isZero)),
    ),
    isInfinite: or(left.isInfinite, right.isZero),
    isZero: or(left.isZero, right.isInfinite),
  });
}

/** Digit by digit, two bits of the operand for one of the root. */
export function squareRoot(b: Emitter, x: Words): Words {
  const { add, and, or, shr, sub, eq, u32, not, bits, select } = integerOps(b);
  const { exponent, significand } = normalized(b, x);
  const isOdd = eq(and(exponent, 1), 0);
  // The exponent of the operand is even with its bias taken off where this one is odd.
  const radicand = shiftLeftBy(b, selectWords(b, isOdd, shiftLeftBy(b, significand, 1), significand), 10);
  const zero = b.full(x.lo, 0);
  let root: Words = { lo: zero, hi: zero };
  let rest: Words = root;
  for (let i = 0; i < 55; i++) {
    const from = 62 - 2 * i;
    const next = from >= 32 ? and(shr(radicand.hi, from - 32), 3) : from >= 0 ? and(shr(radicand.lo, from), 3) : zero; // prettier-ignore
    const wider = shiftLeftBy(b, rest, 2);
    const before = { lo: from >= 0 ? or(wider.lo, next) : wider.lo, hi: wider.hi };
    const doubled = shiftLeftBy(b, root, 2);
    const trial = { lo: or(doubled.lo, 1), hi: doubled.hi };
    const fits = not(lessWords(b, before, trial));
    rest = selectWords(b, fits, subWords(b, before, trial), before);
    const grown = shiftLeftBy(b, root, 1);
    root = { lo: or(grown.lo, u32(fits)), hi: grown.hi };
  }
  const sticky = { lo: or(shiftLeftBy(b, root, 8).lo, u32(not(isZeroWords(b, rest)))), hi: shiftLeftBy(b, root, 8).hi }; // prettier-ignore
  // Halved: the exponent without its bias, rounded down.
  const unbiased = sub(exponent, BIAS);
  const half = add(bits(shr(unbiased, b.full(unbiased, 1)), 'i32'), BIAS);
  const finite = rounded(b, zero, half, sticky);
  const { isNaN, isInfinite, isZero } = kindOf(b, x);
  const isNegative = not(eq(and(x.hi, SIGN), 0));
  const isInvalid = or(isNaN, and(isNegative, not(isZero)));
  const same = or(isZero, isInfinite);
  const kept = selectWords(b, same, x, finite);
  return { lo: select(isInvalid, 0, kept.lo), hi: select(isInvalid, Number(NAN >> 32n), kept.hi) };
}

export type Direction = 'floor' | 'ceil' | 'trunc' | 'round';

/** To whole numbers; `round` to the nearest, of two the even one. */
export function wholeDouble(b: Emitter, x: Words, direction: Direction): Words {
  const { and, or, lt, eq, not, sub, min, max, u32, select } = integerOps(b);
  const exponent = exponentOf(b, x);
  const sign = and(x.hi, SIGN);
  const isNegative = not(eq(sign, 0));
  const isSmall = lt(exponent, BIAS);
  const isWhole = not(lt(exponent, BIAS + 52));
  const places = u32(min(max(sub(exponent, BIAS), 0), 52));
  // Ones where the bits of the fraction are.
  const fraction = shiftRight(b, fullWords(b, x, 0xfffffffffffffn), places);
  const unit = addWords(b, fraction, fullWords(b, x, 1n));
  const cut = (words: Words): Words => zipWords(words, fraction, (word, mask) => and(word, not(mask)));
  const isFractional = not(isZeroWords(b, zipWords(x, fraction, and)));
  const one = { lo: b.full(x.lo, 0), hi: or(sign, 0x3ff00000) };
  const zero = { lo: b.full(x.lo, 0), hi: sign };
  // Adding to the bits of a double carries into its exponent as it should.
  const away = (): Words => cut(addWords(b, x, fraction));
  let [small, large]: readonly [Words, Words] = [zero, cut(x)];
  if (direction === 'round') {
    const isOdd = not(isZeroWords(b, zipWords(x, unit, and)));
    const half = shiftRightBy(b, fraction, 1);
    const lifted = addWords(b, x, half);
    const nudged = addWords(b, lifted, { lo: u32(isOdd), hi: b.full(x.hi, 0) });
    large = cut(nudged);
    const isAboveHalf = lessWords(b, fullWords(b, x, bitsOfDouble(0.5)), magnitudeOf(b, x));
    small = selectWords(b, isAboveHalf, one, zero);
  } else if (direction !== 'trunc') {
    const isAway = direction === 'floor' ? isNegative : not(isNegative);
    const isZero = isZeroWords(b, magnitudeOf(b, x));
    large = selectWords(b, and(isAway, isFractional), away(), large);
    small = selectWords(b, and(isAway, not(isZero)), one, zero);
  }
  const found = selectWords(b, isWhole, x, selectWords(b, isSmall, small, large));
  return { lo: found.lo, hi: select(isNaNDouble(b, x), Number(NAN >> 32n), found.hi) };
}

/** Words that are ordered as the doubles are; both zeros give one. */
export function orderedDouble(b: Emitter, x: Words): Words {
  const { and, eq, not, or } = integerOps(b);
  const isNegative = not(eq(and(x.hi, SIGN), 0));
  const turned = selectWords(b, isNegative, mapWords(x, not), { lo: x.lo, hi: or(x.hi, SIGN) });
  return selectWords(b, isZeroWords(b, magnitudeOf(b, x)), fullWords(b, x, BigInt(SIGN) << 32n), turned);
}

const bothNumbers = (b: Emitter, x: Words, y: Words): Value => {
  const { or, not } = integerOps(b);
  return not(or(isNaNDouble(b, x), isNaNDouble(b, y)));
};

export function compareDoubles(b: Emitter, op: 'eq' | 'lt' | 'le', x: Words, y: Words): Value {
  const { and, not } = integerOps(b);
  const [p, q] = [orderedDouble(b, x), orderedDouble(b, y)];
  const holds =
    op === 'eq' ? equalWords(b, p, q) : op === 'lt' ? lessWords(b, p, q) : not(lessWords(b, q, p));
  return and(holds, bothNumbers(b, x, y));
}

/** min and max: NaN wins, and -0 is below +0. */
export function extremeDouble(b: Emitter, op: 'min' | 'max', x: Words, y: Words): Words {
  const { and, eq, not, or } = integerOps(b);
  const key = (words: Words): Words => {
    const isNegative = not(eq(and(words.hi, SIGN), 0));
    return selectWords(b, isNegative, mapWords(words, not), { lo: words.lo, hi: or(words.hi, SIGN) });
  };
  const isLess = lessWords(b, key(x), key(y));
  const chosen = op === 'min' ? selectWords(b, isLess, x, y) : selectWords(b, isLess, y, x);
  return selectWords(b, bothNumbers(b, x, y), chosen, notANumber(b, x));
}

/** The sign as a number: 0 of zeros, which keep theirs, and NaN of NaN. */
export function signDouble(b: Emitter, x: Words): Words {
  const { and, or } = integerOps(b);
  const one = { lo: b.full(x.lo, 0), hi: or(and(x.hi, SIGN), 0x3ff00000) };
  const isKept = or(isZeroWords(b, magnitudeOf(b, x)), isNaNDouble(b, x));
  return selectWords(b, isKept, x, one);
}

/** A magnitude, an unsigned word, with a sign bit. */
export function doubleOfMagnitude(b: Emitter, sign: Value, magnitude: Words): Words {
  const { and, or, sub, i32 } = integerOps(b);
  const zeros = leadingZerosOf(b, magnitude);
  const first = shiftLeft(b, magnitude, and(zeros, 63));
  const halved = shiftRightBy(b, first, 1);
  const sticky = { lo: or(halved.lo, and(first.lo, 1)), hi: halved.hi };
  const exponent = sub(b.full(i32(zeros), BIAS + 63), i32(zeros));
  return rounded(b, sign, exponent, sticky);
}

/** The integer part of the magnitude, unless that has more than `width` bits: then `isTooLarge`. Of NaN 0. */
export function magnitudeOfDouble(
  b: Emitter,
  x: Words,
  width: number,
): { readonly magnitude: Words; readonly isTooLarge: Value } {
  const { and, lt, le, not, sub, min, max, u32, select } = integerOps(b);
  const exponent = exponentOf(b, x);
  const significand = significandOf(b, x, exponent);
  const place = sub(exponent, BIAS + 52);
  const left = shiftLeft(b, significand, u32(min(max(place, 0), 63)));
  const right = shiftRight(b, significand, u32(min(max(sub(b.full(place, 0), place), 0), 63)));
  const whole = selectWords(b, lt(place, 0), right, left);
  const isNumber = not(isNaNDouble(b, x));
  const isTooLarge = and(le(b.full(exponent, BIAS + width), exponent), isNumber);
  const zeroed = mapWords(whole, (word) => select(not(isNumber), 0, word));
  return { magnitude: zeroed, isTooLarge };
}
