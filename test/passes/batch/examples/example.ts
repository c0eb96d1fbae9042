/** One op on operands that are params named a, b, c, ... */
import type { DType } from '../../../../src/base/dtype.js';
import { GraphBuilder } from '../../../../src/ir/builder.js';
import type { Graph } from '../../../../src/ir/graph.js';
import type { Op, OpAttrs } from '../../../../src/ir/ops.js';
import type { TensorType } from '../../../../src/ir/types.js';

export interface Example {
  readonly graph: Graph;
  readonly params: readonly string[];
  /** Too large to be tried with every kind of value. */
  readonly large?: true;
}

const typed =
  (dtype: DType) =>
  (...shape: number[]): TensorType => ({ dtype, shape });

export const f32 = typed('f32');
export const f16 = typed('f16');
export const i32 = typed('i32');
export const u32 = typed('u32');
export const bool = typed('bool');

/** The graph y = op(a, b, ...). */
export function example<K extends Op>(op: K, attrs: OpAttrs[K], ...operands: readonly TensorType[]): Example {
  const b = new GraphBuilder(op);
  const params = operands.map((_, i) => String.fromCharCode(97 + i));
  const values = operands.map(({ dtype, shape }, i) => b.param(params[i], dtype, shape));
  b.output('y', b.emit(op, values, attrs));
  return { graph: b.build(), params };
}

export const large = (it: Example): Example => ({ ...it, large: true });

export type Examples<K extends Op> = { readonly [P in K]: readonly Example[] };
