/** Functions whose parts leave the range of f32 before they do. */
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

const FUNCTIONS = {
  sinh: [compose.sinh, Math.sinh, [-89.4, -88.8, -88, 87.9, 88.01, 88.73, 89, 89.41]],
  cosh: [compose.cosh, Math.cosh, [-89.4, -88.8, -88, 87.9, 88.01, 88.73, 89, 89.41]],
  mish: [
    compose.mish,
    (x: number) => x * Math.tanh(Math.log1p(Math.exp(x))),
    [-91.4, -90, -88.8, -87.4, -87, -80.1, -80, -79.9, -20, -1, 1, 30, 100],
  ],
} as const;

describe.each(Object.keys(FUNCTIONS) as (keyof typeof FUNCTIONS)[])('%s', (name) => {
  const [f, reference, xs] = FUNCTIONS[name];
  test('is finite and right up to the ends of its range', () => {
    evaluate(f, xs).forEach((y, i) => {
      const expected = reference(Math.fround(xs[i]));
      expect(Math.abs(y - expected) / Math.abs(expected), `${name}(${xs[i]}) = ${y}`).toBeLessThan(1e-6);
    });
  });
  test('at infinity and NaN', () => {
    const found = evaluate(f, [Infinity, NaN]);
    expect(found).toEqual([Infinity, NaN]);
  });
});
