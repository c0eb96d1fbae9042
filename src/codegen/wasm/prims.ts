/** What every primitive is in WebAssembly: for values that all lanes share, and for vectors of four. */
import type { MathFn } from '../../numerics/math/index.js';
import type { Prim } from '../ssa/instr.js';
import type { Mnemonic, WasmInstr } from './opcodes.js';

/** Instructions that follow the operands, which come in their order, or in `order`. */
export interface Recipe {
  readonly order?: readonly number[];
  readonly code: readonly WasmInstr[];
}

/** Code that uses operands several times: each is in a local by then. */
export type Expansion = (...operands: readonly WasmInstr[]) => readonly WasmInstr[];

export type Form = Recipe | { readonly expand: Expansion };

const instr = (op: Mnemonic, ...immediates: readonly number[]): WasmInstr => ({ op, immediates });
const ops = (...list: readonly Mnemonic[]): Recipe => ({ code: list.map((op) => instr(op)) });
/** Of the operands (cond, a, b), as both kinds of select take them. */
const select = (op: Mnemonic): Recipe => ({ order: [1, 2, 0], code: [instr(op)] });
const NOTHING: Recipe = { code: [] };

const choose = (isFirst: Mnemonic): Form => ({
  expand: (a, b) => [a, b, a, b, instr(isFirst), instr('select')],
});

/** The divisor, or 1 in place of 0: a / 0 is a, and a % 0 is 0. */
const nonzero = (b: WasmInstr): readonly WasmInstr[] => [b, b, instr('i32.eqz'), instr('i32.or')];

/** A half of an integer, with its sign. */
const highHalf = (a: WasmInstr): readonly WasmInstr[] => [a, instr('i32.const', 16), instr('i32.shr_s')];
const lowHalf = (a: WasmInstr): readonly WasmInstr[] => [
  ...[a, instr('i32.const', 16), instr('i32.shl')],
  ...[instr('i32.const', 16), instr('i32.shr_s')],
];

/** Of a value on which all lanes agree: u32 and bool (0 or 1) are i32. */
export const SCALAR_PRIMS: Readonly<Record<Prim, Form>> = {
  add: ops('f32.add'),
  sub: ops('f32.sub'),
  mul: ops('f32.mul'),
  div: ops('f32.div'),
  sqrt: ops('f32.sqrt'),
  mac: ops('f32.mul', 'f32.add'),
  opaque: NOTHING,
  iopaque: NOTHING,
  bits: ops('i32.reinterpret_f32'),
  float: ops('f32.reinterpret_i32'),
  i2f: ops('f32.convert_i32_s'),
  f2i: ops('i32.trunc_sat_f32_s'),
  iadd: ops('i32.add'),
  isub: ops('i32.sub'),
  imul: ops('i32.mul'),
  iand: ops('i32.and'),
  ior: ops('i32.or'),
  ixor: ops('i32.xor'),
  inot: { code: [instr('i32.const', -1), instr('i32.xor')] },
  ishl: ops('i32.shl'),
  ishr: ops('i32.shr_u'),
  isar: ops('i32.shr_s'),
  iclz: ops('i32.clz'),
  high8: {
    expand: (a) => [
      ...[a, instr('i32.const', 16), instr('i32.shl'), instr('i32.const', 24), instr('i32.shr_s')],
      ...[instr('i32.const', 0xffff), instr('i32.and')],
      ...[a, instr('i32.const', 24), instr('i32.shr_s'), instr('i32.const', 16), instr('i32.shl')],
      instr('i32.or'),
    ],
  },
  dot16: {
    expand: (a, b) => [
      ...[...lowHalf(a), ...lowHalf(b), instr('i32.mul')],
      ...[...highHalf(a), ...highHalf(b), instr('i32.mul'), instr('i32.add')],
    ],
  },
  udiv: { expand: (a, b) => [a, ...nonzero(b), instr('i32.div_u')] },
  urem: { expand: (a, b) => [a, ...nonzero(b), instr('i32.rem_u')] },
  // The least integer divided by -1 would trap: by -1 the quotient is -a, modulo 2^32.
  sdiv: {
    expand: (a, b) => [
      ...[instr('i32.const', 0), a, instr('i32.sub')],
      ...[a, instr('i32.const', 1), b, b, instr('i32.const', 1), instr('i32.add'), instr('i32.const', 2)],
      ...[instr('i32.lt_u'), instr('select'), instr('i32.div_s')],
      ...[b, instr('i32.const', -1), instr('i32.eq'), instr('select')],
    ],
  },
  srem: { expand: (a, b) => [a, ...nonzero(b), instr('i32.rem_s')] },
  umin: choose('i32.lt_u'),
  umax: choose('i32.gt_u'),
  smin: choose('i32.lt_s'),
  smax: choose('i32.gt_s'),
  ltu: ops('i32.lt_u'),
  lts: ops('i32.lt_s'),
  ieq: ops('i32.eq'),
  band: ops('i32.and'),
  bor: ops('i32.or'),
  bnot: ops('i32.eqz'),
  beq: ops('i32.eq'),
  select: select('select'),
  iselect: select('select'),
  bselect: select('select'),
};

