/** What it costs to compute a graph, roughly, before anything is known of its kernels. */
import { isConv, isDot, termsOf } from '../../ir/contraction.js';
import type { Graph, Node } from '../../ir/graph.js';
import { traitsOf } from '../../ir/ops.js';
import { graphsOf } from '../../ir/subgraphs.js';
import { sizeOf, staticShape } from '../../ir/types.js';
import type { Target } from '../target.js';

/** Scalar operations of a static graph, those of dead nodes among them. */
export const workOf = (graph: Graph, target: Target): number =>
  graph.nodes.reduce((sum, node) => sum + nodeWork(graph, node, target), 0);

function nodeWork(graph: Graph, node: Node, target: Target): number {
  const inner = graphsOf(node).reduce((sum, each) => sum + workOf(each, target), 0);
  if (node.op === 'loop') return Number(node.attrs.trips) * inner;
  if (node.op === 'cond') return inner;
  const sizes = [node.type, ...node.inputs.map((input) => graph.nodes[input].type)].map(sizeOf);
  const largest = sizes.reduce((a, b) => Math.max(a, b));
  if (isDot(node) || isConv(node)) {
    const [lhs, rhs] = node.inputs.map((input) => staticShape(graph.nodes[input].type.shape));
    return sizes[0] * termsOf(node, lhs, rhs);
  }
  const { cost } = traitsOf(node.op);
  return cost === 'view' ? 0 : cost === 'heavy' ? largest * target.heavyCost : largest;
}
