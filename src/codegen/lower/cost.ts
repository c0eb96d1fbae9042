/** A rough count of scalar operations, for reports and for cutting long runs into several submits. */
import { isConv, isDot, isSplit, termsOf } from '../../ir/contraction.js';
import { elementCount } from '../../base/tensor.js';
import { DOT_BLOCK } from '../../ir/accumulation.js';
import type { Graph, Node, ValueId } from '../../ir/graph.js';
import { staticShape } from '../../ir/types.js';
import { neededPolicy } from '../../passes/fusion/traits.js';
import type { Target } from '../../passes/target.js';
import type { KernelContext } from './context.js';

/** Operations for one element of a node. */
function nodeCost(graph: Graph, node: Node, { heavyCost }: Target): number {
  const shapeOf = (id: ValueId): readonly number[] => staticShape(graph.nodes[id].type.shape);
  if (isDot(node) || isConv(node)) {
    const terms = termsOf(node, shapeOf(node.inputs[0]), shapeOf(node.inputs[1]));
    return 2 * (isSplit(node.op) ? Math.min(terms, DOT_BLOCK) : terms);
  }
  switch (node.op) {
    case 'reduceWindow':
      return elementCount(node.attrs.window);
    case 'reduce':
      return elementCount(node.attrs.axes.map((axis) => shapeOf(node.inputs[0])[axis]));
    case 'argreduce':
    case 'argsort':
      return shapeOf(node.inputs[0])[node.attrs.axis];
    case 'scatter':
      return shapeOf(node.inputs[1])[0];
    default:
      return neededPolicy(node.op) === 'any' ? heavyCost : 1;
  }
}

/** Operations for one element of a group's results. */
export function elementCost({ graph, target }: KernelContext, members: readonly ValueId[]): number {
  return members.reduce((sum, id) => sum + nodeCost(graph, graph.nodes[id], target), 0);
}
