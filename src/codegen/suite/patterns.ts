/**
 * The float patterns: sequences in which drivers were seen, or are known, to reassociate, contract, factor or fold. Left of
 * the colon what the device runs, right of it what that means. See docs/numerics.md for who does what.
 */
import { f32FromBits } from '../../numerics/bits.js';
import type { Column, Columns } from './columns.js';
import type { Patterns } from './sheet.js';

/** Constants as the code generator writes them where a driver could fold them, and functions of several steps. */
export const HELPERS = `const ZERO = 0u;
const ONE = 0x3f800000u;
fn magnitude(x: f32) -> f32 { return bitcast<f32>(bitcast<u32>(x) & 0x7fffffffu); }
fn sum_minus_itself(a: f32, b: f32) -> f32 {
  let sum = rn(a + b);
  return sum - rn(sum);
}
fn two_sum_error(a: f32, b: f32) -> f32 {
  let sum = rn(a + b);
  let part = rn(sum - a);
  return rn(a - rn(sum - part)) + rn(b - part);
}
fn exp_argument(x: f32) -> f32 {
  let k = rn(rn(rn(x * 1.442695f) + 12582912f) - 12582912f);
  return rn(x - rn(k * 0.693145751953125f)) - rn(k * 1.4286068e-6f);
}
`;

const f = Math.fround;
const abs = (s: Columns, x: Column): Column => s.float(s.iand(s.bits(x), 0x7fffffff));

function twoSumError(s: Columns, a: Column, b: Column): Column {
  const sum = s.add(a, b);
  const part = s.sub(sum, a);
  return s.add(s.sub(a, s.sub(sum, part)), s.sub(b, part));
}

function expArgument(s: Columns, x: Column): Column {
  const k = s.sub(s.add(s.mul(x, f(1.442695)), 12582912), 12582912);
  return s.sub(s.sub(x, s.mul(k, 0.693145751953125)), s.mul(k, f(1.4286068e-6)));
}

/** One operation each, over operands around the subnormals: these show the device's subnormal mode. */
export const SUBNORMALS: Patterns = {
  'a * b': (s, a, b) => s.mul(a, b),
  'a + b': (s, a, b) => s.add(a, b),
  'a - b': (s, a, b) => s.sub(a, b),
  'rn(a * b) + c': (s, a, b, c) => s.add(s.mul(a, b), c),
  'mac(c, a, b)': (s, a, b, c) => s.add(c, s.mul(a, b)),
  'divide(a, b)': (s, a, b) => s.div(a, b),
  'square_root(a)': (s, a) => s.sqrt(a),
};

/** What must not touch a bit, subnormals and the sign of zero included. */
export const COPIES: Patterns = {
  a: (_, a) => a,
  'rn(a)': (_, a) => a,
  'select(b, a, bitcast<u32>(c) < 0x40000000u)': (s, a, b, c) => s.select(s.ltu(s.bits(c), 0x40000000), a, b),
  'bitcast<f32>(bitcast<u32>(a) ^ 0x80000000u)': (s, a) => s.float(s.ixor(s.bits(a), 0x80000000)),
  'magnitude(a)': abs,
};

/** Operations with neutral or equal operands, which drivers fold without regard to -0, NaN and infinities. */
export const IDENTITIES: Patterns = {
  'a + f32_bits(ZERO)': (s, a) => s.add(a, 0),
  'a - f32_bits(ZERO)': (s, a) => s.sub(a, 0),
  'f32_bits(ZERO) - a': (s, a) => s.sub(0, a),
  'a + f32_bits(0x80000000u)': (s, a) => s.add(a, -0),
  'a * f32_bits(ZERO)': (s, a) => s.mul(a, 0),
  'a * f32_bits(ONE)': (s, a) => s.mul(a, 1),
  'a * f32_bits(0xbf800000u)': (s, a) => s.mul(a, -1),
  'a - rn(a)': (s, a) => s.sub(a, a),
  'divide(a, rn(a))': (s, a) => s.div(a, a),
  'sum_minus_itself(a, b)': (s, a, b) => s.sub(s.add(a, b), s.add(a, b)),
  'divide(f32_bits(ZERO), a)': (s, a) => s.div(0, a),
  'divide(a, f32_bits(ONE))': (s, a) => s.div(a, 1),
  'a + a': (s, a) => s.add(a, a),
  'a * a': (s, a) => s.mul(a, a),
  'f32_bits(ZERO) - rn(a - b)': (s, a, b) => s.sub(0, s.sub(a, b)),
};

