/** What is differentiated, and by what: checks, and how derivatives enter and leave a graph. */
import { isFloat } from '../../base/dtype.js';
import { HeddleError } from '../../base/errors.js';
import type { GraphBuilder, GraphValue } from '../../ir/builder.js';
import { paramsOf, type Graph, type GraphOutput, type ValueId } from '../../ir/graph.js';
import { printType } from '../../ir/types.js';
import { pullback } from './pullback.js';

const listed = (names: readonly string[]): string => (names.length === 0 ? 'none' : names.join(', '));

const isFloatValue = (graph: Graph, id: ValueId): boolean => isFloat(graph.nodes[id].type.dtype);

/** The outputs that can have cotangents, in the order of the graph. */
export const floatOutputs = (graph: Graph): readonly GraphOutput[] =>
  graph.outputs.filter(({ value }) => isFloatValue(graph, value));

/** Throws GRAD_INVALID where one of `outputs` is not a float. */
export function checkOutputs(graph: Graph, outputs: readonly GraphOutput[]): void {
  const wrong = outputs.find(({ value }) => !isFloatValue(graph, value));
  if (wrong === undefined) return;
  throw new HeddleError('GRAD_INVALID', `the output "${wrong.name}" has no derivative`, {
    found: printType(graph.nodes[wrong.value].type),
    expected: `float outputs: ${listed(floatOutputs(graph).map(({ name }) => name))}`,
    hint: 'differentiate a float output, for instance a loss computed from this one',
  });
}

/** Throws GRAD_INVALID where one of the values `wrt` is not a float. */
export function checkWrt(graph: Graph, wrt: readonly ValueId[]): void {
  const wrong = wrt.find((id) => !isFloatValue(graph, id));
  if (wrong === undefined) return;
  const floats = paramsOf(graph).filter(({ node }) => isFloat(node.type.dtype));
  throw new HeddleError('GRAD_INVALID', `cannot differentiate with respect to ${described(graph, wrong)}`, {
    found: printType(graph.nodes[wrong].type),
    expected: `a float, such as a float param: ${listed(floats.map(({ node }) => node.attrs.name))}`,
    hint: 'integers and bools do not change a little: cast to f32 outside of the graph, or leave it out',
  });
}

function described(graph: Graph, id: ValueId): string {
  const node = graph.nodes[id];
  return node.op === 'param' ? `"${node.attrs.name}"` : `%${id}`;
}

/** `name`, marked until none of `taken` is the same, and taken from now on. For readers: nothing looks it up. */
function freshName(name: string, taken: Set<string>): string {
  let fresh = name;
  while (taken.has(fresh)) fresh += "'";
  taken.add(fresh);
  return fresh;
}

/**
 * Takes cotangents of `outputs`, whose values are `values`, in as params, and puts gradients of `wrt` out. Names say what
 * belongs to what: `ct:OUTPUT`, `grad:PARAM`.
 */
export function emitGradients(
  b: GraphBuilder,
  graph: Graph,
  outputs: readonly GraphOutput[],
  values: readonly GraphValue[],
  wrt: readonly ValueId[],
): { readonly cotangents: readonly ValueId[]; readonly gradients: readonly GraphOutput[] } {
  const params = new Set(paramsOf(graph).map(({ node }) => node.attrs.name));
  const results = new Set(graph.outputs.map(({ name }) => name));
  const seeds = outputs.map(({ name, value }) => {
    const { dtype, shape } = graph.nodes[value].type;
    return { value: values[value], ct: b.param(freshName(`ct:${name}`, params), dtype, shape) };
  });
  const targets = wrt.map((id) => values[id]);
  const gradients = pullback(b, seeds, targets).map((gradient, i): GraphOutput => {
    const node = graph.nodes[wrt[i]];
    const name = freshName(`grad:${node.op === 'param' ? node.attrs.name : wrt[i]}`, results);
    const value = gradient ?? b.full(targets[i], 0);
    b.output(name, value);
    return { name, value: value.id };
  });
  return { cotangents: seeds.map(({ ct }) => ct.id), gradients };
}
