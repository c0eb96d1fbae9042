/** What reductions, scans, windows and scatters have in common: combining two values, and a value to start from. */
import type { DType } from '../base/dtype.js';
import type { Reducer } from '../ir/ops.js';
import type { F32Arithmetic } from './arithmetic.js';
import type { Lanes } from './lanes.js';
import { binaryFunction, type BinaryFunction } from './scalars.js';
import { leastMagnitude, productsStayNormal, sumsStayNormal } from '../numerics/normal.js';

export interface Fold {
  /** combine(identity, x) = x for every x, NaN and -0 included (but a flushing device may flush x). */
  readonly identity: number;
  /** What combining nothing gives: the identity, but +0 for sums. */
  readonly empty: number;
  readonly combine: BinaryFunction;
}

const COMBINERS = { sum: 'add', prod: 'mul', max: 'max', min: 'min' } as const;

/** A float sum starts from -0, as +0 + -0 = +0 would lose a sign. */
const FLOAT_IDENTITIES = { sum: -0, prod: 1, max: -Infinity, min: Infinity };
/** Where a reduction starts, by the dtype of its elements. */
export const IDENTITIES: Readonly<Record<DType, Readonly<Record<Reducer, number>>>> = {
  f32: FLOAT_IDENTITIES,
  f16: FLOAT_IDENTITIES,
  i32: { sum: 0, prod: 1, max: -0x80000000, min: 0x7fffffff },
  u32: { sum: 0, prod: 1, max: 0, min: 0xffffffff },
  bool: { sum: 0, prod: 1, max: 0, min: 1 },
};

/**
 * The fold of `kind` over elements of `dtype`, in f32 for f16. Sums and products go through `f32` unless the elements,
 * which are those of `tensors`, at most `terms` of them in one result, show that no subnormal can occur.
 */
export function foldOf(
  kind: Reducer,
  dtype: DType,
  tensors: readonly Lanes[],
  terms: number,
  f32: F32Arithmetic,
): Fold {
  const identity = IDENTITIES[dtype][kind];
  const empty = kind === 'sum' ? 0 : identity;
  if (needCare(kind, tensors, terms)) {
    const combine: BinaryFunction = kind === 'sum' ? (a, b) => f32.add(a, b) : (a, b) => f32.mul(a, b);
    return { identity, empty, combine };
  }
  return { identity, empty, combine: binaryFunction(COMBINERS[kind], dtype) };
}

function needCare(kind: Reducer, tensors: readonly Lanes[], terms: number): boolean {
  if (kind === 'max' || kind === 'min') return false;
  return tensors.some((lanes) => {
    if (!(lanes instanceof Float32Array)) return false;
    const least = leastMagnitude(lanes);
    return !(kind === 'sum' ? sumsStayNormal(least) : productsStayNormal(least, terms));
  });
}
