/** Signed and unsigned 64-bit integers as words: what the two differ in. */
import type { Emitter, Value } from '../../ir/emitter.js';
import { divideWords } from './divide.js';
import { integerOps } from './u32.js';
import {
  fullWords,
  isZeroWords,
  lessWords,
  negateWords,
  selectWords,
  shiftLeft,
  shiftRight,
  SIGN,
  signWord,
  type Words,
} from './words.js';

export const isNegativeWords = (b: Emitter, x: Words): Value =>
  integerOps(b).eq(signWord(b, x.hi), 0xffffffff);

/** Words that are ordered, without a sign, as x is with one. */
export const orderedSigned = (b: Emitter, x: Words): Words => ({
  lo: x.lo,
  hi: integerOps(b).xor(x.hi, SIGN),
});

export const absWords = (b: Emitter, x: Words): Words =>
  selectWords(b, isNegativeWords(b, x), negateWords(b, x), x);

/** x < y */
export const lessIntegers = (b: Emitter, signed: boolean, x: Words, y: Words): Value =>
  signed ? lessWords(b, orderedSigned(b, x), orderedSigned(b, y)) : lessWords(b, x, y);

/** Towards zero, and the remainder with the sign of the dividend; of a division by 0, the dividend and 0. */
export function divideIntegers(
  b: Emitter,
  signed: boolean,
  x: Words,
  y: Words,
): { readonly quotient: Words; readonly remainder: Words } {
  if (!signed) return divideWords(b, x, y);
  const { xor, and, not } = integerOps(b);
  const [isBelow, isDivisorBelow] = [isNegativeWords(b, x), isNegativeWords(b, y)];
  const { quotient, remainder } = divideWords(b, absWords(b, x), absWords(b, y));
  const isTurned = and(xor(isBelow, isDivisorBelow), not(isZeroWords(b, y)));
  const isByZeroOfNegative = and(isZeroWords(b, y), isBelow);
  const turned = selectWords(b, isTurned, negateWords(b, quotient), quotient);
  return {
    quotient: selectWords(b, isByZeroOfNegative, x, turned),
    remainder: selectWords(b, isBelow, negateWords(b, remainder), remainder),
  };
}

/** -1, 0 or 1. */
export function signOfWords(b: Emitter, signed: boolean, x: Words): Words {
  const [zero, one] = [fullWords(b, x, 0n), fullWords(b, x, 1n)];
  const positive = selectWords(b, isZeroWords(b, x), zero, one);
  return signed ? selectWords(b, isNegativeWords(b, x), fullWords(b, x, -1n), positive) : positive;
}

/** Shifts by the lower six bits of the count; to the right with the sign where there is one. */
export const shiftIntegers = (
  b: Emitter,
  op: 'shl' | 'shr',
  signed: boolean,
  x: Words,
  count: Value,
): Words => {
  const places = integerOps(b).and(count, 63);
  if (op === 'shl') return shiftLeft(b, x, places);
  return shiftRight(b, x, places, signed ? signWord(b, x.hi) : undefined);
};
