/** Functions whose parts leave the range of f32 before they do. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import * as compose from '../../src/compose/index.js';
import { interpret } from '../../src/interpreter/index.js';
import type { Emitter, Value } from '../../src/ir/emitter.js';
import { graphOf } from '../support/specimen.js';
import { tensorData } from '../../src/base/tensor.js';

const evaluate = (f: (b: Emitter, x: Value) => Value, xs: readonly number[]): number[] => {
  const graph = graphOf((b) => b.output('y', f(b, b.param('x', 'f32', [xs.length]))));
  const x = tensorData('f32', [xs.length], Float32Array.from(xs));
  return Array.from(interpret({ graph, weights: new Map() }, { x }).outputs.y.data);
};

/** From the edge of what has a normal result, over the places where forms change, to far beyond. */
const EDGES = [
  -91.86, -91.5, -90, -88.75, -87.5, -87.4, -87.33, -87, -80.1, -80, -79.9, -20, -1, -1e-30, 0.5, 30, 89,
  1e30,
];
const TOWARDS_ZERO = [-100, ...EDGES, -1e30, 1e-30]; // prettier-ignore

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));
const elu = (x: number): number => (x < 0 ? Math.expm1(x) : x);
const clamp01 = (x: number): number => Math.min(1, Math.max(0, x));
const swish =
  (alpha: number): ((b: Emitter, x: Value) => Value) =>
  (b, x) => compose.swish(b, x, alpha); // prettier-ignore

const FUNCTIONS = {
  sinh: [compose.sinh, Math.sinh, [-89.4, -88.8, -88, 87.9, 88.01, 88.73, 89, 89.41]],
  cosh: [compose.cosh, Math.cosh, [-89.4, -88.8, -88, 87.9, 88.01, 88.73, 89, 89.41]],
  mish: [compose.mish, (x: number) => x * Math.tanh(Math.log1p(Math.exp(x))), EDGES],
  silu: [compose.silu, (x: number) => x * sigmoid(x), TOWARDS_ZERO],
  'swish, 2': [swish(2), (x: number) => x * sigmoid(2 * x), TOWARDS_ZERO.map((x) => x / 2)],
  'swish, 0.5': [swish(0.5), (x: number) => x * sigmoid(0.5 * x), TOWARDS_ZERO.map((x) => x * 2)],
  'swish, 2^-60': [swish(2 ** -60), (x: number) => x * sigmoid(2 ** -60 * x), [-130, -120, -90, -1, 90].map((x) => x * 2 ** 60)], // prettier-ignore
  'swish, 2^12': [swish(2 ** 12), (x: number) => x * sigmoid(2 ** 12 * x), TOWARDS_ZERO.map((x) => x * 2 ** -12)], // prettier-ignore
  'swish, 2^20': [swish(2 ** 20), (x: number) => x * sigmoid(2 ** 20 * x), [-1e-6, -3e-5, 1e-5]],
  'swish, 0': [swish(0), (x: number) => x * 0.5, TOWARDS_ZERO],
  softplus: [compose.softplus, (x: number) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))), EDGES.map((x) => Math.max(x, -87.33))], // prettier-ignore
  elu: [compose.elu, elu, TOWARDS_ZERO],
  selu: [compose.selu, (x: number) => 1.0507009873554805 * (x < 0 ? 1.6732632423543772 : 1) * elu(x), TOWARDS_ZERO], // prettier-ignore
  celu: [compose.celu, elu, TOWARDS_ZERO],
  softsign: [compose.softsign, (x: number) => x / (1 + Math.abs(x)), TOWARDS_ZERO],
  hardSwish: [compose.hardSwish, (x: number) => x * clamp01(x / 6 + 0.5), [-2.9, -1, -1e-30, 2.9, 1e30]],
} as const;

describe.each(Object.keys(FUNCTIONS) as (keyof typeof FUNCTIONS)[])('%s', (name) => {
  const [f, reference, xs] = FUNCTIONS[name];
  test('is finite and right up to the ends of its range', () => {
    evaluate(f, xs).forEach((y, i) => {
      const expected = reference(Math.fround(xs[i]));
      // Numbers that f32 has no normal of may be zeros.
      const most = Math.max(Math.abs(expected) * 1e-6, 1e-45);
      if (Math.abs(expected) >= 2 ** -126)
        expect(Math.abs(y - expected), `${name}(${xs[i]}) = ${y}`).toBeLessThan(most);
      else expect(Math.abs(y)).toBeLessThan(2 ** -126);
    });
  });
  test('at infinity and NaN', () => {
    // Infinity times 0, and infinity over infinity.
    const isUndefined = name === 'swish, 0' || name === 'softsign';
    expect(evaluate(f, [Infinity, NaN])).toEqual([isUndefined ? NaN : Infinity, NaN]);
  });
});

test('silu is x * sigmoid(x), to the bit, but for the numbers whose exp is too small', () => {
  const plain = (b: Emitter, x: Value): Value => b.binary('mul', x, b.unary('sigmoid', x));
  const x = fc.float({ min: -80, noNaN: false });
  fc.assert(
    fc.property(fc.array(x, { minLength: 1 }), (xs) => {
      expect(evaluate(compose.silu, xs)).toEqual(evaluate(plain, xs));
    }),
  );
});

test('odd functions keep the sign of a zero', () => {
  for (const f of [compose.sinh, compose.asinh, compose.atanh, compose.tan])
    expect(evaluate(f, [-0, 0])).toEqual([-0, 0]);
});
