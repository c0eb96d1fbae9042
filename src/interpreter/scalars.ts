/**
 * The scalar ops as functions on elements, by dtype. Each takes and gives values of its dtype: f32 results are rounded,
 * integers are wrapped. The same functions serve elementwise ops, reductions and scatters.
 *
 * Floats follow IEEE 754 with subnormals preserved; only add, sub, mul, div and sqrt depend on that, and
 * {@link F32Arithmetic} computes them for devices that flush. f16 uses the functions of f32.
 */
import type { DType } from '../base/dtype.js';
import { HeddleError } from '../base/errors.js';
import type { BinaryOp, CompareOp, UnaryOp } from '../ir/ops.js';
import { preserveLang as js } from '../numerics/js-lang.js';
import {
  acos,
  asin,
  atan,
  cos,
  erf,
  exp,
  log,
  pow,
  roundEven,
  sigmoid,
  sin,
  tanh,
} from '../numerics/math/index.js';

export type UnaryFunction = (x: number) => number;
export type BinaryFunction = (a: number, b: number) => number;

interface ScalarFunctions {
  readonly unary: Readonly<Partial<Record<UnaryOp, UnaryFunction>>>;
  readonly binary: Readonly<Partial<Record<BinaryOp, BinaryFunction>>>;
}

const FLOAT: ScalarFunctions = {
  unary: {
    neg: (x) => -x,
    abs: (x) => Math.abs(x),
    sign: (x) => Math.sign(x),
    floor: (x) => Math.floor(x),
    ceil: (x) => Math.ceil(x),
    round: (x) => roundEven(js, x),
    trunc: (x) => Math.trunc(x),
    sqrt: (x) => Math.fround(Math.sqrt(x)),
    // These are expansions into + - * / and integer ops that give the same bits whether or not a device flushes.
    exp: (x) => exp(js, x),
    log: (x) => log(js, x),
    sin: (x) => sin(js, x),
    cos: (x) => cos(js, x),
    tanh: (x) => tanh(js, x),
    erf: (x) => erf(js, x),
    sigmoid: (x) => sigmoid(js, x),
    asin: (x) => asin(js, x),
    acos: (x) => acos(js, x),
    atan: (x) => atan(js, x),
  },
  binary: {
    add: (a, b) => Math.fround(a + b),
    sub: (a, b) => Math.fround(a - b),
    mul: (a, b) => Math.fround(a * b),
    div: (a, b) => Math.fround(a / b),
    // C's fmod: exact, with the sign of a.
    rem: (a, b) => a % b,
    pow: (a, b) => pow(js, a, b),
    // NaN if either is NaN; -0 is less than +0.
    min: (a, b) => Math.min(a, b),
    max: (a, b) => Math.max(a, b),
  },
};

/** Division by zero is defined as WGSL defines it: x / 0 = x and x rem 0 = 0. -2^31 / -1 wraps to -2^31. */
const I32: ScalarFunctions = {
  unary: {
    neg: (x) => -x | 0,
    abs: (x) => Math.abs(x) | 0,
    sign: (x) => Math.sign(x) | 0,
    not: (x) => ~x,
  },
  binary: {
    add: (a, b) => (a + b) | 0,
    sub: (a, b) => (a - b) | 0,
    mul: (a, b) => Math.imul(a, b),
    div: (a, b) => (b === 0 ? a : (a / b) | 0),
    rem: (a, b) => (b === 0 ? 0 : (a % b) | 0),
    min: (a, b) => Math.min(a, b),
    max: (a, b) => Math.max(a, b),
    and: (a, b) => a & b,
    or: (a, b) => a | b,
    xor: (a, b) => a ^ b,
    // JavaScript, too, takes shift counts modulo 32.
    shl: (a, b) => a << b,
    shr: (a, b) => a >> b,
  },
};

const U32: ScalarFunctions = {
  unary: {
    neg: (x) => -x >>> 0,
    abs: (x) => x,
    sign: (x) => (x === 0 ? 0 : 1),
    not: (x) => ~x >>> 0,
  },
  binary: {
    add: (a, b) => (a + b) >>> 0,
    sub: (a, b) => (a - b) >>> 0,
    mul: (a, b) => Math.imul(a, b) >>> 0,
    div: (a, b) => (b === 0 ? a : (a / b) >>> 0),
    rem: (a, b) => (b === 0 ? 0 : a % b),
    min: (a, b) => Math.min(a, b),
    max: (a, b) => Math.max(a, b),
    and: (a, b) => (a & b) >>> 0,
    or: (a, b) => (a | b) >>> 0,
    xor: (a, b) => (a ^ b) >>> 0,
    shl: (a, b) => (a << b) >>> 0,
    shr: (a, b) => a >>> b,
  },
};

const BOOL: ScalarFunctions = {
  unary: { not: (x) => x ^ 1 },
  binary: {
    min: (a, b) => a & b,
    max: (a, b) => a | b,
    and: (a, b) => a & b,
    or: (a, b) => a | b,
    xor: (a, b) => a ^ b,
  },
};

const SCALARS: Readonly<Record<DType, ScalarFunctions>> = {
  f32: FLOAT,
  f16: FLOAT,
  i32: I32,
  u32: U32,
  bool: BOOL,
};

/** Comparisons give 0 or 1, for operands of any dtype. false < true. */
export const COMPARE_FUNCTIONS: Readonly<Record<CompareOp, BinaryFunction>> = {
  eq: (a, b) => (a === b ? 1 : 0),
  lt: (a, b) => (a < b ? 1 : 0),
  le: (a, b) => (a <= b ? 1 : 0),
};

/** Throws DTYPE_MISMATCH where `op` is not defined on `dtype`, which the type rules exclude. */
export const unaryFunction = (op: UnaryOp, dtype: DType): UnaryFunction =>
  SCALARS[dtype].unary[op] ?? undefinedOn(op, dtype);

/** Throws DTYPE_MISMATCH where `op` is not defined on `dtype`, which the type rules exclude. */
export const binaryFunction = (op: BinaryOp, dtype: DType): BinaryFunction =>
  SCALARS[dtype].binary[op] ?? undefinedOn(op, dtype);

function undefinedOn(op: string, dtype: DType): never {
  throw new HeddleError('DTYPE_MISMATCH', `${op} is not defined on ${dtype}`);
}
