/** Dead code elimination: what no output needs goes away. Params stay, needed or not: they are the graph's interface. */
import { withMovedInputs, type Graph, type Node, type ValueId } from '../ir/graph.js';
import { inspectedGraph } from '../ir/summary.js';

/** For each value, whether it is a param or some output depends on it. */
export function liveValues(graph: Graph): boolean[] {
  const live = graph.nodes.map((node) => node.op === 'param');
  for (const { value } of graph.outputs) live[value] = true;
  for (let id = graph.nodes.length - 1; id >= 0; id--)
    if (live[id]) for (const input of graph.nodes[id].inputs) live[input] = true;
  return live;
}

/** The graph without dead nodes; the same object where there are none. */
export function eliminateDeadCode(graph: Graph): Graph {
  const live = liveValues(graph);
  if (!live.includes(false)) return graph;
  const nodes: Node[] = [];
  const moved: ValueId[] = [];
  graph.nodes.forEach((node, id) => {
    if (!live[id]) return;
    moved[id] = nodes.push(withMovedInputs(node, moved)) - 1;
  });
  const outputs = graph.outputs.map(({ name, value }) => ({ name, value: moved[value] }));
  return inspectedGraph({ name: graph.name, nodes, outputs });
}
