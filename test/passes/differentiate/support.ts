/** Derivatives checked by differences, in doubles. */
import { expect } from 'vitest';
import { isFloat } from '../../../src/base/dtype.js';
import { elementCount } from '../../../src/base/tensor.js';
import { paramsOf, type Graph, type ValueId } from '../../../src/ir/graph.js';
import { printGraph } from '../../../src/ir/print.js';
import { staticShape } from '../../../src/ir/types.js';
import { verifyGraph } from '../../../src/ir/verify.js';
import { vjp, type Derivative } from '../../../src/passes/differentiate/vjp.js';
import { evaluateF64, type Elements } from '../../support/evaluate-f64.js';
import { randomBits } from '../../support/tensors.js';

/** Values of params, by name. */
export type Point = Readonly<Record<string, Elements>>;

/** The interval from which elements of a param are drawn. */
export type Domain = readonly [low: number, high: number];
export const ANY: Domain = [-2, 2];

const STEP = 1e-5;
const TOLERANCE = 2e-6;

/** A stream of doubles in an interval. */
export function uniform(seed: number): (domain: Domain) => number {
  const bits = randomBits(seed);
  return ([low, high]) => low + ((high - low) * bits()) / 2 ** 32;
}

export const sizeOfPort = (shape: Parameters<typeof staticShape>[0]): number =>
  elementCount(staticShape(shape));

/** The params that have derivatives. */
export const floatParams = (graph: Graph): string[] =>
  paramsOf(graph).flatMap(({ node }) => (isFloat(node.type.dtype) ? [node.attrs.name] : []));

/** The derivative by params, and of outputs, that are named; by all float params, of all float outputs. */
export function derive(
  graph: Graph,
  wrt: readonly string[] = floatParams(graph),
  outputs?: readonly string[],
): Derivative {
  const ids = new Map(paramsOf(graph).map(({ node, id }) => [node.attrs.name, id]));
  const asked = outputs && graph.outputs.filter(({ name }) => outputs.includes(name));
  return vjp(graph, wrt.map((name) => ids.get(name)!), asked); // prettier-ignore
}

/** The name of a param. */
export const paramName = (graph: Graph, id: ValueId): string =>
  paramsOf(graph).find((param) => param.id === id)!.node.attrs.name;

/** Random values for all params that have none. Integers have to be given. */
export function randomPoint(
  graph: Graph,
  seed: number,
  domains: Readonly<Record<string, Domain>> = {},
  given: Point = {},
): Point {
  const draw = uniform(seed);
  const entries = paramsOf(graph).map(({ node: { attrs } }) => {
    const list = (): number[] =>
      Array.from({ length: sizeOfPort(attrs.shape) }, () => draw(domains[attrs.name] ?? ANY));
    return [attrs.name, given[attrs.name] ?? list()] as const;
  });
  return { ...given, ...Object.fromEntries(entries) };
}

const inner = (x: Elements, y: Elements): number => x.reduce((sum, v, i) => sum + v * y[i], 0);

/** Throws where the gradients of `graph` at `point` are not what differences of its outputs say. */
export function checkGradients(graph: Graph, point: Point, seed = 1): void {
  const wrt = floatParams(graph);
  const { graph: derived, cotangents, gradients } = derive(graph, wrt);
  verifyGraph(derived);
  const outputs = graph.outputs.filter(({ value }) => isFloat(graph.nodes[value].type.dtype));
  const draw = uniform(seed);
  const weights = outputs.map(({ name, value }) => {
    const length = sizeOfPort(graph.nodes[value].type.shape);
    return [name, Array.from({ length }, () => draw([-1, 1]))] as const;
  });
  const cts = Object.fromEntries(weights.map(([, list], i) => [paramName(derived, cotangents[i]), list]));
  const found = evaluateF64(derived, { ...point, ...cts });
  const loss = (moved: Point): number => {
    const values = evaluateF64(graph, moved);
    return weights.reduce((sum, [name, list]) => sum + inner(values[name], list), 0);
  };
  for (const [i, name] of wrt.entries()) {
    const differences = point[name].map((x, k) => {
      const moved = (step: number): number => loss({ ...point, [name]: point[name].with(k, x + step) });
      return (moved(STEP) - moved(-STEP)) / (2 * STEP);
    });
    expectClose(found[gradients[i].name], differences, () => `${name} in\n${printGraph(derived)}`);
  }
}

export function expectClose(found: Elements, expected: Elements, where: () => string): void {
  expect(found.length).toBe(expected.length);
  found.forEach((x, i) => {
    if (Math.abs(x - expected[i]) <= TOLERANCE * (1 + Math.abs(expected[i]))) return;
    throw new Error(`element ${i} is ${x}, should be ${expected[i]}, of ${where()}`);
  });
}

/** The gradients of `graph`, without its other outputs. */
export function derivative(graph: Graph): Graph {
  const { graph: derived, gradients } = derive(graph);
  return { ...derived, outputs: gradients };
}

/** The gradients of one graph at one point, all cotangents being 1 unless given. */
export function gradientsAt(graph: Graph, point: Point, cts: Point = {}): Readonly<Record<string, Elements>> {
  const { graph: derived, cotangents, gradients } = derive(graph);
  const ones = cotangents.map((id) => {
    const size = sizeOfPort(derived.nodes[id].type.shape);
    return [paramName(derived, id), new Array<number>(size).fill(1)] as const;
  });
  const all = evaluateF64(derived, { ...Object.fromEntries(ones), ...cts, ...point });
  return Object.fromEntries(
    floatParams(graph).map((name, i) => [name, all[gradients[i].name].map((x) => x + 0)]),
  );
}
