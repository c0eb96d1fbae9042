/** What of a graph its outputs need. */
import {
  subgraphsOf,
  type Initializer,
  type Input,
  type OnnxBuilder,
  type OnnxNode,
  type Ref,
} from './builder.js';

/** Rules leave things behind that turn out to be unneeded, such as constants that are known to be harmless divisors. */
export function live(
  { nodes, initializers }: OnnxBuilder,
  outputs: readonly Input[],
): { readonly nodes: readonly OnnxNode[]; readonly initializers: readonly Initializer[] } {
  const needed = new Set<Ref | undefined>(outputs.map(({ ref }) => ref));
  const kept = liveNodes(nodes, needed);
  return { nodes: kept, initializers: initializers.filter(({ ref }) => needed.has(ref)) };
}

/** The nodes that are needed; what they use is needed, too. */
function liveNodes(nodes: readonly OnnxNode[], needed: Set<Ref | undefined>): readonly OnnxNode[] {
  const kept: OnnxNode[] = [];
  for (const node of nodes.toReversed()) {
    if (!node.outputs.some((ref) => needed.has(ref))) continue;
    for (const ref of node.inputs) needed.add(ref);
    const graphs = subgraphsOf(node).map(([name, graph]) => {
      for (const { ref } of graph.outputs) needed.add(ref);
      return [name, { ...graph, nodes: liveNodes(graph.nodes, needed) }] as const;
    });
    kept.push(graphs.length === 0 ? node : { ...node, attributes: { ...node.attributes, ...Object.fromEntries(graphs) } }); // prettier-ignore
  }
  return kept.reverse();
}
