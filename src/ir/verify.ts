/** The invariants of the IR, checked. Every pass's result goes through this in the tests. */
import { HeddleError } from '../base/errors.js';
import { checkAttrs } from './attrs.js';
import { checkGraph } from './check-program.js';
import type { Graph, Node } from './graph.js';
import { inferType } from './infer.js';
import type { Op, OpAttrs } from './ops.js';
import { graphsOf } from './subgraphs.js';
import { printType, typesEqual } from './types.js';

/** Throws IR_INVALID (or the type rule's own error) at the first node that breaks an invariant. */
export function verifyGraph(graph: Graph): void {
  checkGraph('verifyGraph', graph);
  const paramNames = new Set<string>();
  graph.nodes.forEach((node, id) => {
    const where = `%${id} = ${node.op}${node.name === undefined ? '' : ` (${node.name})`} in ${graph.name}`;
    checkAttrs(node.op, node.attrs);
    const inferred = inferAny(graph, node);
    if (!typesEqual(inferred, node.type))
      throw new HeddleError('IR_INVALID', 'a node has the wrong type', {
        where,
        found: printType(node.type),
        expected: printType(inferred),
      });
    for (const inner of graphsOf(node)) verifySubgraph(inner, where);
    if (node.op === 'param') {
      if (paramNames.has(node.attrs.name))
        throw new HeddleError('IR_INVALID', 'two params of one name', { where, found: node.attrs.name });
      paramNames.add(node.attrs.name);
    }
  });
  const outputNames = new Set<string>();
  for (const output of graph.outputs) {
    if (outputNames.has(output.name))
      throw new HeddleError('IR_INVALID', 'two outputs of one name', { found: output.name });
    outputNames.add(output.name);
    const { type } = graph.nodes[output.value];
    if (type.parts !== undefined)
      throw new HeddleError('IR_INVALID', 'an output is a tensor', {
        where: output.name,
        found: printType(type),
      });
  }
}

/** Weights are captures: a body has none of its own. */
function verifySubgraph(graph: Graph, where: string): void {
  verifyGraph(graph);
  const weight = graph.nodes.findIndex(({ op }) => op === 'weight');
  if (weight >= 0)
    throw new HeddleError('IR_INVALID', 'a weight inside of a subgraph', {
      where,
      found: `%${weight} of ${graph.name}`,
      expected: 'an operand of the op',
    });
}

function inferAny<K extends Op>(graph: Graph, node: Node): ReturnType<typeof inferType> {
  const types = node.inputs.map((input) => graph.nodes[input].type);
  return inferType(node.op as K, types, node.attrs as OpAttrs[K]);
}
