/** The lowering of every scalar op: SSA code from operand values, by the kind of the dtype. */
import { fault } from '../../base/errors.js';
import { isFloat, type DType } from '../../base/dtype.js';
import type { BinaryOp, CompareOp, UnaryOp } from '../../ir/ops.js';
import { preserveLang } from '../../numerics/js-lang.js';
import { MATH, roundF16, type MathFn } from '../../numerics/math/index.js';
import type { SsaBuilder } from '../ssa/builder.js';
import type { Ref, ScalarType } from '../ssa/instr.js';
import { SCALAR_OF_KIND } from '../kernel/functions.js';

/** The scalar type in which a kernel holds an element; f16 is held as the f32 that it equals. */
export const scalarTypeOf = (dtype: DType): ScalarType =>
  isFloat(dtype) ? 'f32' : dtype === 'bool' ? 'bool' : 'u32';

type Unary = (s: SsaBuilder, a: Ref) => Ref;
type Binary = (s: SsaBuilder, a: Ref, b: Ref) => Ref;

/** A call of a math function: its text stands once in the module. */
export function callMath(s: SsaBuilder, fn: MathFn, ...args: readonly Ref[]): Ref {
  return s.call(fn, SCALAR_OF_KIND[MATH[fn].result], ...args);
}

/** Short functions are better in place than as calls. */
const inlineMath = (s: SsaBuilder, fn: MathFn, ...args: readonly Ref[]): Ref =>
  MATH[fn].define<Ref, Ref, Ref>(s, ...args);

const called =
  (fn: MathFn): Unary =>
  (s, a) =>
    callMath(s, fn, a);

const UNARY_FLOAT: Readonly<Record<Exclude<UnaryOp, 'not'>, Unary>> = {
  neg: (s, a) => inlineMath(s, 'neg', a),
  abs: (s, a) => inlineMath(s, 'abs', a),
  sqrt: (s, a) => s.sqrt(a),
  sign: called('sign'),
  floor: called('floor'),
  ceil: called('ceil'),
  round: called('roundEven'),
  trunc: called('trunc'),
  exp: called('exp'),
  log: called('log'),
  sin: called('sin'),
  cos: called('cos'),
  tanh: called('tanh'),
  erf: called('erf'),
  sigmoid: called('sigmoid'),
  asin: called('asin'),
  acos: called('acos'),
  atan: called('atan'),
};

const UNARY_INT: Readonly<Partial<Record<UnaryOp, Record<'i32' | 'u32', Unary>>>> = {
  neg: { i32: (s, a) => s.isub(0, a), u32: (s, a) => s.isub(0, a) },
  abs: { i32: (s, a) => s.smax(a, s.isub(0, a)), u32: (_, a) => a },
  sign: {
    i32: (s, a) => s.ior(s.isar(a, 31), s.ishr(s.isub(0, a), 31)),
    u32: (s, a) => s.umin(a, 1),
  },
  not: { i32: (s, a) => s.inot(a), u32: (s, a) => s.inot(a) },
};

const BINARY_FLOAT: Readonly<Partial<Record<BinaryOp, Binary>>> = {
  add: (s, a, b) => s.add(a, b),
  sub: (s, a, b) => s.sub(a, b),
  mul: (s, a, b) => s.mul(a, b),
  div: (s, a, b) => s.div(a, b),
  rem: (s, a, b) => callMath(s, 'rem', a, b),
  pow: (s, a, b) => callMath(s, 'pow', a, b),
  min: (s, a, b) => callMath(s, 'min', a, b),
  max: (s, a, b) => callMath(s, 'max', a, b),
};

const same = (rule: Binary): Record<'i32' | 'u32', Binary> => ({ i32: rule, u32: rule });

const BINARY_INT: Readonly<Partial<Record<BinaryOp, Record<'i32' | 'u32', Binary>>>> = {
  add: same((s, a, b) => s.iadd(a, b)),
  sub: same((s, a, b) => s.isub(a, b)),
  mul: same((s, a, b) => s.imul(a, b)),
  div: { i32: (s, a, b) => s.sdiv(a, b), u32: (s, a, b) => s.udiv(a, b) },
  rem: { i32: (s, a, b) => s.srem(a, b), u32: (s, a, b) => s.urem(a, b) },
  min: { i32: (s, a, b) => s.smin(a, b), u32: (s, a, b) => s.umin(a, b) },
  max: { i32: (s, a, b) => s.smax(a, b), u32: (s, a, b) => s.umax(a, b) },
  and: same((s, a, b) => s.iand(a, b)),
  or: same((s, a, b) => s.ior(a, b)),
  xor: same((s, a, b) => s.ixor(a, b)),
  shl: same((s, a, b) => s.ishl(a, s.iand(b, 31))),
  shr: { i32: (s, a, b) => s.isar(a, s.iand(b, 31)), u32: (s, a, b) => s.ishr(a, s.iand(b, 31)) },
};

