/** Integers between two bounds, as digits. */
import { choice, codePoints, literal, repeat, sequence, type GrammarNode } from './node.js';

const digit = (first: number, last: number): GrammarNode => codePoints([[0x30 + first, 0x30 + last]]);

/** Digits that integers have at most where a bound is missing. */
const MOST_DIGITS = 16;

/** Integers from `min` to `max`, both included; either may be infinite. Without texts where `min` is greater. */
export function integersBetween(min: number, max: number): GrammarNode {
  const options: GrammarNode[] = [];
  if (min < 0) options.push(sequence(literal('-'), naturals(Math.max(1, -max), -min)));
  if (max >= 0) options.push(naturals(Math.max(0, min), max));
  return choice(...options);
}

/** Natural numbers without leading zeros. */
function naturals(min: number, max: number): GrammarNode {
  if (min > max || min === Infinity) return choice();
  const low = BigInt(min).toString();
  const high = max === Infinity ? '9'.repeat(Math.max(MOST_DIGITS, low.length)) : BigInt(max).toString();
  const options: GrammarNode[] = [];
  for (let length = low.length; length <= high.length; length++) {
    const first = length === low.length ? low : `1${'0'.repeat(length - 1)}`;
    const last = length === high.length ? high : '9'.repeat(length);
    options.push(sameLength(first, last));
  }
  return choice(...options);
}

/** Texts of digits between two of one length. */
function sameLength(low: string, high: string): GrammarNode {
  if (low === '') return sequence();
  const [first, last] = [Number(low[0]), Number(high[0])];
  const [lowRest, highRest] = [low.slice(1), high.slice(1)];
  if (/^0*$/.test(lowRest) && /^9*$/.test(highRest))
    return sequence(digit(first, last), repeat(digit(0, 9), lowRest.length, lowRest.length));
  if (first === last) return sequence(literal(low[0]), sameLength(lowRest, highRest));
  const [zeros, nines] = ['0'.repeat(lowRest.length), '9'.repeat(lowRest.length)];
  const options = [sequence(literal(low[0]), sameLength(lowRest, nines))];
  if (first + 1 < last) options.push(sequence(digit(first + 1, last - 1), sameLength(zeros, nines)));
  options.push(sequence(literal(high[0]), sameLength(zeros, highRest)));
  return choice(...options);
}
