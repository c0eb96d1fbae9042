import { describe, expect, test } from 'vitest';
import type { GraphBuilder } from '../../src/ir/builder.js';
import type { Value } from '../../src/ir/emitter.js';
import * as activation from '../../src/compose/activation.js';
import * as math from '../../src/compose/math.js';
import { evaluate, expectClose, f32, numbers } from './support.js';

/** By its Taylor series, which converges to double precision where the tests look. */
function erf(x: number): number {
  let [sum, term] = [x, x];
  for (let n = 1; n < 200; n++) {
    term *= (-x * x) / n;
    sum += term / (2 * n + 1);
  }
  return (2 / Math.sqrt(Math.PI)) * sum;
}

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));
const softplus = (x: number): number => Math.log1p(Math.exp(-Math.abs(x))) + Math.max(x, 0);
const elu = (x: number, alpha: number): number => (x < 0 ? alpha * Math.expm1(x) : x);
const clamp01 = (x: number): number => Math.min(1, Math.max(0, x));

type Case = readonly [
  name: string,
  composition: (b: GraphBuilder, x: Value) => Value,
  formula: (x: number) => number,
];

const CASES: readonly Case[] = [
  ['relu', activation.relu, (x) => Math.max(x, 0)],
  ['leakyRelu', (b, x) => activation.leakyRelu(b, x, 0.1), (x) => (x < 0 ? 0.1 * x : x)],
  ['thresholdedRelu', (b, x) => activation.thresholdedRelu(b, x, 0.5), (x) => (x > 0.5 ? x : 0)],
  ['elu', (b, x) => activation.elu(b, x, 1.5), (x) => elu(x, 1.5)],
  ['selu', (b, x) => activation.selu(b, x), (x) => 1.0507009873554805 * elu(x, 1.6732632423543772)],
  ['celu', (b, x) => activation.celu(b, x, 2), (x) => Math.max(0, x) + Math.min(0, 2 * Math.expm1(x / 2))],
  ['silu', activation.silu, (x) => x * sigmoid(x)],
  ['swish', (b, x) => activation.swish(b, x, 0.5), (x) => x * sigmoid(0.5 * x)],
  ['softplus', activation.softplus, softplus],
  ['mish', activation.mish, (x) => x * Math.tanh(softplus(x))],
  ['softsign', activation.softsign, (x) => x / (1 + Math.abs(x))],
  ['hardSigmoid', (b, x) => activation.hardSigmoid(b, x), (x) => clamp01(0.2 * x + 0.5)],
  ['hardSwish', activation.hardSwish, (x) => x * clamp01(x / 6 + 0.5)],
  ['gelu', activation.gelu, (x) => 0.5 * x * (1 + erf(x / Math.SQRT2))],
  [
    'geluTanh',
    activation.geluTanh,
    (x) => 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3))),
  ],
  [
    'shrink',
    (b, x) => activation.shrink(b, x, 0.5, 0.25),
    (x) => (x < -0.5 ? x + 0.25 : x > 0.5 ? x - 0.25 : 0),
  ],
  ['clip', (b, x) => activation.clip(b, x, -1, 2), (x) => Math.min(2, Math.max(-1, x))],
  ['tan', math.tan, Math.tan],
  ['sinh', math.sinh, Math.sinh],
  ['cosh', math.cosh, Math.cosh],
  ['asinh', math.asinh, Math.asinh],
];

const inputs = f32(
  [25],
  [
    -5, -3.3, -2, -1.5, -1.1, -1, -0.9, -0.5, -0.25, -0.1, -1e-3, -0, 0, 1e-3, 0.1, 0.25, 0.5, 0.75, 1, 1.01,
    1.5, 2, 3, 4, 5,
  ],
);

describe('activations are their formulas', () => {
  test.each(CASES)('%s', (_, composition, formula) => {
    expectClose(evaluate(composition, inputs), [25], Array.from(inputs.data, formula));
  });
});

test('softplus stays finite and keeps large values', () => {
  expect(numbers(evaluate(activation.softplus, f32([3], [-1000, 1000, 88.9])))).toEqual([
    0,
    1000,
    Math.fround(88.9),
  ]);
});

test('sinh does not cancel near 0', () => {
  const [y] = numbers(evaluate(math.sinh, f32([1], [1e-4])));
  expect(Math.abs(y / Math.sinh(Math.fround(1e-4)) - 1)).toBeLessThan(1e-6);
});

test('NaN and infinities are told apart', () => {
  const x = f32([4], [NaN, Infinity, -Infinity, 1]);
  expect(numbers(evaluate(math.isNaN, x))).toEqual([1, 0, 0, 0]);
  expect(numbers(evaluate((b, v) => math.isInfinite(b, v), x))).toEqual([0, 1, 1, 0]);
  expect(numbers(evaluate((b, v) => math.isInfinite(b, v, true, false), x))).toEqual([0, 1, 0, 0]);
  expect(numbers(evaluate((b, v) => math.isInfinite(b, v, false, true), x))).toEqual([0, 0, 1, 0]);
});

test('floorMod has the sign of the divisor', () => {
  const [x, y] = [f32([4], [5, -5, 5, -5]), f32([4], [3, 3, -3, -3])];
  expect(numbers(evaluate(math.floorMod, x, y))).toEqual([2, 1, -1, -2]);
});

test('floorModOfFloats is the remainder of NumPy, zeros and infinities included', () => {
  const x = f32([10], [5, -5, -4, 4, -0, 0, 3, -3, Infinity, 1]);
  const y = f32([10], [3, 3, 2, -2, 2, -2, -Infinity, -Infinity, 2, 0]);
  const expected = [2, 1, 0, -0, 0, -0, -Infinity, -3, NaN, NaN];
  expect(numbers(evaluate(math.floorModOfFloats, x, y))).toEqual(expected);
});