const BINARY_BOOL: Readonly<Partial<Record<BinaryOp, Binary>>> = {
  min: (s, a, b) => s.band(a, b),
  max: (s, a, b) => s.bor(a, b),
  and: (s, a, b) => s.band(a, b),
  or: (s, a, b) => s.bor(a, b),
  xor: (s, a, b) => s.bnot(s.prim('beq', a, b)),
};

const COMPARE: Readonly<Record<CompareOp, Record<'f32' | 'i32' | 'u32' | 'bool', Binary>>> = {
  eq: {
    f32: (s, a, b) => callMath(s, 'eq', a, b),
    i32: (s, a, b) => s.ieq(a, b),
    u32: (s, a, b) => s.ieq(a, b),
    bool: (s, a, b) => s.prim('beq', a, b),
  },
  lt: {
    f32: (s, a, b) => callMath(s, 'lt', a, b),
    i32: (s, a, b) => s.lts(a, b),
    u32: (s, a, b) => s.ltu(a, b),
    bool: (s, a, b) => s.band(s.bnot(a), b),
  },
  le: {
    f32: (s, a, b) => callMath(s, 'le', a, b),
    i32: (s, a, b) => s.bnot(s.lts(b, a)),
    u32: (s, a, b) => s.bnot(s.ltu(b, a)),
    bool: (s, a, b) => s.bor(s.bnot(a), b),
  },
};

/** Rounds a freshly computed float to its dtype. */
export const roundTo = (s: SsaBuilder, dtype: DType, value: Ref): Ref =>
  dtype === 'f16' ? callMath(s, 'roundF16', value) : value;

const missing = (op: string, dtype: DType): never =>
  fault('an op has no lowering for the dtype', `${op} of ${dtype}`);

export function lowerUnary(s: SsaBuilder, op: UnaryOp, dtype: DType, a: Ref): Ref {
  if (isFloat(dtype)) return op === 'not' ? missing(op, dtype) : roundTo(s, dtype, UNARY_FLOAT[op](s, a));
  if (dtype === 'bool') return op === 'not' ? s.bnot(a) : missing(op, dtype);
  return (UNARY_INT[op]?.[dtype as 'i32' | 'u32'] ?? missing(op, dtype))(s, a);
}

export function lowerBinary(s: SsaBuilder, op: BinaryOp, dtype: DType, a: Ref, b: Ref): Ref {
  if (isFloat(dtype)) return roundTo(s, dtype, (BINARY_FLOAT[op] ?? missing(op, dtype))(s, a, b));
  if (dtype === 'bool') return (BINARY_BOOL[op] ?? missing(op, dtype))(s, a, b);
  return (BINARY_INT[op]?.[dtype as 'i32' | 'u32'] ?? missing(op, dtype))(s, a, b);
}

export function lowerCompare(s: SsaBuilder, op: CompareOp, dtype: DType, a: Ref, b: Ref): Ref {
  return COMPARE[op][dtype === 'f16' ? 'f32' : dtype](s, a, b);
}

export function lowerSelect(s: SsaBuilder, type: ScalarType, cond: Ref, whenTrue: Ref, whenFalse: Ref): Ref {
  if (type === 'f32') return s.select(cond, whenTrue, whenFalse);
  return type === 'u32' ? s.iselect(cond, whenTrue, whenFalse) : s.bselect(cond, whenTrue, whenFalse);
}

export function lowerCast(s: SsaBuilder, from: DType, to: DType, a: Ref): Ref {
  if (from === to) return a;
  if (to === 'bool') {
    if (isFloat(from)) return s.bnot(callMath(s, 'eq', a, s.fconst(0)));
    return s.bnot(s.ieq(a, 0));
  }
  if (from === 'bool') {
    return isFloat(to) ? s.select(a, s.fconst(1), s.fconst(0)) : s.iselect(a, 1, 0);
  }
  if (isFloat(from)) {
    if (isFloat(to)) return roundTo(s, to, a);
    return callMath(s, to === 'i32' ? 'f32ToI32' : 'f32ToU32', a);
  }
  if (!isFloat(to)) return a;
  return roundTo(s, to, callMath(s, from === 'i32' ? 'i32ToF32' : 'u32ToF32', a));
}

export function lowerBitcast(s: SsaBuilder, from: DType, to: DType, a: Ref): Ref {
  if (isFloat(from) === isFloat(to)) return a;
  return isFloat(from) ? s.bits(a) : s.float(a);
}

/** A constant of `dtype`; `value` is an element of a constant node or a pad. */
export function lowerConstant(s: SsaBuilder, dtype: DType, value: number): Ref {
  if (dtype === 'bool') return s.bconst(value !== 0 || Number.isNaN(value));
  if (dtype === 'f16') return s.fconst(roundF16(preserveLang, Math.fround(value)));
  return isFloat(dtype) ? s.fconst(value) : s.iconst(value);
}