/** Sums and products that algebra would shorten. */
export const ALGEBRA: Patterns = {
  'rn(a * b) + c': (s, a, b, c) => s.add(s.mul(a, b), c),
  'rn(a * b) - c': (s, a, b, c) => s.sub(s.mul(a, b), c),
  'c - rn(a * b)': (s, a, b, c) => s.sub(c, s.mul(a, b)),
  'rn(a * b) + rn(a * c)': (s, a, b, c) => s.add(s.mul(a, b), s.mul(a, c)),
  'rn(a * b) - rn(a * c)': (s, a, b, c) => s.sub(s.mul(a, b), s.mul(a, c)),
  // Two barriers in a row must not cancel each other.
  'rn(rn(a + b)) - b': (s, a, b) => s.sub(s.add(a, b), b),
  'rn(a + b) - b': (s, a, b) => s.sub(s.add(a, b), b),
  'rn(a + b) - a': (s, a, b) => s.sub(s.add(a, b), a),
  'rn(a - b) + b': (s, a, b) => s.add(s.sub(a, b), b),
  'a - rn(a - b)': (s, a, b) => s.sub(a, s.sub(a, b)),
  'b - rn(rn(a + b) - a)': (s, a, b) => s.sub(b, s.sub(s.add(a, b), a)),
  'two_sum_error(a, b)': twoSumError,
  'rn(rn(a + b) + c) + a': (s, a, b, c) => s.add(s.add(s.add(a, b), c), a),
  'rn(a + b) + rn(b + c)': (s, a, b, c) => s.add(s.add(a, b), s.add(b, c)),
  'rn(rn(a * b) * c) * a': (s, a, b, c) => s.mul(s.mul(s.mul(a, b), c), a),
  'rn(a * b) * rn(a * b)': (s, a, b) => s.mul(s.mul(a, b), s.mul(a, b)),
  'rn(a + b) * c': (s, a, b, c) => s.mul(s.add(a, b), c),
  'a + rn(rn(b - a) * c)': (s, a, b, c) => s.add(a, s.mul(s.sub(b, a), c)),
  'rn(a * rn(f32_bits(ONE) - c)) + rn(b * c)': (s, a, b, c) => s.add(s.mul(a, s.sub(1, c)), s.mul(b, c)),
  'rn(rn(rn(a * b) + rn(b * c)) + rn(c * a)) + rn(a * a)': (s, a, b, c) =>
    s.add(s.add(s.add(s.mul(a, b), s.mul(b, c)), s.mul(c, a)), s.mul(a, a)),
};

/** Literals that drivers merge. */
export const CONSTANTS: Patterns = {
  'rn(a * 1.1f) * 1.3f': (s, a) => s.mul(s.mul(a, f(1.1)), f(1.3)),
  'rn(a + 1.1f) + 1.3f': (s, a) => s.add(s.add(a, f(1.1)), f(1.3)),
  'rn(1.1f - a) + 1.3f': (s, a) => s.add(s.sub(f(1.1), a), f(1.3)),
  'rn(a - 1.5f) * 2.5f': (s, a) => s.mul(s.sub(a, 1.5), 2.5),
  'rn(a * 2f) - a': (s, a) => s.sub(s.mul(a, 2), a),
  'rn(a * 3f) + a': (s, a) => s.add(s.mul(a, 3), a),
  'rn(a * 3f) + rn(a * 5.5f)': (s, a) => s.add(s.mul(a, 3), s.mul(a, 5.5)),
  'rn(a + 12582912f) - 12582912f': (s, a) => s.sub(s.add(a, 12582912), 12582912),
  'exp_argument(a)': expArgument,
  'rn(rn(rn(rn(a * 0.5f) + 0.1f) * a) + 0.2f) * a': (s, a) =>
    s.mul(s.add(s.mul(s.add(s.mul(a, 0.5), f(0.1)), a), f(0.2)), a),
};

/** Divisions and roots that drivers turn into others. */
export const QUOTIENTS: Patterns = {
  'divide(a, f32_bits(0x40400000u))': (s, a) => s.div(a, 3),
  'divide(a, f32_bits(0x3dcccccdu))': (s, a) => s.div(a, f32FromBits(0x3dcccccd)),
  'divide(a, f32_bits(0x40400000u)) * 1.7f': (s, a) => s.mul(s.div(a, 3), f(1.7)),
  'divide(1.7f, rn(a * 3.1f))': (s, a) => s.div(f(1.7), s.mul(a, f(3.1))),
  'divide(a, b) * b': (s, a, b) => s.mul(s.div(a, b), b),
  'divide(rn(a * b), b)': (s, a, b) => s.div(s.mul(a, b), b),
  'divide(divide(a, b), c)': (s, a, b, c) => s.div(s.div(a, b), c),
  'a * divide(f32_bits(ONE), b)': (s, a, b) => s.mul(a, s.div(1, b)),
  'divide(f32_bits(ONE), divide(f32_bits(ONE), a))': (s, a) => s.div(1, s.div(1, a)),
  'square_root(rn(a * a))': (s, a) => s.sqrt(s.mul(a, a)),
  'square_root(magnitude(a)) * square_root(magnitude(a))': (s, a) =>
    s.mul(s.sqrt(abs(s, a)), s.sqrt(abs(s, a))),
  'divide(f32_bits(ONE), square_root(magnitude(a)))': (s, a) => s.div(1, s.sqrt(abs(s, a))),
};

/** The multiply-add of dot products. */
export const MULTIPLY_ADDS: Patterns = {
  'mac(c, a, b)': (s, a, b, c) => s.add(c, s.mul(a, b)),
  'rn(mac(c, a, b)) - c': (s, a, b, c) => s.sub(s.add(c, s.mul(a, b)), c),
  'mac(f32_bits(0x80000000u), a, b)': (s, a, b) => s.add(-0, s.mul(a, b)),
  'mac(mac(mac(f32_bits(0x80000000u), a, b), b, c), a, c)': (s, a, b, c) =>
    s.add(s.add(s.add(-0, s.mul(a, b)), s.mul(b, c)), s.mul(a, c)),
  'mac(mac(c, a, 1.1f), a, 1.3f)': (s, a, _, c) => s.add(s.add(c, s.mul(a, f(1.1))), s.mul(a, f(1.3))),
  'rn(f32_bits(0x80000000u) + mac(c, a, b)) - c': (s, a, b, c) => s.sub(s.add(-0, s.add(c, s.mul(a, b))), c),
  'mac(c, rn(a + b), b)': (s, a, b, c) => s.add(c, s.mul(s.add(a, b), b)),
};

/** The two operations that WGSL does not ask devices to round correctly; over many operands. */
export const INEXACT_IN_WGSL: Patterns = {
  'divide(a, b)': (s, a, b) => s.div(a, b),
  'square_root(a)': (s, a) => s.sqrt(a),
};
