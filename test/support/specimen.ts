/** Programs for tests, with seeded inputs. */
import type { TensorData } from '../../src/base/tensor.js';
import { GraphBuilder } from '../../src/ir/builder.js';
import { paramsOf, type Graph } from '../../src/ir/graph.js';
import { staticShape } from '../../src/ir/types.js';
import type { Tensors } from '../../src/runtime/inputs.js';
import type { Specimen } from './differential.js';
import { tensorOf, type Flavour } from './tensors.js';

/** The graph that `define` builds. */
export function graphOf(define: (b: GraphBuilder) => void): Graph {
  const b = new GraphBuilder('test');
  define(b);
  return b.build();
}

/** The program that `define` builds; its params and weights, but for `given` ones, get values of `flavour`. */
export function specimen(
  define: (b: GraphBuilder) => void,
  flavour: Flavour = 'usual',
  given: Tensors = {},
): Specimen {
  const graph = graphOf(define);
  const fill = (seed: number): Tensors =>
    Object.fromEntries(
      paramsOf(graph).map(({ node: { attrs } }, i) => [
        attrs.name,
        given[attrs.name] ?? tensorOf(attrs.dtype, staticShape(attrs.shape), seed + i, flavour),
      ]),
    );
  const weights = new Map<string, TensorData>();
  for (const node of graph.nodes)
    if (node.op === 'weight')
      weights.set(
        node.attrs.id,
        tensorOf(node.type.dtype, staticShape(node.type.shape), 50 + weights.size, flavour),
      );
  return { program: { graph, weights }, inputs: fill(1), others: fill(100) };
}
