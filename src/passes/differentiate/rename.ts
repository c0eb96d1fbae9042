/** Graphs under other names, so that the ports of derivatives of derivatives do not meet. */
import type { Graph, Node } from '../../ir/graph.js';

/** New names by old ones; what is not listed keeps its name. */
export interface Renaming {
  readonly params?: Readonly<Record<string, string>>;
  /** Where given, the outputs that are listed are the only ones that stay. */
  readonly outputs?: Readonly<Record<string, string>>;
}

/** `graph` with other names of params, and with the listed outputs only, under their new names. */
export function renamed(graph: Graph, { params = {}, outputs }: Renaming): Graph {
  const nodes = graph.nodes.map((node): Node => {
    if (node.op !== 'param' || !Object.hasOwn(params, node.attrs.name)) return node;
    return { ...node, attrs: { ...node.attrs, name: params[node.attrs.name] } };
  });
  if (outputs === undefined) return { ...graph, nodes };
  const kept = graph.outputs.filter(({ name }) => Object.hasOwn(outputs, name));
  return { ...graph, nodes, outputs: kept.map(({ name, value }) => ({ name: outputs[name], value })) };
}
