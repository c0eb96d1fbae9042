/** The names under which derivatives enter and leave a graph. */
import { isFloat } from '../../base/dtype.js';
import { HeddleError } from '../../base/errors.js';
import type { GraphBuilder, GraphValue } from '../../ir/builder.js';
import { paramsOf, type Graph, type GraphOutput } from '../../ir/graph.js';
import { printType, type TensorType } from '../../ir/types.js';
import { pullback } from './pullback.js';

/** The param that has the cotangent of an output, and the output that has the gradient of a param. */
export const cotangentName = (output: string): string => `ct:${output}`;
export const gradientName = (param: string): string => `grad:${param}`;

const listed = (names: readonly string[]): string => (names.length === 0 ? 'none' : names.join(', '));

/** The outputs that get cotangents, in the order of the graph; those asked for, or all floats. */
export function differentiableOutputs(graph: Graph, asked?: readonly string[]): readonly GraphOutput[] {
  const typeOf = ({ value }: GraphOutput): TensorType => graph.nodes[value].type;
  const floats = graph.outputs.filter((output) => isFloat(typeOf(output).dtype));
  if (asked === undefined) return floats;
  const byName = new Map(graph.outputs.map((output) => [output.name, output]));
  for (const name of asked) {
    const output = byName.get(name);
    if (output !== undefined && isFloat(typeOf(output).dtype)) continue;
    throw new HeddleError('GRAD_INVALID', `the output "${name}" has no derivative`, {
      found: output === undefined ? 'no output of that name' : printType(typeOf(output)),
      expected: `float outputs: ${listed(floats.map((one) => one.name))}`,
      hint: 'differentiate a float output, for instance a loss computed from this one',
    });
  }
  const wanted = new Set(asked);
  return floats.filter(({ name }) => wanted.has(name));
}

/** Throws GRAD_INVALID where one of `names` is no float param. */
export function checkParams(graph: Graph, names: readonly string[]): void {
  const params = paramsOf(graph).map(({ node }) => node);
  const floats = params.filter((node) => isFloat(node.type.dtype));
  const byName = new Map(params.map((node) => [node.attrs.name, node]));
  for (const name of names) {
    const param = byName.get(name);
    if (param !== undefined && isFloat(param.type.dtype)) continue;
    throw new HeddleError('GRAD_INVALID', `there is no derivative by "${name}"`, {
      found: param === undefined ? 'no param of that name' : printType(param.type),
      expected: `float params: ${listed(floats.map((node) => node.attrs.name))}`,
      hint:
        param === undefined
          ? 'derivatives are taken by the params of a graph, not by its weights or outputs'
          : 'integers and bools do not change a little: cast to f32 outside of the graph, or leave it out',
    });
  }
}

/** Throws GRAD_INVALID where a port of the derivative has the name of one that is there. */
export function checkNewNames(graph: Graph, outputs: readonly GraphOutput[], wrt: readonly string[]): void {
  const params = new Set(paramsOf(graph).map(({ node }) => node.attrs.name));
  const results = new Set(graph.outputs.map(({ name }) => name));
  const taken =
    outputs.map(({ name }) => cotangentName(name)).find((name) => params.has(name)) ??
    wrt.map(gradientName).find((name) => results.has(name));
  if (taken === undefined) return;
  throw new HeddleError('GRAD_INVALID', `the graph has a param or output "${taken}" already`, {
    found: `params ${listed([...params])}; outputs ${listed([...results])}`,
    expected: 'names that are free for the cotangents and gradients',
    hint: 'before a derivative is differentiated, its ports need other names: see renamed',
  });
}

/** Takes cotangents of `outputs`, whose values are `values`, in as params, and puts gradients of `wrt` out. */
export function emitGradients(
  b: GraphBuilder,
  graph: Graph,
  outputs: readonly GraphOutput[],
  valueOf: (id: number) => GraphValue,
  wrt: readonly string[],
): void {
  const seeds = outputs.map(({ name, value }) => {
    const { dtype, shape } = graph.nodes[value].type;
    return { value: valueOf(value), ct: b.param(cotangentName(name), dtype, shape) };
  });
  const ids = new Map(paramsOf(graph).map(({ node, id }) => [node.attrs.name, id]));
  const params = wrt.map((name) => valueOf(ids.get(name)!));
  pullback(b, seeds, params).forEach((gradient, i) =>
    b.output(gradientName(wrt[i]), gradient ?? b.full(params[i], 0)),
  );
}
