/** Functions and their derivatives keep their digits where numbers are small, and are finite where they are large. */
import { describe, expect, test } from 'vitest';
import type { Emitter, Value } from '../../src/ir/emitter.js';
import * as compose from '../../src/compose/index.js';
import { grad, losses, tensor, type Tensor } from '../../src/index.js';
import { liftOne } from '../../src/learn/nn/lift.js';
import { expectSameTrees, onDevices } from './support.js';
import { numbersOf } from './torch.js';

type Composition = (b: Emitter, x: Value) => Value;
type Formula = (x: number) => number;

const [ALPHA, GAMMA] = [1.6732632423543772, 1.0507009873554805];
const sigmoid: Formula = (x) => 1 / (1 + Math.exp(-x));
const softplus: Formula = (x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
const mishSlope: Formula = (x) => {
  const s = softplus(x);
  return Math.tanh(s) + (x * sigmoid(x)) / Math.cosh(s) ** 2;
};

/** Each with its derivative in doubles, and whether a number is in its domain. */
const FUNCTIONS: Readonly<Record<string, readonly [Composition, Formula, Formula, ((x: number) => boolean)?]>> = {
  softplus: [compose.softplus, softplus, sigmoid],
  elu: [compose.elu, (x) => (x < 0 ? Math.expm1(x) : x), (x) => (x < 0 ? Math.exp(x) : 1)],
  celu: [(b, x) => compose.celu(b, x, 2), (x) => (x < 0 ? 2 * Math.expm1(x / 2) : x), (x) => (x < 0 ? Math.exp(x / 2) : 1)],
  selu: [compose.selu, (x) => GAMMA * (x < 0 ? ALPHA * Math.expm1(x) : x), (x) => GAMMA * (x < 0 ? ALPHA * Math.exp(x) : 1), (x) => x !== 0],
  mish: [compose.mish, (x) => x * Math.tanh(softplus(x)), mishSlope, (x) => Math.abs(x) < 300],
  expm1: [compose.expm1, Math.expm1, Math.exp],
  log1p: [compose.log1p, Math.log1p, (x) => 1 / (1 + x), (x) => x > -1],
  sinh: [compose.sinh, Math.sinh, Math.cosh],
  // Nearer to 0 the difference of exponentials, which the derivative is, cancels.
  cosh: [compose.cosh, Math.cosh, Math.sinh, (x) => Math.abs(x) >= 0.9],
  silu: [compose.silu, (x) => x * sigmoid(x), (x) => sigmoid(x) * (1 + x * sigmoid(-x)), (x) => Math.abs(x) < 300],
  asinh: [compose.asinh, Math.asinh, (x) => 1 / Math.sqrt(1 + x * x)],
  acosh: [compose.acosh, Math.acosh, (x) => 1 / Math.sqrt(x - 1) / Math.sqrt(x + 1), (x) => x >= 1],
  atanh: [compose.atanh, Math.atanh, (x) => 1 / (1 - x) / (1 + x), (x) => Math.abs(x) < 1],
}; // prettier-ignore

const magnitudes = [
  ...Array.from({ length: 78 }, (_, i) => 10 ** (i - 39)),
  0.03, 0.072, 0.49, 0.5, 0.51, 0.9, 0.999, 0.9999, 1.0000001, 1.001, 1.5, 2, 5, 20, 50, 80.1, 87, 88.1, 89, 89.41, 90, 91.8, 200, 1000, 4095, 4097, 1e20,
]; // prettier-ignore
const points = Float32Array.from([0, ...magnitudes, ...magnitudes.map((x) => -x)]);

/** Ten units in the last place of f32 at most; numbers that f32 has no normal of may be 0. */
function expectRelative(
  found: readonly number[],
  at: readonly number[],
  formula: Formula,
  what: string,
): void {
  at.forEach((x, i) => {
    const expected = Math.fround(formula(x));
    const off = Number.isFinite(expected)
      ? Math.abs(found[i] - expected)
      : found[i] === expected
        ? 0
        : Infinity;
    expect(off, `${what} at ${x}: ${found[i]}, not ${expected}`).toBeLessThanOrEqual(
      10 * 2 ** -24 * Math.abs(expected) + 1.2e-38,
    );
  });
}

describe.each(Object.entries(FUNCTIONS))('%s', (name, [composition, formula, slope, isIn = () => true]) => {
  const f = (x: Tensor): Tensor => liftOne(name, [x], composition);
  const domain = points.filter(isIn);

  test('and its derivative, from small to large', async () => {
    const x = tensor(domain);
    expectRelative(await numbersOf(f(x)), [...domain], formula, name);
    expectRelative(await numbersOf(grad((y: Tensor) => f(y).sum())(x)), [...domain], slope, `${name}'`);
  });

  test('in halves', async () => {
    const x = tensor(domain, { dtype: 'f16' });
    const [at, found] = [await numbersOf(x), await numbersOf(f(x))];
    at.forEach((value, i) => {
      const expected = formula(value);
      // Near the ends of what f16 can hold, the parts of a function are beyond them.
      if (!isIn(value) || Math.abs(expected) > 3e4 || Math.abs(value) > 3e4) return;
      const off = Math.abs(found[i] - expected);
      expect(off, `${name} at ${value}: ${found[i]}`).toBeLessThanOrEqual(
        8 * 2 ** -11 * Math.abs(expected) + 2 ** -14,
      );
    });
  });
});

test('the inverses of hyperbolic functions are no numbers outside of their domains', async () => {
  const of = (composition: Composition, ...at: number[]): Promise<number[]> =>
    numbersOf(liftOne('f', [tensor(at)], composition));
  expect(await of(compose.acosh, 0.5, -1, -3e3, -1e30, Infinity)).toEqual([NaN, NaN, NaN, NaN, Infinity]);
  expect(await of(compose.atanh, 1, -1, 1.5, -1e30)).toEqual([Infinity, -Infinity, NaN, NaN]);
  expect(await of(compose.asinh, Infinity, -Infinity, NaN)).toEqual([Infinity, -Infinity, NaN]);
  expect(await of(compose.log1p, -1, Infinity, -2)).toEqual([-Infinity, Infinity, NaN]);
  expect(await of(compose.expm1, Infinity, -Infinity, NaN)).toEqual([Infinity, -1, NaN]);
  expect(await of(compose.elu, Infinity, -Infinity, NaN)).toEqual([Infinity, -1, NaN]);
});

describe('binary cross entropy', () => {
  const logits = [20, -20, 0, 1e4, -1e4, 0.5, -0.5, 80, -80, 1e-3];
  const cases = [0, 1, 0.25].flatMap((z) => [undefined, 3].map((w) => [z, w] as const));
  test.each(cases)('of a target %d with the weight %d keeps small losses and gradients', async (z, w) => {
    const targets = tensor(logits.map(() => z));
    const options = w === undefined ? {} : { positiveWeight: w };
    const loss = (x: Tensor): Tensor =>
      losses.binaryCrossEntropyWithLogits(x, targets, { reduction: 'none', ...options });
    const weight = (w ?? 1) * z;
    const expected: Formula = (x) => weight * softplus(-x) + (1 - z) * softplus(x);
    const slope: Formula = (x) => (1 - z) * sigmoid(x) - weight * sigmoid(-x);
    const x = tensor(logits);
    expectRelative(await numbersOf(loss(x)), [...(await x.data())], expected, 'loss');
    const gradient = await numbersOf(grad((y: Tensor) => loss(y).sum())(x));
    // With a target between, the gradient is a difference.
    if (z === 0 || z === 1) expectRelative(gradient, [...(await x.data())], slope, 'gradient');
    else gradient.forEach((value, i) => expect(value).toBeCloseTo(slope(logits[i]), 6));
  });
});

onDevices((pair) => {
  test.each(Object.keys(FUNCTIONS))('%s has the bits of the interpreter', async (name) => {
    const [composition] = FUNCTIONS[name];
    const f = (x: Tensor): Tensor => liftOne(name, [x], composition);
    const both = (x: Tensor): Tensor[] => [f(x), grad((y: Tensor) => f(y).sum())(x)];
    const x = tensor(points);
    await expectSameTrees(both(x.to(pair().device)), both(x.to(pair().reference)));
  });
});
