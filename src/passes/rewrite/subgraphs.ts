/** Graphs inside of ops, rewritten as the graph around them is. */
import type { GraphBuilder, GraphValue } from '../../ir/builder.js';
import { withInputs, type Graph, type Node, type ValueId } from '../../ir/graph.js';
import { nodeKey } from '../../ir/key.js';
import { graphsOf, holdsGraphs, mapGraphs } from '../../ir/subgraphs.js';

/**
 * `node` with its graphs rewritten by `rewrite`, for `b`. Weights that they come to hold (folding makes some) become captures, as
 * all branches of a cond have the same.
 */
export function rewriteGraphs(
  b: GraphBuilder,
  node: Node,
  operands: readonly GraphValue[],
  rewrite: (graph: Graph) => Graph,
): { readonly node: Node; readonly operands: readonly GraphValue[] } {
  if (!holdsGraphs(node.op)) return { node, operands };
  const graphs = graphsOf(node).map(rewrite);
  const held = new Map<string, Node<'weight'>>();
  for (const { nodes } of graphs)
    for (const inner of nodes) if (inner.op === 'weight') held.set(nodeKey(inner), inner);
  const weights = [...held.values()];
  let at = 0;
  const attrs = mapGraphs(node, () => (weights.length === 0 ? graphs[at++] : withParams(graphs[at++], held)));
  const lifted = weights.map(({ attrs: { id, dtype, shape } }) => b.weight(id, dtype, shape));
  return { node: { ...node, attrs } as Node, operands: [...operands, ...lifted] };
}

/** `graph` with its params first, and after them one for each of `weights`, which are by their keys. */
function withParams(graph: Graph, weights: ReadonlyMap<string, Node<'weight'>>): Graph {
  const nodes: Node[] = [];
  const moved: ValueId[] = [];
  graph.nodes.forEach((node, id) => {
    if (node.op === 'param') moved[id] = nodes.push(node) - 1;
  });
  const names = new Set(nodes.map((node) => (node.op === 'param' ? node.attrs.name : '')));
  const params = new Map<string, ValueId>();
  for (const [key, { attrs, type }] of weights) {
    const { dtype, shape } = attrs;
    let name = `weight ${names.size}`;
    while (names.has(name)) name += "'";
    names.add(name);
    params.set(key, nodes.push({ op: 'param', inputs: [], attrs: { name, dtype, shape }, type }) - 1);
  }
  graph.nodes.forEach((node, id) => {
    if (node.op === 'param') return;
    const param = node.op === 'weight' ? params.get(nodeKey(node)) : undefined;
    moved[id] = param ?? nodes.push(withInputs(node, node.inputs.map((input) => moved[input]))) - 1; // prettier-ignore
  });
  return {
    ...graph,
    nodes,
    outputs: graph.outputs.map(({ name, value }) => ({ name, value: moved[value] })),
  };
}
