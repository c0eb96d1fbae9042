/** Types of results: the type rules of all ops, which the builder and the verifier both apply. */
import { limitedSize } from './infer-checks.js';
import { factsOf, type Op, type OpAttrs } from './ops.js';
import type { TensorType } from './types.js';

/**
 * Result type of `op`. Throws where operands or attributes break the op's rule, and LIMIT_EXCEEDED where the result is too
 * large, once its shape is static.
 */
export function inferType<K extends Op>(op: K, inputs: readonly TensorType[], attrs: OpAttrs[K]): TensorType {
  const type = factsOf(op).type(inputs, attrs);
  limitedSize(op, type);
  return type;
}
