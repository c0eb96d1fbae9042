/**
 * Gradients that compute intermediate values anew instead of keeping them (Griewank and Walther 2000; Chen et al. 2016).
 *
 * A function f that is marked as a checkpoint is called in the forward direction as it is. Its backward direction is a
 * graph of its own, which depends on the operands of f, and on nothing that f made of them. All operands pass a `barrier`
 * first, so that whoever puts both directions into one graph does not share what they have in common: the values of the
 * forward direction die when f is done.
 */
import { GraphBuilder, type GraphValue } from '../../ir/builder.js';
import type { Graph } from '../../ir/graph.js';
import { copyNode } from './copy.js';
import { checkNewNames, checkParams, differentiableOutputs, emitGradients } from './ports.js';

/**
 * The backward direction of `graph`, alone. Params and errors are those of vjp; the outputs are `grad:PARAM` for each of
 * `wrt`, with the bits that vjp gives them. Every value is computed from operands behind a barrier of role `checkpoint`.
 */
export function vjpCheckpointed(graph: Graph, wrt: readonly string[], outputs?: readonly string[]): Graph {
  checkParams(graph, wrt);
  const seeded = differentiableOutputs(graph, outputs);
  checkNewNames({ ...graph, outputs: [] }, seeded, wrt);
  const b = new GraphBuilder(graph.name);
  const values: GraphValue[] = [];
  for (const node of graph.nodes) {
    const value = copyNode(b, node, values);
    values.push(node.op === 'param' ? b.emit('barrier', [value], { role: 'checkpoint' }) : value);
  }
  emitGradients(b, graph, seeded, (id) => values[id], wrt);
  return b.build();
}
