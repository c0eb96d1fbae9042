import type { DType } from '../base/dtype.js';
import { elementCount } from '../base/tensor.js';
import type { Op, OpAttrs } from '../ir/ops.js';
import type { F32Arithmetic } from './arithmetic.js';
import { allocateLanes, type Lanes, type Operand } from './lanes.js';

/** Where params and weights come from. Both throw for a name that they do not know. */
export interface Sources {
  param(name: string): Lanes;
  weight(id: string): Lanes;
}

/** One application of an op: everything that its result depends on. */
export interface EvalCall<K extends Op = Op> {
  readonly attrs: OpAttrs[K];
  readonly inputs: readonly Operand[];
  /** The type of the result, as the type rule has it. */
  readonly dtype: DType;
  readonly shape: readonly number[];
  /** For float operations that may meet subnormals; it knows the mode, and counts. */
  readonly f32: F32Arithmetic;
  readonly sources: Sources;
}

/**
 * The meaning of an op: the lanes of its result, which may share memory with an operand. f16 results are given in f32,
 * and rounded by the caller.
 */
export type EvalRule<K extends Op> = (call: EvalCall<K>) => Lanes;

/** Zeroed lanes for the result of a call. */
export const allocateResult = ({ dtype, shape }: Pick<EvalCall, 'dtype' | 'shape'>): Lanes =>
  allocateLanes(dtype, elementCount(shape));
