/**
 * Long division, in digits of 11 bits. A digit is estimated by a division of u32 from above the divisor, so it is never too large,
 * and at most one too small: Knuth, The Art of Computer Programming 2, 4.3.1.
 */
import type { Emitter, Value } from '../../ir/emitter.js';
import { integerOps } from './u32.js';
import { fullWords, isZeroWords, leadingZerosOf, multiplyWide, selectWords, shiftLeft, shiftRight, type Words } from './words.js'; // prettier-ignore

const DIGIT = 11;

/** Words of any number, the lowest first. */
type Number = readonly Value[];

/** x - y, and whether that is below 0. */
function subtract(b: Emitter, x: Number, y: Number): { readonly words: Value[]; readonly borrow: Value } {
  const { sub, lt, or, u32 } = integerOps(b);
  const words: Value[] = [];
  let borrow: Value | undefined;
  x.forEach((word, i) => {
    const difference = sub(word, y[i]);
    const isLess = lt(word, y[i]);
    words.push(borrow === undefined ? difference : sub(difference, u32(borrow)));
    borrow = borrow === undefined ? isLess : or(isLess, lt(difference, u32(borrow)));
  });
  return { words, borrow: borrow! };
}

/** The next digit of a quotient: of `rest`, which is less than 2^11 times the divisor, and what is left of it. */
function nextDigit(
  b: Emitter,
  rest: Number,
  divisor: Number,
  estimate: Value,
): { readonly digit: Value; readonly rest: Number } {
  const { add, u32, not, lt } = integerOps(b);
  const zero = b.full(estimate, 0);
  const low = multiplyWide(b, estimate, divisor[0]);
  const high = multiplyWide(b, estimate, divisor[1]);
  const middle = add(low.hi, high.lo);
  const carry = u32(lt(middle, low.hi));
  const product = [low.lo, middle, add(high.hi, carry)].slice(0, rest.length);
  const left = subtract(b, rest, product).words;
  const { words, borrow } = subtract(b, left, [divisor[0], divisor[1], zero].slice(0, rest.length));
  return {
    digit: add(estimate, u32(not(borrow))),
    rest: left.map((word, i) => b.select(borrow, word, words[i])),
  };
}

/** Quotient and remainder of unsigned words; of a division by 0, the dividend and 0, as in the IR. */
export function divideWords(
  b: Emitter,
  x: Words,
  y: Words,
): { readonly quotient: Words; readonly remainder: Words } {
  const { add, and, div, or, shl, shr, sub, select, eq } = integerOps(b);
  const zero = b.full(x.lo, 0);
  const isByZero = isZeroWords(b, y);
  // Both are shifted until the divisor begins with a one; what leaves the dividend at its left is the first remainder.
  const zeros = and(leadingZerosOf(b, y), 63);
  const divisor = shiftLeft(b, y, zeros);
  const low = shiftLeft(b, x, zeros);
  const above = selectWords(b, eq(zeros, 0), fullWords(b, x, 0n), shiftRight(b, x, and(sub(b.full(zeros, 64), zeros), 63))); // prettier-ignore
  const step = add(shr(divisor.hi, 32 - 21), 1);
  // 64 bits, and two zeros behind them, are six digits.
  const source: Number = [shl(low.lo, 2), or(shl(low.hi, 2), shr(low.lo, 30)), shr(low.hi, 30)];
  const bitsAt = (from: number): Value => {
    const [word, bit] = [Math.floor(from / 32), from % 32];
    const right = shr(source[word], bit);
    const joined = bit > 32 - DIGIT ? or(right, shl(source[word + 1], 32 - bit)) : right;
    return and(joined, 2 ** DIGIT - 1);
  };
  let rest: Number = [above.lo, above.hi, zero];
  const digits: Value[] = [];
  for (let i = 5; i >= 0; i--) {
    // The last digit has two bits that were put behind: it is one of 9 bits.
    const [width, next] = i === 0 ? [DIGIT - 2, shr(bitsAt(0), 2)] : [DIGIT, bitsAt(i * DIGIT)];
    const wider = shifted(b, rest, width, next);
    const estimate = div(or(shl(wider[2], 32 - DIGIT), shr(wider[1], DIGIT)), step);
    const found = nextDigit(b, wider, [divisor.lo, divisor.hi], estimate);
    rest = found.rest;
    digits.unshift(found.digit);
  }
  const [d0, d1, d2, d3, d4, d5] = digits;
  const quotient = {
    lo: or(or(d0, shl(d1, 9)), or(shl(d2, 20), shl(d3, 31))),
    hi: or(or(shr(d3, 1), shl(d4, 10)), shl(d5, 21)),
  };
  const remainder = shiftRight(b, { lo: rest[0], hi: rest[1] }, zeros);
  return {
    quotient: { lo: select(isByZero, x.lo, quotient.lo), hi: select(isByZero, x.hi, quotient.hi) },
    remainder: { lo: select(isByZero, zero, remainder.lo), hi: select(isByZero, zero, remainder.hi) },
  };
}

/** words << width | next, for a width below 32. */
function shifted(b: Emitter, words: Number, width: number, next: Value): Value[] {
  const { or, shl, shr } = integerOps(b);
  return words.map((word, i) => or(shl(word, width), i === 0 ? next : shr(words[i - 1], 32 - width)));
}

/** The first 56 bits of x / y, for 2^52 <= x, y < 2^53: 2^55 times the quotient, with the lowest bit set where more would follow. */
export function quotientBits(b: Emitter, x: Words, y: Words): Words {
  const { add, div, or, u32, not } = integerOps(b);
  const divisor: Number = [y.lo, y.hi];
  const step = add(y.hi, 1);
  const { words, borrow } = subtract(b, [x.lo, x.hi], divisor);
  let rest: Number = [x.lo, x.hi].map((word, i) => b.select(borrow, word, words[i]));
  let quotient: Number = [u32(not(borrow)), b.full(x.lo, 0)];
  for (let i = 0; i < 5; i++) {
    const wider = shifted(b, rest, DIGIT, b.full(x.lo, 0));
    const found = nextDigit(b, wider, divisor, div(wider[1], step));
    rest = found.rest;
    quotient = shifted(b, quotient, DIGIT, found.digit);
  }
  const isExact = isZeroWords(b, { lo: rest[0], hi: rest[1] });
  return { lo: or(quotient[0], u32(not(isExact))), hi: quotient[1] };
}
