/** Graphs and programs in a few lines, for whoever prints them. */
import { firstLines, firstOf, inspectedAs } from '../base/inspect.js';
import { paramsOf, type Graph, type Program } from './graph.js';
import { printNode } from './print.js';
import { printType } from './types.js';

/** Nodes that are shown: {@link printGraph} has all of them. */
const NODES = 30;

/** `graph` itself, which prints as the first of its nodes. */
export const inspectedGraph = (graph: Graph): Graph => inspectedAs(graph, describeGraph);

/** `program` itself, which prints as what it takes and gives. */
export const inspectedProgram = <P extends Program>(program: P): P => inspectedAs(program, describeProgram);

function describeGraph(graph: Graph): string {
  const nodes = graph.nodes.slice(0, NODES).map((node, id) => `  ${printNode(node, id)}`.slice(0, 160));
  const rest = graph.nodes.length - nodes.length;
  const more = rest > 0 ? [`  ... and ${rest} nodes more: printGraph(graph) has all`] : [];
  const outputs = firstOf(graph.outputs.map(({ name, value }) => `${JSON.stringify(name)}=%${value}`));
  return firstLines([`graph ${JSON.stringify(graph.name)} {`, ...nodes, ...more, `  return ${outputs}`, '}'].join('\n')); // prettier-ignore
}

/** `Program "mlp": 12 nodes; x: f32[1,4] -> y: f32[1,3]; 4 weights` */
export function describeProgram({ graph, weights }: Program): string {
  const inputs = paramsOf(graph).map(({ node }) => `${node.attrs.name}: ${printType(node.type)}`);
  const outputs = graph.outputs.map(({ name, value }) => `${name}: ${printType(graph.nodes[value].type)}`);
  const parts = [
    `${graph.nodes.length} nodes`,
    `${firstOf(inputs)} -> ${firstOf(outputs)}`,
    `${weights.size} weights`,
  ];
  return `Program ${JSON.stringify(graph.name)}: ${parts.join('; ')}`;
}
