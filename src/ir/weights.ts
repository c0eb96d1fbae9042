/** The weights of a program: looked up, and checked. */
import { checkWeight } from '../base/check-tensors.js';
import { HeddleError } from '../base/errors.js';
import type { TensorData } from '../base/tensor.js';
import type { Program } from './graph.js';
import { staticShape } from './types.js';

/** Gives the weights of a program by their ids. Throws WEIGHT_MISSING for other ids. */
export function weightsOf({ weights }: Pick<Program, 'weights'>): (id: string) => TensorData {
  return (id) => {
    const found = weights.get(id);
    if (found === undefined)
      throw new HeddleError('WEIGHT_MISSING', 'no weight has that id', { found: JSON.stringify(id) });
    return found;
  };
}

/** Throws WEIGHT_MISSING or WEIGHT_INVALID unless every weight that the graph names is there, and is what it says. */
export function checkWeights({ graph, weights }: Program): void {
  for (const { op, attrs, type } of graph.nodes)
    if (op === 'weight')
      checkWeight({ id: attrs.id, dtype: type.dtype, shape: staticShape(type.shape) }, weights.get(attrs.id));
}
