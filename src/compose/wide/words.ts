/**
 * 64-bit words as pairs of u32 values of one shape, and the integer arithmetic on them. It consists of integer ops alone, so it
 * has the same bits on every device.
 */
import type { Emitter, Value } from '../../ir/emitter.js';
import type { Shape } from '../../ir/types.js';
import { integerOps, leadingZeros } from './u32.js';

export interface Words {
  readonly lo: Value;
  readonly hi: Value;
}

export const SIGN = 0x80000000;

const LOW = 0xffffffffn;

/** A constant of `shape`: one value everywhere, or one for each element. Values wrap around to 64 bits. */
export function constantWords(b: Emitter, shape: Shape, values: bigint | readonly bigint[]): Words {
  const all = typeof values === 'bigint' ? [values] : values;
  return {
    lo: b.constant('u32', shape, all.map((value) => Number(value & LOW))), // prettier-ignore
    hi: b.constant('u32', shape, all.map((value) => Number((value >> 32n) & LOW))), // prettier-ignore
  };
}

/** A constant of the shape of `like`. */
export const fullWords = (b: Emitter, like: Words, value: bigint): Words =>
  constantWords(b, like.lo.type.shape, value);

export const mapWords = ({ lo, hi }: Words, f: (word: Value) => Value): Words => ({ lo: f(lo), hi: f(hi) });

export const zipWords = (x: Words, y: Words, f: (x: Value, y: Value) => Value): Words => ({
  lo: f(x.lo, y.lo),
  hi: f(x.hi, y.hi),
});

export const selectWords = (b: Emitter, condition: Value, x: Words, y: Words): Words =>
  zipWords(x, y, (p, q) => b.select(condition, p, q));

export function addWords(b: Emitter, x: Words, y: Words): Words {
  const { add, lt, u32 } = integerOps(b);
  const lo = add(x.lo, y.lo);
  return { lo, hi: add(add(x.hi, y.hi), u32(lt(lo, x.lo))) };
}

export function subWords(b: Emitter, x: Words, y: Words): Words {
  const { sub, lt, u32 } = integerOps(b);
  return { lo: sub(x.lo, y.lo), hi: sub(sub(x.hi, y.hi), u32(lt(x.lo, y.lo))) };
}

export const negateWords = (b: Emitter, x: Words): Words => subWords(b, fullWords(b, x, 0n), x);

export function equalWords(b: Emitter, x: Words, y: Words): Value {
  const { and, eq } = integerOps(b);
  return and(eq(x.hi, y.hi), eq(x.lo, y.lo));
}

export function isZeroWords(b: Emitter, x: Words): Value {
  const { or, eq } = integerOps(b);
  return eq(or(x.lo, x.hi), 0);
}

/** x < y, of unsigned words. */
export function lessWords(b: Emitter, x: Words, y: Words): Value {
  const { and, or, eq, lt } = integerOps(b);
  return or(lt(x.hi, y.hi), and(eq(x.hi, y.hi), lt(x.lo, y.lo)));
}

/** x << n and x >> n for one n from 0 to 63. */
export function shiftLeftBy(b: Emitter, x: Words, n: number): Words {
  const { or, shl, shr } = integerOps(b);
  if (n === 0) return x;
  if (n >= 32) return { lo: b.full(x.lo, 0), hi: n === 32 ? x.lo : shl(x.lo, n - 32) };
  return { lo: shl(x.lo, n), hi: or(shl(x.hi, n), shr(x.lo, 32 - n)) };
}

export function shiftRightBy(b: Emitter, x: Words, n: number): Words {
  const { or, shl, shr } = integerOps(b);
  if (n === 0) return x;
  if (n >= 32) return { lo: n === 32 ? x.hi : shr(x.hi, n - 32), hi: b.full(x.hi, 0) };
  return { lo: or(shr(x.lo, n), shl(x.hi, 32 - n)), hi: shr(x.hi, n) };
}

