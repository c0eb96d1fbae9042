/**
 * The closed op set. Everything else (softmax, layer norm, pooling, attention, ...) is composed from these by
 * src/compose. Each layer keeps one exhaustive table over {@link Op}; the type checker says what a new op still lacks.
 *
 * Scalar ops apply element by element to operands of one and the same shape: broadcasting is always explicit.
 */
import type { DType } from '../base/dtype.js';
import type { Shape } from './types.js';

/** f -> f, except neg/abs/sign (any number) and not (bool, or bitwise on integers). */
export const UNARY_OPS = [
  'neg',
  'abs',
  'sign',
  'floor',
  'ceil',
  'round',
  'trunc',
  'sqrt',
  'exp',
  'log',
  'sin',
  'cos',
  'tanh',
  'erf',
  'sigmoid',
  'not',
] as const;

/** Two operands of one dtype, result of that dtype. and/or/xor: bool or integers; shl/shr: integers. */
export const BINARY_OPS = [
  'add',
  'sub',
  'mul',
  'div',
  'rem',
  'pow',
  'min',
  'max',
  'and',
  'or',
  'xor',
  'shl',
  'shr',
] as const;

/** Two operands of one dtype, result bool. IEEE: any comparison with NaN is false. */
export const COMPARE_OPS = ['eq', 'lt', 'le'] as const;

export type UnaryOp = (typeof UNARY_OPS)[number];
export type BinaryOp = (typeof BINARY_OPS)[number];
export type CompareOp = (typeof COMPARE_OPS)[number];
export type IdentityOp = (typeof IDENTITY_OPS)[number];

/**
 * What `differentiate` reads, and the canonical form has no more. `stopGradient`: no derivative flows back. `rematBegin` and
 * `rematEnd`: what lies between is rematerialised by the backward pass, not kept.
 */
export const DERIVATIVE_OPS = ['stopGradient', 'rematBegin', 'rematEnd'] as const;

/**
 * One operand, which is the result; each says something to passes. `fence`: what is computed from it is not shared with what is computed from its operand. `copy`: the same elements in memory
 * of their own.
 */
export const IDENTITY_OPS = [...DERIVATIVE_OPS, 'fence', 'copy'] as const;

/** The associative operations of reduce, reduceWindow and scan. On bool, min is "all" and max is "any". */
export const REDUCERS = ['sum', 'prod', 'max', 'min'] as const;
export type Reducer = (typeof REDUCERS)[number];

/** How scatter combines an update with what is there; updates apply in index order, so duplicates are defined. */
export const SCATTER_KINDS = ['set', 'add', 'mul', 'min', 'max'] as const;
export type ScatterKind = (typeof SCATTER_KINDS)[number];

/**
 * `separate`: the sums of the blocks are the result, along a new first axis, in f32 for f16 operands. Passes make it of a
 * contraction of few results, so that the blocks are summed side by side; nobody else has to know it.
 */
export type Blocks = 'separate';

type Ints = readonly number[];
type NoAttrs = Readonly<Record<never, never>>;

/** The attributes of the ops that are not plain scalar ops. */
interface StructuralAttrs {
  // -- sources --
  /** An input of the graph. */
  param: { readonly name: string; readonly dtype: DType; readonly shape: Shape };
  /** A tensor held outside of the graph, by id (see Program.weights); its elements are read with this shape. */
  weight: { readonly id: string; readonly dtype: DType; readonly shape: Shape };
  /** A small literal; `values` is row-major, or a single value that fills the shape. */
  constant: { readonly dtype: DType; readonly shape: Shape; readonly values: readonly number[] };
  /** The coordinate along `axis`, as i32 or u32. */
  iota: { readonly dtype: DType; readonly shape: Shape; readonly axis: number };
  /** Counter-based random u32 bits (Threefry-2x32, 20 rounds): operand `key` u32[2]; element i has counter (i, 0). */
  random: { readonly shape: Shape };

  // -- conversions and choice --
  /** Numeric conversion. float->int truncates and saturates, NaN -> 0; to bool is `!= 0`. */
  cast: { readonly dtype: DType };
  /** Same bits, other 32-bit dtype. */
  bitcast: { readonly dtype: DType };
  /** (condition bool, whenTrue, whenFalse), all of one shape. */
  select: NoAttrs;

  // -- movement: index maps, no arithmetic --
  reshape: { readonly shape: Shape };
  /** Result axis i is operand axis permutation[i]. */
  permute: { readonly permutation: Ints };
  /** Same rank; extents of 1 grow to those of `shape`. */
  broadcast: { readonly shape: Shape };
  /** result[i] = operand[start + i * stride], per axis; strides are positive. */
  slice: { readonly starts: Ints; readonly sizes: Shape; readonly strides: Ints };
  /** `low`/`high` elements of `value` around, `interior` between neighbours; none is negative. */
  pad: { readonly low: Ints; readonly high: Ints; readonly interior: Ints; readonly value: number };
  concat: { readonly axis: number };
  reverse: { readonly axes: Ints };

