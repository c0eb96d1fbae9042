import { f32FromBits } from '../../numerics/bits.js';
import type { ScalarType } from '../ssa/instr.js';

const ONE = 0x3f800000;
const MIN_NORMAL = 0x00800000;
const INFINITY_BITS = 0x7f800000;

/**
 * A float constant that the driver can see. Shortest f64 decimals are printed, which every parser reads back to the
 * same f32 because the f32 is exactly that f64.
 */
function visible(bits: number): string {
  const text = String(f32FromBits(bits)).replace('e+', 'e');
  return `${text}f`;
}

/** A float constant that the driver cannot see through; needed for values that WGSL cannot write, too. */
const hidden = (bits: number): string => `f32_bits(0x${bits.toString(16).padStart(8, '0')}u)`;

/**
 * Constants that drivers fold algebraically (x * 0, x + 0, x * 1, 0 - x) are hidden where they take part in float
 * arithmetic, in divisions all of them are (x / C would become x * (1 / C)), and so is everywhere what WGSL refuses as a
 * constant: infinities, NaN, subnormals.
 */
export function floatLiteral(bits: number, use: 'arithmetic' | 'hidden' | 'other'): string {
  const magnitude = bits & 0x7fffffff;
  if (magnitude >= INFINITY_BITS || (magnitude < MIN_NORMAL && bits !== 0)) return hidden(bits);
  if (use === 'hidden' || (use === 'arithmetic' && (magnitude === 0 || magnitude === ONE)))
    return hidden(bits);
  return visible(bits);
}

export function literal(type: ScalarType, bits: number): string {
  if (type === 'f32') return floatLiteral(bits, 'other');
  return type === 'u32' ? `${bits >>> 0}u` : bits === 0 ? 'false' : 'true';
}

/** An i32 with these bits. */
export function signedLiteral(bits: number): string {
  const value = bits | 0;
  // The least integer has no literal: 2147483648i is too large before the sign is read.
  return value === -(2 ** 31) ? `i32(${value})` : `${value}i`;
}
