/** Every layer against its definition in f64, and its gradients against differences of that. */
import { describe, expect, test } from 'vitest';
import { grad, type Tensor } from '../../../src/index.js';
import type { Chain } from '../../../src/frontends/config/index.js';
import { CASES } from './cases.js';
import { inputsFor, lookup, namedWeights, numbers, shaken, vector } from './support.js';

const BATCH = 3;
/** f32 has 24 bits; sums of a few dozen products and functions good to 1.5 ulp lose a few of them. */
const TOLERANCE = 2e-5;
/** Of central differences in f64. */
const STEP = 1e-5;
const GRADIENT_TOLERANCE = 2e-4;

const near = (found: readonly number[], expected: readonly number[], tolerance: number): string[] =>
  expected.flatMap((value, i) =>
    Math.abs(found[i] - value) <= tolerance * Math.max(1, Math.abs(value))
      ? []
      : [`${i}: ${found[i]}, not ${value}`],
  );

describe.each(CASES.map((one) => [one.name, one] as const))('%s', (_, one) => {
  test('is its definition', async () => {
    const network = shaken(one.config);
    const x = inputsFor(one, BATCH);
    const found = await numbers(network.call(x));
    const w = lookup(await namedWeights(network));
    const flat = await numbers(x);
    const size = flat.length / BATCH;
    const expected = [0, 1, 2].flatMap((i) => [...one.loops(flat.slice(i * size, (i + 1) * size), w)]);
    expect(found).toHaveLength(expected.length);
    expect(near(found, expected, TOLERANCE)).toEqual([]);
  });

  test('has the gradients of its definition', async () => {
    const network = shaken(one.config);
    const x = inputsFor(one, 1);
    const flat = await numbers(x);
    const weights = await namedWeights(network);
    const size = one.loops(flat, lookup(weights)).length;
    const along = Array.from({ length: size }, (_, i) => Math.sin(i + 1));
    const loss = (w: typeof weights, at: readonly number[]): number =>
      one.loops(at, lookup(w)).reduce((sum, value, i) => sum + value * along[i], 0);
    const difference = (f: (step: number) => number): number => (f(STEP) - f(-STEP)) / (2 * STEP);
    const moved = (values: readonly number[], i: number, step: number): number[] =>
      values.map((value, k) => (k === i ? value + step : value));

    const score = (net: Chain, input: Tensor): Tensor =>
      net
        .call(input)
        .flatten(1)
        .mul(vector(along, [1, size]))
        .sum();
    if (weights.size > 0) {
      const gradients = await namedWeights(grad(score)(network, x));
      for (const [name, values] of weights) {
        const expected = values.map((_, i) =>
          difference((step) => loss(new Map([...weights, [name, moved(values, i, step)]]), flat)),
        );
        expect(near(gradients.get(name) ?? [], expected, GRADIENT_TOLERANCE), name).toEqual([]);
      }
    }
    if (one.indices !== undefined) return;
    const byInput = await numbers(grad((input: Tensor) => score(network, input))(x));
    const expected = flat.map((_, i) => difference((step) => loss(weights, moved(flat, i, step))));
    expect(near(byInput, expected, GRADIENT_TOLERANCE), 'input').toEqual([]);
  });
});
