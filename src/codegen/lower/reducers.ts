/** Reducers as SSA code: identity and combination by dtype. The same numbers as src/interpreter uses. */
import { isFloat, type DType } from '../../base/dtype.js';
import type { BinaryOp, Reducer } from '../../ir/ops.js';
import type { SsaBuilder } from '../ssa/builder.js';
import type { Ref } from '../ssa/instr.js';
import { lowerBinary } from './scalar-rules.js';

const COMBINE: Readonly<Record<Reducer, BinaryOp>> = { sum: 'add', prod: 'mul', max: 'max', min: 'min' };

/** Sums and products of f16 accumulate in f32; the caller rounds the result. */
const accumulatorType = (dtype: DType): DType => (dtype === 'f16' ? 'f32' : dtype);

export function combine(s: SsaBuilder, kind: Reducer, dtype: DType, a: Ref, b: Ref): Ref {
  return lowerBinary(s, COMBINE[kind], accumulatorType(dtype), a, b);
}

/** What combining nothing gives: the neutral element, but +0 for sums. */
export const emptyResult = (s: SsaBuilder, kind: Reducer, dtype: DType): Ref =>
  kind === 'sum' && isFloat(dtype) ? s.fconst(0) : identity(s, kind, dtype);

/** The neutral element; -0 for float sums, since 0 + -0 is 0. */
export function identity(s: SsaBuilder, kind: Reducer, dtype: DType): Ref {
  if (dtype === 'bool') return s.bconst(kind === 'min');
  if (kind === 'sum') return isFloat(dtype) ? s.fconst(-0) : s.iconst(0);
  if (kind === 'prod') return isFloat(dtype) ? s.fconst(1) : s.iconst(1);
  if (isFloat(dtype)) return s.fconst(kind === 'max' ? -Infinity : Infinity);
  if (dtype === 'u32') return s.iconst(kind === 'max' ? 0 : 0xffffffff);
  return s.iconst(kind === 'max' ? 0x80000000 : 0x7fffffff);
}
