/** Types of results: the type rules of all ops, which the builder and the verifier both apply. */
import { fail, limitedSize } from './infer-checks.js';
import { factsOf, type Op, type OpAttrs } from './ops.js';
import { printType, type TensorType } from './types.js';

/**
 * Result type of `op`. Throws where operands or attributes break the op's rule, and LIMIT_EXCEEDED where the result is too
 * large, once its shape is static.
 */
export function inferType<K extends Op>(op: K, inputs: readonly TensorType[], attrs: OpAttrs[K]): TensorType {
  if (op !== 'result' && inputs.some(({ parts }) => parts !== undefined))
    fail('IR_INVALID', op, inputs.map(printType).join(', '), 'tensors: a part of a tuple is its result');
  const type = factsOf(op).type(inputs, attrs);
  if (type.parts === undefined) limitedSize(op, type);
  else for (const part of type.parts) limitedSize(op, part);
  return type;
}
