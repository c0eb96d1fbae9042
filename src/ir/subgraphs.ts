/** The graphs inside of ops: bodies of loops, branches of conds. */
import type { GraphBuilder, GraphValue } from './builder.js';
import type { Value } from './emitter.js';
import type { Graph, Node } from './graph.js';
import type { Op } from './ops.js';
import type { Subgraph } from './ops/subgraph.js';

/** The graph that an op holds, as one. Frontends and passes make them as graphs; an op's attributes cannot name that type. */
export const graphIn = (subgraph: Subgraph): Graph => subgraph as Graph;

/** Whether nodes of an op hold graphs. */
export const holdsGraphs = (op: Op): op is 'loop' | 'cond' => op === 'loop' || op === 'cond';

/** The same of a node. */
export const isHolder = (node: Node): node is Node<'loop' | 'cond'> => holdsGraphs(node.op);

/** The graphs that a node holds, in order; none for most nodes. */
export function graphsOf(node: Node): readonly Graph[] {
  if (node.op === 'loop') return [graphIn(node.attrs.body)];
  if (node.op === 'cond') return node.attrs.branches.map(graphIn);
  return [];
}

/** The attributes of `node` with its graphs mapped; the same object where it has none. */
export function mapGraphs<N extends Node>(node: N, map: (graph: Graph) => Graph): N['attrs'] {
  if (node.op === 'loop') return { ...node.attrs, body: map(graphIn(node.attrs.body)) };
  if (node.op === 'cond') return { ...node.attrs, branches: node.attrs.branches.map((b) => map(graphIn(b))) };
  return node.attrs;
}

/** Emits the nodes of `graph` with `given` for its params, in order: its outputs, in order. */
export function inlineGraph(
  b: GraphBuilder,
  graph: Graph,
  given: readonly GraphValue[],
): readonly GraphValue[] {
  const values: GraphValue[] = [];
  let params = 0;
  for (const node of graph.nodes)
    values.push(
      node.op === 'param'
        ? given[params++]
        : b.emit(node.op, node.inputs.map((input) => values[input]), node.attrs, node.name), // prettier-ignore
    );
  return graph.outputs.map(({ value }) => values[value]);
}

/** The parts of the value of an op that has several. */
export const partsOf = (b: GraphBuilder, tuple: Value): GraphValue[] =>
  (tuple.type.parts ?? []).map((_, index) => b.emit('result', [tuple], { index }));

/** The operands of a loop by what they are. */
export function loopOperands<V>(
  { attrs }: Pick<Node<'loop'>, 'attrs'>,
  operands: readonly V[],
): LoopParts<V> {
  const { conditional, carries, sliceAxes } = attrs;
  const first = conditional ? 1 : 0;
  const end = first + carries;
  return {
    condition: conditional ? operands[0] : undefined,
    carried: operands.slice(first, end),
    sliced: operands.slice(end, end + sliceAxes.length),
    captures: operands.slice(end + sliceAxes.length),
  };
}

export interface LoopParts<V> {
  readonly condition: V | undefined;
  readonly carried: readonly V[];
  readonly sliced: readonly V[];
  readonly captures: readonly V[];
}

/** What the body of a loop gives in a trip, by what it is. */
export function loopOutputs<V>(
  { attrs }: Pick<Node<'loop'>, 'attrs'>,
  outputs: readonly V[],
): TripOutputs<V> {
  const first = attrs.conditional ? 1 : 0;
  return {
    condition: attrs.conditional ? outputs[0] : undefined,
    carried: outputs.slice(first, first + attrs.carries),
    slices: outputs.slice(first + attrs.carries),
  };
}

export interface TripOutputs<V> {
  readonly condition: V | undefined;
  readonly carried: readonly V[];
  readonly slices: readonly V[];
}
