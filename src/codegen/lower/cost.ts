/** A rough count of scalar operations, for reports and for cutting long runs into several submits. */
import { isConv, isDot, isSplit } from '../../ir/contraction.js';
import { elementCount } from '../../base/tensor.js';
import { DOT_BLOCK } from '../../ir/accumulation.js';
import { dimMul, dimProduct, dimSum, isStatic, type Dim } from '../../ir/dim.js';
import { staticShape } from '../../ir/types.js';
import type { Graph, Node, ValueId } from '../../ir/graph.js';
import { neededPolicy } from '../../passes/fusion/traits.js';
import type { Target } from '../../passes/target.js';
import type { KernelContext } from './context.js';

/** Operations for one element of a node. */
function nodeCost(graph: Graph, node: Node, { heavyCost }: Target): Dim {
  const shapeOf = (id: ValueId): readonly Dim[] => graph.nodes[id].type.shape;
  if (isDot(node) || isConv(node)) {
    const [lhs, rhs] = node.inputs.map(shapeOf);
    const terms = dimProduct(isDot(node) ? node.attrs.lhsContract.map((axis) => lhs[axis]) : rhs.slice(1));
    return dimMul(2, isSplit(node.op) && isStatic(terms) ? Math.min(terms, DOT_BLOCK) : terms);
  }
  switch (node.op) {
    case 'reduceWindow':
      return elementCount(node.attrs.window);
    case 'reduce':
      return dimProduct(node.attrs.axes.map((axis) => shapeOf(node.inputs[0])[axis]));
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
export function elementCost({ graph, target }: KernelContext, members: readonly ValueId[]): Dim {
  return dimSum(members.map((id) => nodeCost(graph, graph.nodes[id], target)));
}

/** The same for a kernel of which all sizes are known. */
export const staticElementCost = (k: KernelContext, members: readonly ValueId[]): number =>
  staticShape([elementCost(k, members)])[0];
