/** Derivatives checked by differences, in doubles. */
import { expect } from 'vitest';
import { isFloat } from '../../../src/base/dtype.js';
import { elementCount } from '../../../src/base/tensor.js';
import { paramsOf, type Graph } from '../../../src/ir/graph.js';
import { printGraph } from '../../../src/ir/print.js';
import { staticShape } from '../../../src/ir/types.js';
import { verifyGraph } from '../../../src/ir/verify.js';
import { cotangentName, gradientName } from '../../../src/passes/differentiate/ports.js';
import { renamed } from '../../../src/passes/differentiate/rename.js';
import { vjp } from '../../../src/passes/differentiate/vjp.js';
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
  const derived = vjp(graph, wrt);
  verifyGraph(derived);
  const outputs = graph.outputs.filter(({ value }) => isFloat(graph.nodes[value].type.dtype));
  const draw = uniform(seed);
  const weights = outputs.map(({ name, value }) => {
    const length = sizeOfPort(graph.nodes[value].type.shape);
    return [name, Array.from({ length }, () => draw([-1, 1]))] as const;
  });
  const cts = Object.fromEntries(weights.map(([name, list]) => [cotangentName(name), list]));
  const gradients = evaluateF64(derived, { ...point, ...cts });
  const loss = (moved: Point): number => {
    const values = evaluateF64(graph, moved);
    return weights.reduce((sum, [name, list]) => sum + inner(values[name], list), 0);
  };
  for (const name of wrt) {
    const differences = point[name].map((x, i) => {
      const moved = (step: number): number => loss({ ...point, [name]: point[name].with(i, x + step) });
      return (moved(STEP) - moved(-STEP)) / (2 * STEP);
    });
    expectClose(gradients[gradientName(name)], differences, () => `${name} in\n${printGraph(derived)}`);
  }
}

export function expectClose(found: Elements, expected: Elements, where: () => string): void {
  expect(found.length).toBe(expected.length);
  found.forEach((x, i) => {
    if (Math.abs(x - expected[i]) <= TOLERANCE * (1 + Math.abs(expected[i]))) return;
    throw new Error(`element ${i} is ${x}, should be ${expected[i]}, of ${where()}`);
  });
}

/** The gradients of `graph` as outputs of their own, under names that leave room for the next derivative. */
export function derivative(graph: Graph): Graph {
  const derived = vjp(graph, floatParams(graph));
  const outputs = derived.outputs.flatMap(({ name }) => (name.startsWith('grad:') ? [name] : []));
  const cts = paramsOf(derived).flatMap(({ node: { attrs } }) =>
    attrs.name.startsWith('ct:') ? [attrs.name] : [],
  );
  const free = (name: string): string => `${name.replace(':', '_')}_`;
  return renamed(derived, {
    params: Object.fromEntries(cts.map((name) => [name, free(name)])),
    outputs: Object.fromEntries(outputs.map((name) => [name, free(name)])),
  });
}

/** The gradients of one graph at one point, all cotangents being 1 unless given. */
export function gradientsAt(graph: Graph, point: Point, cts: Point = {}): Readonly<Record<string, Elements>> {
  const derived = vjp(graph, floatParams(graph));
  const ones = paramsOf(derived).flatMap(({ node: { attrs } }) =>
    attrs.name.startsWith('ct:')
      ? [[attrs.name, new Array<number>(sizeOfPort(attrs.shape)).fill(1)] as const]
      : [],
  );
  const all = evaluateF64(derived, { ...Object.fromEntries(ones), ...cts, ...point });
  return Object.fromEntries(
    floatParams(graph).map((name) => [name, all[gradientName(name)].map((x) => x + 0)]),
  );
}
