/** Reverse-mode differentiation, graph to graph. */
import { GraphBuilder, type GraphValue } from '../../ir/builder.js';
import type { Graph, GraphOutput, ValueId } from '../../ir/graph.js';
import { checkOutputs, checkWrt, emitGradients, floatOutputs } from './ports.js';
import { copyNode } from './copy.js';
import { hoistInvariants } from '../subgraphs/hoist.js';

/** A graph with gradients. */
export interface Derivative {
  /** Where it has no loops or conds, the values of the graph that was differentiated have the ids that they had there. */
  readonly graph: Graph;
  /** The params that have the cotangents, one for each differentiated output: the last params of the graph. */
  readonly cotangents: readonly ValueId[];
  /** One for each value that it was differentiated by: the last outputs of the graph. */
  readonly gradients: readonly GraphOutput[];
}

/**
 * The graph with the gradients of a weighted sum of `outputs` (default: all float outputs) by the values `wrt`.
 *
 * Params: those of `graph`, then a cotangent for each of `outputs`, of its type. Outputs: those of `graph`, with the same
 * bits as before, then a gradient for each of `wrt`, of its type: the sum over the outputs y of ct(y) * dy/d(wrt), zeros
 * where nothing flows.
 *
 * The result can be differentiated again. It is linear in the cotangents, so its derivative by them, of its gradients with
 * cotangents v, is the derivative of the outputs along v.
 *
 * Throws GRAD_INVALID for a value that is not a float, and DIM_UNBOUND where a rule needs an extent that is symbolic
 * (windows, convolutions, products, indexing, slices). Throws GRAD_INVALID for a loop without a bound: what its trips
 * leave for the way back has no place.
 */
export function vjp(
  graph: Graph,
  wrt: readonly ValueId[],
  outputs: readonly GraphOutput[] = floatOutputs(graph),
): Derivative {
  checkWrt(graph, wrt);
  checkOutputs(graph, outputs);
  const hoisted = hoistInvariants(graph, { views: 'outside' });
  const at = hoisted.moved;
  const b = new GraphBuilder(graph.name);
  const values: GraphValue[] = [];
  for (const node of hoisted.graph.nodes) values.push(copyNode(b, node, values));
  for (const { name, value } of hoisted.graph.outputs) b.output(name, values[value]);
  const asked = outputs.map(({ name, value }) => ({ name, value: at(value) }));
  const ports = emitGradients(b, hoisted.graph, asked, values, wrt.map(at)); // prettier-ignore
  return { graph: b.build(), ...ports };
}