  // -- reductions --
  /** Removes `axes`. The order of operations is part of the op: see src/interpreter/reduce.ts. */
  reduce: { readonly kind: Reducer; readonly axes: Ints };
  /** i32 index of the first extreme element along `axis` (removed). NaN counts as the extreme. */
  argreduce: { readonly kind: 'max' | 'min'; readonly axis: number };
  /** Sliding windows over every axis; padding holds the identity of `kind`. A sum over padding alone is +0. */
  reduceWindow: {
    readonly kind: Reducer;
    readonly window: Ints;
    readonly strides: Ints;
    readonly dilations: Ints;
    readonly padLow: Ints;
    readonly padHigh: Ints;
  };
  /** Running reduction along `axis`. */
  scan: {
    readonly kind: Reducer;
    readonly axis: number;
    readonly exclusive: boolean;
    readonly reverse: boolean;
  };

  // -- contractions: they sum blocks of DOT_BLOCK terms, and then the blocks --
  /** Result axes: batch, then free axes of lhs, then free axes of rhs. */
  dot: {
    readonly lhsBatch: Ints;
    readonly rhsBatch: Ints;
    readonly lhsContract: Ints;
    readonly rhsContract: Ints;
    readonly blocks?: Blocks;
  };
  /**
   * x [N, C, ...spatial], w [O, C/groups, ...kernel] -> [N, O, ...out]. Cross-correlation with zero padding;
   * lhsDilation puts holes (never counted, not zeros) between the elements of x; rhsDilation spreads the kernel. A result
   * that meets no element of x is +0: see coverage.ts.
   */
  conv: {
    readonly strides: Ints;
    readonly padLow: Ints;
    readonly padHigh: Ints;
    readonly lhsDilation: Ints;
    readonly rhsDilation: Ints;
    readonly groups: number;
    /** Only without lhsDilation. */
    readonly blocks?: Blocks;
  };

  // -- indexing by data --
  /** (operand, indices i32): operand[..., index, ...] along `axis`; indices clamp to the valid range. */
  gather: { readonly axis: number };
  /** (operand [A, ...rest], indices i32[K], updates [K, ...rest]); indices out of range are dropped. */
  scatter: { readonly kind: ScatterKind };
  /** i32 permutation that sorts along `axis`; stable; NaN last (ascending) or first (descending). */
  argsort: { readonly axis: number; readonly descending: boolean };
}

/** Attributes by op. */
export type OpAttrs = StructuralAttrs & { [K in UnaryOp | BinaryOp | CompareOp | IdentityOp]: NoAttrs };
export type Op = keyof OpAttrs;

const has = (list: readonly string[], op: string): boolean => list.includes(op);
export const isUnary = (op: Op): op is UnaryOp => has(UNARY_OPS, op);
export const isBinary = (op: Op): op is BinaryOp => has(BINARY_OPS, op);
export const isCompare = (op: Op): op is CompareOp => has(COMPARE_OPS, op);

export const isForDerivatives = (op: Op): boolean => has(DERIVATIVE_OPS, op);

/** What an op is, as far as fusion and costs care. */
export type OpClass = 'source' | 'scalar' | 'movement' | 'reduction' | 'contraction' | 'indexing';

/** A table with one row for each of `ops`. */
export const tableOf = <K extends string, R>(ops: readonly K[], row: (op: K) => R): Record<K, R> =>
  Object.fromEntries(ops.map((op) => [op, row(op)])) as Record<K, R>;

export const OP_CLASS: Readonly<Record<Op, OpClass>> = {
  ...tableOf([...UNARY_OPS, ...BINARY_OPS, ...COMPARE_OPS], () => 'scalar' as const),
  ...tableOf(IDENTITY_OPS, () => 'movement' as const),
  param: 'source',
  weight: 'source',
  constant: 'source',
  iota: 'source',
  random: 'source',
  cast: 'scalar',
  bitcast: 'scalar',
  select: 'scalar',
  reshape: 'movement',
  permute: 'movement',
  broadcast: 'movement',
  slice: 'movement',
  pad: 'movement',
  concat: 'movement',
  reverse: 'movement',
  reduce: 'reduction',
  argreduce: 'reduction',
  reduceWindow: 'reduction',
  scan: 'reduction',
  dot: 'contraction',
  conv: 'contraction',
  gather: 'indexing',
  scatter: 'indexing',
  argsort: 'indexing',
};

export const OPS = Object.keys(OP_CLASS) as readonly Op[];
export const isOp = (text: string): text is Op => Object.hasOwn(OP_CLASS, text);