/** x << n for counts n, u32 values from 0 to 63. */
export function shiftLeft(b: Emitter, x: Words, n: Value): Words {
  const { or, shl, shr, lt, select, sub } = integerOps(b);
  const isShort = lt(n, 32);
  const low = shl(x.lo, n);
  // Two shifts: one by 32 - n would be none where n is 0.
  const carried = shr(shr(x.lo, 1), sub(b.full(n, 31), n));
  return { lo: b.select(isShort, low, b.full(low, 0)), hi: select(isShort, or(shl(x.hi, n), carried), low) };
}

/** x >> n for counts n, u32 values from 0 to 63; `fill` is the word that comes in from the left: 0, or the sign's. */
export function shiftRight(b: Emitter, x: Words, n: Value, fill?: Value): Words {
  const { or, shl, shr, lt, select, sub, bits } = integerOps(b);
  const isShort = lt(n, 32);
  const high = fill === undefined ? shr(x.hi, n) : bits(shr(bits(x.hi, 'i32'), bits(n, 'i32')), 'u32');
  const carried = shl(shl(x.hi, 1), sub(b.full(n, 31), n));
  return {
    lo: select(isShort, or(shr(x.lo, n), carried), high),
    hi: select(isShort, high, fill ?? b.full(high, 0)),
  };
}

/** The word of ones where x, as a signed number, is negative; else of zeros. */
export const signWord = (b: Emitter, x: Value): Value => {
  const { shr, bits } = integerOps(b);
  return bits(shr(bits(x, 'i32'), 31), 'u32');
};

/** x >> n, whose lowest bit is set where a bit that is shifted out was: so a later rounding sees it. */
export function shiftRightSticky(b: Emitter, x: Words, n: Value): Words {
  const { or, not, u32 } = integerOps(b);
  const shifted = shiftRight(b, x, n);
  const isExact = equalWords(b, shiftLeft(b, shifted, n), x);
  return { lo: or(shifted.lo, u32(not(isExact))), hi: shifted.hi };
}

/** How many zeros stand before the first one; 64 of 0. */
export function leadingZerosOf(b: Emitter, x: Words): Value {
  const { add, eq, select } = integerOps(b);
  const isShort = eq(x.hi, 0);
  const zeros = leadingZeros(b, select(isShort, x.lo, x.hi));
  return select(isShort, add(zeros, 32), zeros);
}

/** The product of two u32 in full. */
export function multiplyWide(b: Emitter, x: Value, y: Value): Words {
  const { add, and, mul, shr } = integerOps(b);
  const [x0, x1, y0, y1] = [and(x, 0xffff), shr(x, 16), and(y, 0xffff), shr(y, 16)];
  const [cross, other] = [mul(x0, y1), mul(x1, y0)];
  const middle = add(add(shr(mul(x0, y0), 16), and(cross, 0xffff)), and(other, 0xffff));
  const high = add(add(mul(x1, y1), shr(cross, 16)), add(shr(other, 16), shr(middle, 16)));
  return { lo: mul(x, y), hi: high };
}

/** The lower half of the product. */
export function multiplyWords(b: Emitter, x: Words, y: Words): Words {
  const { add, mul } = integerOps(b);
  const { lo, hi } = multiplyWide(b, x.lo, y.lo);
  return { lo, hi: add(hi, add(mul(x.lo, y.hi), mul(x.hi, y.lo))) };
}

/** The product in full, as its two halves. */
export function multiplyFull(b: Emitter, x: Words, y: Words): { readonly low: Words; readonly high: Words } {
  const zero = b.full(x.lo, 0);
  const [ll, lh, hl, hh] = [
    multiplyWide(b, x.lo, y.lo),
    multiplyWide(b, x.lo, y.hi),
    multiplyWide(b, x.hi, y.lo),
    multiplyWide(b, x.hi, y.hi),
  ];
  const second = addWords(b, addWords(b, { lo: ll.hi, hi: zero }, { lo: lh.lo, hi: zero }), { lo: hl.lo, hi: zero }); // prettier-ignore
  const third = addWords(b, { lo: lh.hi, hi: zero }, { lo: hl.hi, hi: zero });
  const high = addWords(b, addWords(b, hh, third), { lo: second.hi, hi: zero });
  return { low: { lo: ll.lo, hi: second.lo }, high };
}
