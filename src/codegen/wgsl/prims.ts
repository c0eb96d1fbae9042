/** The WGSL text of every primitive. Arguments come as text that can stand as an operand. */
import type { Prim } from '../ssa/instr.js';

const signed = (text: string): string => {
  const literal = /^(\d+)u$/.exec(text)?.[1];
  if (literal === undefined) return `bitcast<i32>(${text})`;
  const value = Number(literal) | 0;
  // The least integer has no literal: 2147483648i is too large before the sign is read.
  return value === -(2 ** 31) ? `i32(${value})` : `${value}i`;
};
const asU32 = (text: string): string => `bitcast<u32>(${text})`;

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
  i2f: (a) => `f32(${signed(a)})`,
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
  isar: (a, b) => asU32(`${signed(a)} >> ${b}`),
  iclz: (a) => `countLeadingZeros(${a})`,
  udiv: (a, b) => `(${a} / ${b})`,
  urem: (a, b) => `(${a} % ${b})`,
  sdiv: (a, b) => asU32(`${signed(a)} / ${signed(b)}`),
  srem: (a, b) => asU32(`${signed(a)} % ${signed(b)}`),
  umin: (a, b) => `min(${a}, ${b})`,
  umax: (a, b) => `max(${a}, ${b})`,
  smin: (a, b) => asU32(`min(${signed(a)}, ${signed(b)})`),
  smax: (a, b) => asU32(`max(${signed(a)}, ${signed(b)})`),
  ltu: (a, b) => `(${a} < ${b})`,
  lts: (a, b) => `(${signed(a)} < ${signed(b)})`,
  ieq: (a, b) => `(${a} == ${b})`,
  beq: (a, b) => `(${a} == ${b})`,
  band: (a, b) => `(${a} && ${b})`,
  bor: (a, b) => `(${a} || ${b})`,
  bnot: (a) => `(!${a})`,
  select: (c, t, f) => `select(${f}, ${t}, ${c})`,
  iselect: (c, t, f) => `select(${f}, ${t}, ${c})`,
  bselect: (c, t, f) => `select(${f}, ${t}, ${c})`,
};
