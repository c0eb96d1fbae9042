/** The integer patterns: operations whose edge cases WGSL compilers patch up, and conversions where kernels rely on them. */
import type { Column, Columns } from './columns.js';
import type { Patterns } from './sheet.js';

/** |a|, as a u32. */
const magnitude = (s: Columns, a: Column): Column => s.iselect(s.lts(a, 0), s.isub(0, a), a);

/** Rounded towards zero. WGSL defines a / 0 and INT_MIN / -1 as a; the latter is what comes out here. */
function quotient(s: Columns, a: Column, b: Column): Column {
  const size = s.udiv(magnitude(s, a), magnitude(s, b));
  return s.iselect(s.ieq(b, 0), a, s.iselect(s.lts(s.ixor(a, b), 0), s.isub(0, size), size));
}

const remainder = (s: Columns, a: Column, b: Column): Column =>
  s.iselect(s.ieq(b, 0), 0, s.isub(a, s.imul(quotient(s, a, b), b)));

export const INTEGERS: Patterns = {
  'a + b': (s, a, b) => s.iadd(a, b),
  'a - b': (s, a, b) => s.isub(a, b),
  'a * b': (s, a, b) => s.imul(a, b),
  '~a': (s, a) => s.ixor(a, 0xffffffff),
  'a / b': (s, a, b) => s.iselect(s.ieq(b, 0), a, s.udiv(a, b)),
  'a % b': (s, a, b) => s.iselect(s.ieq(b, 0), 0, s.urem(a, b)),
  'bitcast<u32>(bitcast<i32>(a) / bitcast<i32>(b))': quotient,
  'bitcast<u32>(bitcast<i32>(a) % bitcast<i32>(b))': remainder,
  'a << b': (s, a, b) => s.ishl(a, b),
  'a >> b': (s, a, b) => s.ishr(a, b),
  'bitcast<u32>(bitcast<i32>(a) >> b)': (s, a, b) => s.isar(a, b),
  'countLeadingZeros(a)': (s, a) => s.iclz(a),
  'select(a, b, a < c)': (s, a, b, c) => s.iselect(s.ltu(a, c), b, a),
  'select(a, b, bitcast<i32>(a) < bitcast<i32>(c))': (s, a, b, c) => s.iselect(s.lts(a, c), b, a),
  'min(a, b)': (s, a, b) => s.iselect(s.ltu(a, b), a, b),
  'max(a, b)': (s, a, b) => s.iselect(s.ltu(a, b), b, a),
  'bitcast<u32>(min(bitcast<i32>(a), bitcast<i32>(b)))': (s, a, b) => s.iselect(s.lts(a, b), a, b),
  'bitcast<u32>(max(bitcast<i32>(a), bitcast<i32>(b)))': (s, a, b) => s.iselect(s.lts(a, b), b, a),
  // Integers of 25 bits with sign, which are exact as f32.
  'bitcast<u32>(f32(bitcast<i32>(a) >> 7u))': (s, a) => s.bits(s.i2f(s.isar(a, 7))),
  // Magnitudes below 2, subnormals included; and those from 2 to 2^31.
  'bitcast<u32>(i32(bitcast<f32>(a & 0xbfffffffu)))': (s, a) => s.f2i(s.float(s.iand(a, 0xbfffffff))),
  'bitcast<u32>(i32(bitcast<f32>((a & 0x8effffffu) | 0x40000000u)))': (s, a) =>
    s.f2i(s.float(s.ior(s.iand(a, 0x8effffff), 0x40000000))),
};
