/** The WGSL text of every primitive, and the names of functions. */
import { MATH } from '../../numerics/math/index.js';
import type { Callee, Prim } from '../ssa/instr.js';

const asU32 = (text: string): string => `bitcast<u32>(${text})`;

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
export const PRIM_TEXT: Readonly<Record<Prim, (...args: readonly string[]) => string>> = {
  add: (a, b) => `(${a} + ${b})`,
  sub: (a, b) => `(${a} - ${b})`,
  mul: (a, b) => `(${a} * ${b})`,
  div: (a, b) => `divide(${a}, ${b})`,
  sqrt: (a) => `square_root(${a})`,
  mac: (acc, a, b) => `mac(${acc}, ${a}, ${b})`,
  opaque: (a) => `rn(${a})`,
  iopaque: (a) => `(${a} ^ numerics.zero)`,
  bits: (a) => `bitcast<u32>(${a})`,
  float: (a) => `bitcast<f32>(${a})`,
  i2f: (a) => `f32(${a})`,
  f2i: (a) => asU32(`i32(${a})`),
  iadd: (a, b) => `(${a} + ${b})`,
  isub: (a, b) => `(${a} - ${b})`,
  imul: (a, b) => `(${a} * ${b})`,
  iand: (a, b) => `(${a} & ${b})`,
  ior: (a, b) => `(${a} | ${b})`,
  ixor: (a, b) => `(${a} ^ ${b})`,
  inot: (a) => `(~${a})`,
  ishl: (a, b) => `(${a} << ${b})`,
  ishr: (a, b) => `(${a} >> ${b})`,
  isar: (a, b) => asU32(`${a} >> ${b}`),
  iclz: (a) => `countLeadingZeros(${a})`,
  udiv: (a, b) => `(${a} / ${b})`,
  urem: (a, b) => `(${a} % ${b})`,
  sdiv: (a, b) => asU32(`${a} / ${b}`),
  srem: (a, b) => asU32(`${a} % ${b}`),
  umin: (a, b) => `min(${a}, ${b})`,
  umax: (a, b) => `max(${a}, ${b})`,
  smin: (a, b) => asU32(`min(${a}, ${b})`),
  smax: (a, b) => asU32(`max(${a}, ${b})`),
  ltu: (a, b) => `(${a} < ${b})`,
  lts: (a, b) => `(${a} < ${b})`,
  ieq: (a, b) => `(${a} == ${b})`,
  beq: (a, b) => `(${a} == ${b})`,
  band: (a, b) => `(${a} && ${b})`,
  bor: (a, b) => `(${a} || ${b})`,
  bnot: (a) => `(!${a})`,
  select: (c, t, f) => `select(${f}, ${t}, ${c})`,
  iselect: (c, t, f) => `select(${f}, ${t}, ${c})`,
  bselect: (c, t, f) => `select(${f}, ${t}, ${c})`,
};

/** Math functions have a suffix: WGSL itself gives some of their names to something else. */
export const calleeName = (fn: Callee): string => (Object.hasOwn(MATH, fn) ? `${fn}_` : fn);
