/** The WGSL text of every primitive, and the names of functions. */
import { MATH } from '../../numerics/math/index.js';
import type { Callee, Prim } from '../ssa/instr.js';

/** An expression as it stands by itself, and as it stands in another one. */
export interface Text {
  readonly whole: string;
  readonly operand: string;
}

export const atom = (text: string): Text => ({ whole: text, operand: text });
const infix = (text: string): Text => ({ whole: text, operand: `(${text})` });

const asU32 = (text: string): string => `bitcast<u32>(${text})`;

/** A half of an integer, with its sign. */
const lowHalf = (text: string): string => `(bitcast<i32>(${text} << 16u) >> 16u)`;
const highHalf = (text: string): string => `(bitcast<i32>(${text}) >> 16u)`;

/** How many operands, from the first one on, an operation takes as signed integers. */
export const SIGNED_OPERANDS: Readonly<Partial<Record<Prim, number>>> = {
  i2f: 1,
  isar: 1,
  sdiv: 2,
  srem: 2,
  smin: 2,
  smax: 2,
  lts: 2,
};

/** Operands come as text that can stand as one, of the type that the operation takes. */
export const PRIM_TEXT: Readonly<Record<Prim, (...args: readonly string[]) => Text>> = {
  add: (a, b) => infix(`${a} + ${b}`),
  sub: (a, b) => infix(`${a} - ${b}`),
  mul: (a, b) => infix(`${a} * ${b}`),
  div: (a, b) => atom(`divide(${a}, ${b})`),
  sqrt: (a) => atom(`square_root(${a})`),
  mac: (acc, a, b) => atom(`mac(${acc}, ${a}, ${b})`),
  opaque: (a) => atom(`rn(${a})`),
  iopaque: (a) => infix(`${a} ^ numerics.zero`),
  bits: (a) => atom(`bitcast<u32>(${a})`),
  float: (a) => atom(`bitcast<f32>(${a})`),
  i2f: (a) => atom(`f32(${a})`),
  f2i: (a) => atom(asU32(`i32(${a})`)),
  iadd: (a, b) => infix(`${a} + ${b}`),
  isub: (a, b) => infix(`${a} - ${b}`),
  imul: (a, b) => infix(`${a} * ${b}`),
  iand: (a, b) => infix(`${a} & ${b}`),
  ior: (a, b) => infix(`${a} | ${b}`),
  ixor: (a, b) => infix(`${a} ^ ${b}`),
  inot: (a) => infix(`~${a}`),
  ishl: (a, b) => infix(`${a} << ${b}`),
  ishr: (a, b) => infix(`${a} >> ${b}`),
  isar: (a, b) => atom(asU32(`${a} >> ${b}`)),
  iclz: (a) => atom(`countLeadingZeros(${a})`),
  high8: (a) =>
    atom(asU32(`((bitcast<i32>(${a} << 16u) >> 24u) & 0xffff) | ((bitcast<i32>(${a}) >> 24u) << 16u)`)),
  dot16: (a, b) => atom(asU32(`${lowHalf(a)} * ${lowHalf(b)} + ${highHalf(a)} * ${highHalf(b)}`)),
  udiv: (a, b) => infix(`${a} / ${b}`),
  urem: (a, b) => infix(`${a} % ${b}`),
  sdiv: (a, b) => atom(asU32(`${a} / ${b}`)),
  srem: (a, b) => atom(asU32(`${a} % ${b}`)),
  umin: (a, b) => atom(`min(${a}, ${b})`),
  umax: (a, b) => atom(`max(${a}, ${b})`),
  smin: (a, b) => atom(asU32(`min(${a}, ${b})`)),
  smax: (a, b) => atom(asU32(`max(${a}, ${b})`)),
  ltu: (a, b) => infix(`${a} < ${b}`),
  lts: (a, b) => infix(`${a} < ${b}`),
  ieq: (a, b) => infix(`${a} == ${b}`),
  beq: (a, b) => infix(`${a} == ${b}`),
  band: (a, b) => infix(`${a} && ${b}`),
  bor: (a, b) => infix(`${a} || ${b}`),
  bnot: (a) => infix(`!${a}`),
  select: (c, t, f) => atom(`select(${f}, ${t}, ${c})`),
  iselect: (c, t, f) => atom(`select(${f}, ${t}, ${c})`),
  bselect: (c, t, f) => atom(`select(${f}, ${t}, ${c})`),
};

/** Math functions have a suffix: WGSL itself gives some of their names to something else. */
export const calleeName = (fn: Callee): string => (Object.hasOwn(MATH, fn) ? `${fn}_` : fn);