/** Primitives for which there is no instruction on vectors: they are done lane by lane. */
export const LANEWISE = [
  'ishl',
  'ishr',
  'isar',
  'iclz',
  'udiv',
  'urem',
  'sdiv',
  'srem',
] as const satisfies Prim[];
export type LanewisePrim = (typeof LANEWISE)[number];

/** On vectors; a bool is a mask, all bits of a lane alike. */
export const VECTOR_PRIMS: Readonly<Record<Exclude<Prim, LanewisePrim>, Recipe>> = {
  add: ops('f32x4.add'),
  sub: ops('f32x4.sub'),
  mul: ops('f32x4.mul'),
  div: ops('f32x4.div'),
  sqrt: ops('f32x4.sqrt'),
  mac: ops('f32x4.mul', 'f32x4.add'),
  opaque: NOTHING,
  iopaque: NOTHING,
  bits: NOTHING,
  float: NOTHING,
  i2f: ops('f32x4.convert_i32x4_s'),
  f2i: ops('i32x4.trunc_sat_f32x4_s'),
  iadd: ops('i32x4.add'),
  isub: ops('i32x4.sub'),
  imul: ops('i32x4.mul'),
  iand: ops('v128.and'),
  ior: ops('v128.or'),
  ixor: ops('v128.xor'),
  inot: ops('v128.not'),
  high8: { code: [instr('i32.const', 8), instr('i16x8.shr_s')] },
  dot16: ops('i32x4.dot_i16x8_s'),
  umin: ops('i32x4.min_u'),
  umax: ops('i32x4.max_u'),
  smin: ops('i32x4.min_s'),
  smax: ops('i32x4.max_s'),
  ltu: ops('i32x4.lt_u'),
  lts: ops('i32x4.lt_s'),
  ieq: ops('i32x4.eq'),
  band: ops('v128.and'),
  bor: ops('v128.or'),
  bnot: ops('v128.not'),
  beq: ops('v128.xor', 'v128.not'),
  select: select('v128.bitselect'),
  iselect: select('v128.bitselect'),
  bselect: select('v128.bitselect'),
};

/** Shifts of all lanes by the same count. */
export const VECTOR_SHIFTS = {
  ishl: 'i32x4.shl',
  ishr: 'i32x4.shr_u',
  isar: 'i32x4.shr_s',
} as const satisfies Partial<Record<Prim, Mnemonic>>;

export const isShift = (prim: Prim): prim is keyof typeof VECTOR_SHIFTS => Object.hasOwn(VECTOR_SHIFTS, prim);
export const isLanewise = (prim: Prim): prim is LanewisePrim => (LANEWISE as readonly Prim[]).includes(prim);

/**
 * The math functions that WebAssembly defines as Heddle does: IEEE 754 comparisons, `minimum` and `maximum`, roundings that
 * keep the sign of zero, conversions that round to even or saturate, with 0 for NaN. Exhaustive tests hold them to it.
 */
export const NATIVE_MATH: Readonly<
  Partial<Record<MathFn, { readonly scalar: Recipe; readonly vector: Recipe }>>
> = {
  min: { scalar: ops('f32.min'), vector: ops('f32x4.min') },
  max: { scalar: ops('f32.max'), vector: ops('f32x4.max') },
  lt: { scalar: ops('f32.lt'), vector: ops('f32x4.lt') },
  le: { scalar: ops('f32.le'), vector: ops('f32x4.le') },
  eq: { scalar: ops('f32.eq'), vector: ops('f32x4.eq') },
  abs: { scalar: ops('f32.abs'), vector: ops('f32x4.abs') },
  neg: { scalar: ops('f32.neg'), vector: ops('f32x4.neg') },
  floor: { scalar: ops('f32.floor'), vector: ops('f32x4.floor') },
  ceil: { scalar: ops('f32.ceil'), vector: ops('f32x4.ceil') },
  trunc: { scalar: ops('f32.trunc'), vector: ops('f32x4.trunc') },
  roundEven: { scalar: ops('f32.nearest'), vector: ops('f32x4.nearest') },
  f32ToI32: { scalar: ops('i32.trunc_sat_f32_s'), vector: ops('i32x4.trunc_sat_f32x4_s') },
  f32ToU32: { scalar: ops('i32.trunc_sat_f32_u'), vector: ops('i32x4.trunc_sat_f32x4_u') },
  i32ToF32: { scalar: ops('f32.convert_i32_s'), vector: ops('f32x4.convert_i32x4_s') },
  u32ToF32: { scalar: ops('f32.convert_i32_u'), vector: ops('f32x4.convert_i32x4_u') },
};
