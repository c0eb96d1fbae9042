/** Random graphs: derivatives against differences and against one another, and bits against bits. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { interpret } from '../../../src/interpreter/index.js';
import { paramsOf, type Graph } from '../../../src/ir/graph.js';
import { verifyGraph } from '../../../src/ir/verify.js';
import { vjp } from '../../../src/passes/differentiate/vjp.js';
import { staticShape } from '../../../src/ir/types.js';
import { differenceOf, expectSameBits, VARIANTS, type Specimen } from '../../support/differential.js';
import { evaluateF64, type Elements } from '../../support/evaluate-f64.js';
import { fuzz } from '../../support/fuzz.js';
import { availableGpus } from '../../support/gpu.js';
import { grow, recipes, type Recipe } from '../../support/graphs.js';
import { tensorOf } from '../../support/tensors.js';
import { smoothGraphs } from './smooth.js';
import { checkGradients, derivative, derive, expectClose, floatParams, paramName, randomPoint, sizeOfPort, uniform, type Point } from './support.js'; // prettier-ignore

const inner = (x: Point, y: Point): number =>
  Object.keys(x).reduce((sum, name) => sum + x[name].reduce((part, v, i) => part + v * y[name][i], 0), 0);

/** Random elements for ports, under their own names. */
function directions(ports: readonly (readonly [name: string, length: number])[], seed: number): Point {
  const draw = uniform(seed);
  return Object.fromEntries(
    ports.map(([name, length]) => [name, Array.from({ length }, () => draw([-1, 1]))]),
  );
}

describe('smooth graphs, in doubles', () => {
  test('<u, Jv> = <J’u, v>, with Jv from differences and from two derivatives', () => {
    fc.assert(
      fc.property(smoothGraphs(12), fc.nat(9999), (graph, seed) => {
        const wrt = floatParams(graph);
        const point = randomPoint(graph, seed, {}, {});
        const v = directions(wrt.map((name) => [name, point[name].length]), seed + 1); // prettier-ignore
        const outputs = graph.outputs.map(
          ({ name, value }) => [name, sizeOfPort(graph.nodes[value].type.shape)] as const,
        );
        const u = directions(outputs, seed + 2);

        const once = derive(graph, wrt);
        const cts = (list: (name: string) => Elements): Point =>
          Object.fromEntries(graph.outputs.map(({ name }, i) => [paramName(once.graph, once.cotangents[i]), list(name)])); // prettier-ignore
        const found = evaluateF64(once.graph, { ...point, ...cts((name) => u[name]) });
        const gradients = Object.fromEntries(wrt.map((name, i) => [name, found[once.gradients[i].name]]));

        // The map from cotangents to gradients is linear, so where it is differentiated does not matter: at 0.
        const twice = vjp(once.graph, once.cotangents, once.gradients);
        verifyGraph(twice.graph);
        const along = Object.fromEntries(wrt.map((name, i) => [paramName(twice.graph, twice.cotangents[i]), v[name]])); // prettier-ignore
        const zeros = cts((name) => u[name].map(() => 0));
        const tangents = evaluateF64(twice.graph, { ...point, ...zeros, ...along });

        const step = 1e-5;
        const moved = (h: number): Point =>
          evaluateF64(
            graph,
            Object.fromEntries(wrt.map((name) => [name, point[name].map((x, i) => x + h * v[name][i])])),
          );
        const [ahead, behind] = [moved(step), moved(-step)];
        const tangent = Object.fromEntries(
          outputs.map(([name], i) => [name, tangents[twice.gradients[i].name]]),
        );
        for (const [name] of outputs)
          expectClose(tangent[name], ahead[name].map((x, i) => (x - behind[name][i]) / (2 * step)), () => name); // prettier-ignore
        expectClose([inner(u, tangent)], [inner(gradients, v)], () => 'the inner products');
      }),
      fuzz(150),
    );
  });

  test('second derivatives', () => {
    fc.assert(
      fc.property(smoothGraphs(5), fc.nat(9999), (graph, seed) => {
        const second = derivative(graph);
        checkGradients(second, randomPoint(second, seed), seed);
      }),
      fuzz(40),
    );
  });
});

/** The gradients of a random graph, of ops and values of all kinds, with inputs. */
function gradientsOf(recipe: Recipe): Specimen & { readonly original: Graph } {
  const { program, inputs, others } = grow(recipe);
  const { graph: derived } = derive(program.graph);
  const cts = (seed: number): Specimen['inputs'] =>
    Object.fromEntries(
      paramsOf(derived).flatMap(({ node: { attrs, type } }, i) =>
        attrs.name in inputs ? [] : [[attrs.name, tensorOf(type.dtype, staticShape(type.shape), seed + i)]],
      ),
    );
  return {
    original: program.graph,
    program: { graph: derived, weights: program.weights },
    inputs: { ...inputs, ...cts(recipe.seed) },
    others: { ...others, ...cts(recipe.seed + 1) },
  };
}

describe('graphs of all ops, with hostile values', () => {
  test('keep the bits of their outputs', () => {
    fc.assert(
      fc.property(recipes(12), (recipe) => {
        const { original, program, inputs } = gradientsOf(recipe);
        verifyGraph(program.graph);
        const given = Object.fromEntries(
          paramsOf(original).map(({ node: { attrs } }) => [attrs.name, inputs[attrs.name]]),
        );
        const before = interpret({ ...program, graph: original }, given).outputs;
        const after = interpret(program, inputs).outputs;
        for (const [name, tensor] of Object.entries(before))
          expect(differenceOf(after[name], tensor)).toBeUndefined();
      }),
      fuzz(60),
    );
  });

  test('have second derivatives', () => {
    fc.assert(
      fc.property(recipes(8), (recipe) => {
        verifyGraph(derive(derivative(grow(recipe).program.graph), []).graph);
        const second = derivative(grow(recipe).program.graph);
        verifyGraph(derive(second).graph);
      }),
      fuzz(60),
    );
  });

  describe.each(availableGpus)('on %s', (gpu) => {
    const runs = { swiftshader: 40, lavapipe: 12 }[gpu];
    test(
      'the interpreter and the device agree',
      async () => {
        await fc.assert(
          fc.asyncProperty(recipes(8), fc.constantFrom(...VARIANTS), async (recipe, variant) => {
            await expectSameBits(gradientsOf(recipe), { gpus: [gpu], variants: [variant] });
          }),
          fuzz(runs),
        );
      },
      process.env.FUZZ_RUNS === undefined ? 300_000 : 0,
    );
  });
});
