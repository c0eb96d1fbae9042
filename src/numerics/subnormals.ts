/**
 * What devices do with subnormals, the f32 values between 0 and 2^-126 in magnitude.
 */
import { MIN_NORMAL } from './bits.js';

/** In float arithmetic a device keeps subnormals, as IEEE 754 says, or replaces them by zeros of the same sign. */
export type SubnormalMode = 'preserve' | 'flush';

/**
 * The least magnitude that 24-bit rounding with an unbounded exponent takes up to 2^-126: the midpoint between
 * 2^-126 and its predecessor 2^-126 - 2^-150 on that grid (a tie, which goes to the even 2^-126).
 */
const FLUSH_LIMIT = 2 ** -126 - 2 ** -151;

/** A subnormal operand of a float operation, as a flushing device sees it: a zero of the same sign. */
export function flushInput(x: number): number {
  return x > -MIN_NORMAL && x < MIN_NORMAL ? x * 0 : x;
}

/**
 * Rounds the exact result of a float operation as a flushing device does. x86 (FTZ) and with it SwiftShader decide
 * *after rounding to 24 bits but before the subnormal grid*: 0x00ffffff * 0.5 is a zero there, although rounding it
 * to the subnormal grid would give 2^-126.
 *
 * `exact` may be a double that was rounded once from + - * / sqrt on f32 operands: 53 >= 2 * 24 + 2 bits make the
 * second rounding harmless, and a quotient that is not FLUSH_LIMIT itself (none is, 2^25 - 1 being odd and too long)
 * is more than a double's rounding error away from it.
 */
export function roundFlush(exact: number): number {
  return exact > -FLUSH_LIMIT && exact < FLUSH_LIMIT ? exact * 0 : Math.fround(exact);
}
