/** Which values change where others change a little. */
import { isFloat } from '../../base/dtype.js';
import type { Graph, Node } from '../../ir/graph.js';
import { graphIn } from '../../ir/subgraphs.js';
import type { TensorType } from '../../ir/types.js';

/** Whether a value varies; for a tuple, whether each of its parts does. */
export type Variation = boolean | readonly boolean[];

export const doesVary = (variation: Variation | undefined): boolean =>
  typeof variation === 'object' ? variation.includes(true) : variation === true;

/** Without elements nothing varies, nor do integers and bools. */
const canVary = ({ dtype, shape }: TensorType): boolean => isFloat(dtype) && !shape.includes(0);

/** Whether the value of `node` varies, given whether its operands do. */
export function variationOf(node: Node, operands: readonly Variation[]): Variation {
  const varying = operands.map(doesVary);
  if (node.op === 'result') {
    const [parts] = operands;
    return typeof parts === 'object' && parts[node.attrs.index];
  }
  if (!varying.includes(true)) return false;
  if (node.op === 'loop') {
    const { first, outputs } = tripVariation(node, varying);
    return node.type.parts!.map((type, i) => canVary(type) && outputs[first + i]);
  }
  if (node.op === 'cond') {
    const branches = node.attrs.branches.map((branch) => variationThrough(graphIn(branch), varying.slice(1)));
    return node.type.parts!.map((_, i) => branches.some((outputs) => outputs[i]));
  }
  return canVary(node.type);
}

export interface TripVariation {
  /** Where the carried values begin among operands and outputs. */
  readonly first: number;
  readonly params: readonly boolean[];
  readonly outputs: readonly boolean[];
}

/** Which params and outputs of a loop's body vary in some trip, given which operands do. A carried value varies where a trip makes it so. */
export function tripVariation(
  { attrs: { body, carries, conditional } }: Node<'loop'>,
  operands: readonly boolean[],
): TripVariation {
  const first = conditional ? 1 : 0;
  let params = [false, ...operands.slice(first)];
  for (;;) {
    const outputs = variationThrough(graphIn(body), params);
    const next = params.map((varies, i) => varies || (i > 0 && i <= carries && outputs[first + i - 1]));
    // The value that a loop starts with is what it ends with where no trip is made.
    if (next.every((varies, i) => varies === params[i]))
      return { first, params, outputs: outputs.map((varies, i) => varies || (i >= first && i < first + carries && params[1 + i - first])) }; // prettier-ignore
    params = next;
  }
}

/** Which outputs of `graph` vary with those of its params that do. */
function variationThrough({ nodes, outputs }: Graph, params: readonly boolean[]): readonly boolean[] {
  const values: Variation[] = [];
  let next = 0;
  for (const node of nodes)
    values.push(
      node.op === 'param'
        ? params[next++] && canVary(node.type)
        : variationOf(node, node.inputs.map((id) => values[id])), // prettier-ignore
    );
  return outputs.map(({ value }) => doesVary(values[value]));
}
