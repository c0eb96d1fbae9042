/** A graph with sizes in the place of its symbols, whose values keep their ids. */
import { dimSubstitute, isStatic, type DimBindings } from './dim.js';
import type { Graph, Node } from './graph.js';
import { inferType } from './infer.js';
import { shapeAttrs, type OpAttrs } from './ops.js';
import type { Shape } from './types.js';

/**
 * `graph`, which has no loops and conds, for `sizes`. Unlike `bindDims` it keeps nodes apart that are equal for these sizes. Throws as
 * the type rules do where the sizes do not fit the ops.
 */
export function withSizes(graph: Graph, sizes: DimBindings): Graph {
  const nodes: Node[] = [];
  for (const node of graph.nodes) nodes.push(nodeWithSizes(graph, node, nodes, sizes));
  return { ...graph, nodes };
}

/** `before`: the nodes before it, with their sizes. */
function nodeWithSizes(graph: Graph, node: Node, before: readonly Node[], sizes: DimBindings): Node {
  const isKnown =
    node.type.shape.every(isStatic) && node.inputs.every((id) => before[id] === graph.nodes[id]);
  if (isKnown) return node;
  const attrs: Record<string, unknown> = { ...node.attrs };
  for (const name of shapeAttrs(node.op))
    attrs[name] = (attrs[name] as Shape).map((dim) => dimSubstitute(dim, sizes));
  const operands = node.inputs.map((id) => before[id].type);
  const type = inferType(node.op, operands, attrs as unknown as OpAttrs[typeof node.op]);
  return { ...node, attrs, type } as unknown as Node;
}
