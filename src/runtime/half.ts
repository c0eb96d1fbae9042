/**
 * Conversion of f16 on the host, in numbers: the same as src/numerics/math/half, which kernels run. f16 are their 16 bits.
 */
import { f32Bits, f32FromBits } from '../numerics/bits.js';

/** 65520, halfway between the largest f16 and 65536. */
const OVERFLOW = 65520;
const ROUNDER = 2 ** 52;

/** The f16 nearest to `x`, ties to even; overflow to infinity, NaN to 0x7e00. */
export function toHalf(x: number): number {
  const size = Math.abs(x);
  const sign = (f32Bits(x) >>> 16) & 0x8000;
  if (!(size < OVERFLOW)) return sign | (size >= OVERFLOW ? 0x7c00 : 0x7e00);
  // Of the unit below the significand; f16 below 2^-14 have that of 2^-14. Doubles have no bits for fractions above 2^52.
  const exponent = Math.max(-14, (f32Bits(size) >>> 23) - 127);
  const units = size * 2 ** (10 - exponent) + ROUNDER - ROUNDER;
  return sign | (((exponent + 14) << 10) + units);
}

/** The number that an f16 is; higher bits are ignored. */
export function fromHalf(half: number): number {
  // As an f32, subnormals among them, its exponent is less by 112; infinity becomes 2^16, and NaN more.
  const size = f32FromBits((half & 0x7fff) << 13) * 2 ** 112;
  const value = size < 65536 ? size : size > 65536 ? NaN : Infinity;
  return half & 0x8000 ? -value : value;
}
