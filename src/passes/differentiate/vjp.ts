/** Reverse-mode differentiation, graph to graph. */
import { GraphBuilder, type GraphValue } from '../../ir/builder.js';
import type { Graph } from '../../ir/graph.js';
import { checkNewNames, checkParams, differentiableOutputs, emitGradients } from './ports.js';
import { copyNode } from './copy.js';

/**
 * The graph with the gradients of a weighted sum of its outputs.
 *
 * Params: those of `graph`, then one `ct:NAME`, of the type of the output, for each float output NAME among `outputs`
 * (default: all float outputs), in the order of the graph. Outputs: those of `graph`, with the same bits as before, then
 * `grad:PARAM`, of the type of the param, for each of `wrt`: the sum over the outputs of ct:NAME * d(NAME)/d(PARAM), zeros
 * where nothing flows.
 *
 * The result can be differentiated again, after {@link renamed} where names would meet. It is linear in the cotangents,
 * so its derivative by them, with the cotangent v for `grad:PARAM`, is the derivative of the outputs along v.
 *
 * Throws GRAD_INVALID for a param or output that does not exist or is not a float, and DIM_UNBOUND where a rule needs an
 * extent that is symbolic (windows, convolutions, products, indexing, slices).
 */
export function vjp(graph: Graph, wrt: readonly string[], outputs?: readonly string[]): Graph {
  checkParams(graph, wrt);
  const seeded = differentiableOutputs(graph, outputs);
  checkNewNames(graph, seeded, wrt);
  const b = new GraphBuilder(graph.name);
  const values: GraphValue[] = [];
  for (const node of graph.nodes) values.push(copyNode(b, node, values));
  for (const { name, value } of graph.outputs) b.output(name, values[value]);
  emitGradients(b, graph, seeded, (id) => values[id], wrt);
  return b.build();
}
