/** Batches of inputs, and the loop over their elements that a batched graph is compared with. */
import fc from 'fast-check';
import { expect } from 'vitest';
import { allocateHost } from '../../../src/base/dtype.js';
import { elementCount, type TensorData } from '../../../src/base/tensor.js';
import { interpret } from '../../../src/interpreter/index.js';
import { paramsOf, type Graph, type Program, type ValueId, type Weights } from '../../../src/ir/graph.js';
import { printGraph } from '../../../src/ir/print.js';
import { staticShape, type TensorType } from '../../../src/ir/types.js';
import { verifyGraph } from '../../../src/ir/verify.js';
import type { SubnormalMode } from '../../../src/numerics/subnormals.js';
import { batchGraph } from '../../../src/passes/batch/batch.js';
import type { Tensors } from '../../../src/runtime/inputs.js';
import { MODES } from '../../interpreter/support.js';
import { differenceOf, type Specimen } from '../../support/differential.js';
import { grow, type Recipe } from '../../support/graphs.js';
import { tensorOf, type Flavour } from '../../support/tensors.js';

/** A graph and its inputs for every element of a batch. */
export interface Batch {
  readonly graph: Graph;
  /** The params that differ from element to element. */
  readonly batched: ReadonlySet<string>;
  /** The values of the others. */
  readonly shared: Tensors;
  /** The values of the batched params, for each element. */
  readonly elements: readonly Tensors[];
  readonly weights: Weights;
}

/** The tensors of one type as one, with a leading axis. */
export function stack({ dtype, shape }: TensorType, tensors: readonly TensorData[]): TensorData {
  const extents = staticShape(shape);
  const count = elementCount(extents);
  const data = allocateHost(dtype, tensors.length * count);
  tensors.forEach((tensor, i) => data.set(tensor.data, i * count));
  return { dtype, shape: [tensors.length, ...extents], data };
}

/** The params of these names. */
export const paramsNamed = (graph: Graph, names: ReadonlySet<string>): ReadonlySet<ValueId> =>
  new Set(paramsOf(graph).flatMap(({ node, id }) => (names.has(node.attrs.name) ? [id] : [])));

/** The batched program with its inputs. */
export function batchedSpecimen({ graph, batched, shared, elements, weights }: Batch): Specimen {
  const inputs = paramsOf(graph).map(({ node: { attrs, type } }): [string, TensorData] => {
    const { name } = attrs;
    if (!batched.has(name)) return [name, shared[name]];
    return [
      name,
      stack(
        type,
        elements.map((element) => element[name]),
      ),
    ];
  });
  const program: Program = {
    graph: batchGraph(graph, paramsNamed(graph, batched), elements.length),
    weights,
  };
  return { program, inputs: Object.fromEntries(inputs) };
}

/** What the graph gives for one element after the other. */
export function loop({ graph, shared, elements, weights }: Batch, subnormals: SubnormalMode): Tensors {
  const results = elements.map(
    (own) => interpret({ graph, weights }, { ...shared, ...own }, { subnormals }).outputs,
  );
  const outputs = graph.outputs.map(({ name, value }): [string, TensorData] => [
    name,
    stack(
      graph.nodes[value].type,
      results.map((result) => result[name]),
    ),
  ]);
  return Object.fromEntries(outputs);
}

/** Checks that the batched graph is valid, keeps the interface, and gives the bits of the loop in both modes. */
export function expectLoop(batch: Batch): void {
  const { program, inputs } = batchedSpecimen(batch);
  const { graph } = program;
  verifyGraph(graph);
  const paramNames = (of: Graph): string[] => paramsOf(of).map(({ node }) => node.attrs.name);
  expect(paramNames(graph)).toEqual(paramNames(batch.graph));
  expect(graph.outputs.map(({ name }) => name)).toEqual(batch.graph.outputs.map(({ name }) => name));
  for (const subnormals of MODES) {
    const expected = loop(batch, subnormals);
    const found = interpret(program, inputs, { subnormals }).outputs;
    for (const { name } of graph.outputs) {
      const difference = differenceOf(found[name], expected[name]);
      if (difference === undefined) continue;
      throw new Error(
        `${subnormals}, output ${name}: ${difference} ("device": batched, "interpreter": loop)\n` +
          `batch of ${batch.elements.length}, batched ${[...batch.batched].join(', ') || 'nothing'}\n` +
          `${printGraph(batch.graph)}\nbecame\n${printGraph(graph)}`,
      );
    }
  }
}

/** Inputs of values of `flavour` for `size` elements. */
export function drawBatch(
  graph: Graph,
  names: readonly string[],
  size: number,
  flavour: Flavour,
  weights: Weights = new Map(),
): Batch {
  const batched = new Set(names);
  const tensors = (wanted: boolean, seed: number): Tensors => {
    const params = paramsOf(graph).filter(({ node }) => batched.has(node.attrs.name) === wanted);
    const entries = params.map(({ node: { attrs } }, i): [string, TensorData] => [
      attrs.name,
      tensorOf(attrs.dtype, staticShape(attrs.shape), seed + i, flavour),
    ]);
    return Object.fromEntries(entries);
  };
  const elements = Array.from({ length: size }, (_, i) => tensors(true, 100 * (i + 1)));
  return { graph, batched, shared: tensors(false, 1), elements, weights };
}

/** Every subset of the items, the empty one first. */
export const subsets = <T>(items: readonly T[]): T[][] =>
  items.reduce<T[][]>((sets, item) => [...sets, ...sets.map((set) => [...set, item])], [[]]);

/** How a random graph is batched: bit i of `mask` says whether param i is. */
export interface Plan {
  readonly mask: number;
  readonly size: number;
}

/** A random graph as a batch. The first elements have the inputs of the recipe, the others hostile ones. */
export function randomBatch(recipe: Recipe, { mask, size }: Plan): Batch {
  const { program, inputs, others } = grow(recipe);
  const names = paramsOf(program.graph).map(({ node }) => node.attrs.name);
  const chosen = names.filter((_, i) => ((mask >> i) & 1) === 1);
  const hostile = drawBatch(program.graph, chosen, size, 'hostile', program.weights);
  const elements = hostile.elements.map((own, i) => {
    const given = [inputs, others][i];
    return given === undefined ? own : Object.fromEntries(chosen.map((name) => [name, given[name]]));
  });
  return { ...hostile, shared: inputs, elements };
}

/** Plans that batch more than half of the params, for graphs of up to 30. */
export const plans = (sizes: readonly number[]): fc.Arbitrary<Plan> =>
  fc.record({
    mask: fc.tuple(fc.nat(2 ** 30 - 1), fc.nat(2 ** 30 - 1)).map(([p, q]) => p | q),
    size: fc.constantFrom(...sizes),
  });
