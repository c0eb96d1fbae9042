/** The integer patterns: operations whose edge cases WGSL compilers patch up, and conversions where kernels rely on them. */
import type { Patterns } from './sheet.js';

const u = (word: number): number => word >>> 0;
const INT_MIN = -(2 ** 31);
/** WGSL defines a / 0 and INT_MIN / -1 as a. */
const quotient = (a: number, b: number): number =>
  b === 0 || (a === INT_MIN && b === -1) ? a : Math.trunc(a / b);
const remainder = (a: number, b: number): number => (b === 0 || (a === INT_MIN && b === -1) ? 0 : a % b);

export const INTEGERS: Patterns = {
  'a + b': (s, a, b) => s.iadd(a, b),
  'a - b': (s, a, b) => s.isub(a, b),
  'a * b': (s, a, b) => s.imul(a, b),
  '~a': (_, a) => ~a,
  'a / b': (_, a, b) => (b === 0 ? a : u(a) / u(b)),
  'a % b': (_, a, b) => (b === 0 ? 0 : u(a) % u(b)),
  'bitcast<u32>(bitcast<i32>(a) / bitcast<i32>(b))': (_, a, b) => quotient(a, b),
  'bitcast<u32>(bitcast<i32>(a) % bitcast<i32>(b))': (_, a, b) => remainder(a, b),
  'a << b': (s, a, b) => s.ishl(a, b),
  'a >> b': (s, a, b) => s.ishr(a, b),
  'bitcast<u32>(bitcast<i32>(a) >> b)': (s, a, b) => s.isar(a, b),
  'countLeadingZeros(a)': (s, a) => s.iclz(a),
  'select(a, b, a < c)': (s, a, b, c) => (s.ltu(a, c) ? b : a),
  'select(a, b, bitcast<i32>(a) < bitcast<i32>(c))': (s, a, b, c) => (s.lts(a, c) ? b : a),
  'min(a, b)': (_, a, b) => Math.min(u(a), u(b)),
  'max(a, b)': (_, a, b) => Math.max(u(a), u(b)),
  'bitcast<u32>(min(bitcast<i32>(a), bitcast<i32>(b)))': (_, a, b) => Math.min(a, b),
  'bitcast<u32>(max(bitcast<i32>(a), bitcast<i32>(b)))': (_, a, b) => Math.max(a, b),
  // Integers of 25 bits with sign, which are exact as f32.
  'bitcast<u32>(f32(bitcast<i32>(a) >> 7u))': (s, a) => s.bits(s.i2f(a >> 7)),
  // Magnitudes below 2, subnormals included; and those from 2 to 2^31.
  'bitcast<u32>(i32(bitcast<f32>(a & 0xbfffffffu)))': (s, a) => s.f2i(s.float(a & 0xbfffffff)),
  'bitcast<u32>(i32(bitcast<f32>((a & 0x8effffffu) | 0x40000000u)))': (s, a) =>
    s.f2i(s.float((a & 0x8effffff) | 0x40000000)),
};

/** Operands where the patterns above have their edges. */
export const INTEGER_WORDS: readonly number[] = [
  0, 1, 2, 7, 31, 32, 33, 0x00ffffff, 0x01000001, 0x7fffffff, 0x80000000, 0x80000001, 0xfffffff9, 0xffffffff,
];
