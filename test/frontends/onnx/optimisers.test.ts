/** Steps of optimisers, computed by hand. */
import { describe, expect, test } from 'vitest';
import { importOnnx } from '../../../src/frontends/onnx/index.js';
import { errorOf, given, oneNodeModel, runNode, type OneNode } from './support.js';

const domain = 'ai.onnx.preview.training';
const rate = given([], [0.5]);
const steps = (count: number): ReturnType<typeof given> => given([], [count], 'int64');
const one = (value: number): ReturnType<typeof given> => given([1], [value]);
const results = (spec: Omit<OneNode, 'domain'>): number[] => runNode({ domain, ...spec }).flatMap(({ data }) => [...data]); // prettier-ignore
const close = (found: readonly number[], expected: readonly number[]): void => {
  expect(found.length).toBe(expected.length);
  expected.forEach((value, i) => expect(found[i]).toBeCloseTo(value, 5));
};

describe('optimisers', () => {
  test('Adagrad', () => {
    const attributes = {
      decay_factor: { float: 0.5 },
      norm_coefficient: { float: 1 },
      epsilon: { float: 1 },
    };
    // The gradient is 2 + 1, the rate 0.5 / 2, the sum 16 + 9.
    const operands = [rate, steps(2), one(2), one(1), one(16)];
    close(results({ op: 'Adagrad', operands, attributes, outputs: ['float', 'float'] }), [
      2 - (0.25 * 3) / 6,
      25,
    ]);
  });

  test.each([
    [0, 0.5],
    [1, (0.5 * Math.sqrt(1 - 0.75)) / (1 - 0.5)],
    [2, (0.5 * Math.sqrt(1 - 0.75 ** 2)) / (1 - 0.5 ** 2)],
  ])('Adam after %i steps', (count, factor) => {
    const attributes = { alpha: { float: 0.5 }, beta: { float: 0.75 }, epsilon: { float: 0 }, norm_coefficient_post: { float: 0.5 } }; // prettier-ignore
    const [mean, squares] = [0.5 * 1 + 0.5 * 2, 0.75 * 1 + 0.25 * 4];
    const operands = [rate, steps(count), one(4), one(2), one(1), one(1)];
    const found = results({ op: 'Adam', operands, attributes, outputs: ['float', 'float', 'float'] });
    close(found, [(4 - (factor * mean) / Math.sqrt(squares)) / 2, mean, squares]);
  });

  test.each([
    ['standard', 0, (v: number) => v],
    ['standard', 3, (v: number) => v],
    ['nesterov', 3, (v: number) => 2 + 0.5 * v],
  ])('Momentum, %s, of two tensors after %i steps', (mode, count, direction) => {
    const attributes = { alpha: { float: 0.5 }, beta: { float: 0.25 }, norm_coefficient: { float: 0 }, mode };
    const operands = [rate, steps(count), one(1), one(10), one(2), one(2), one(4), one(8)];
    const next = [4, 8].map((v) => 0.5 * v + (count > 0 ? 0.25 : 1) * 2);
    const moved = [1, 10].map((x, i) => x - 0.5 * direction(next[i]));
    const outputs = ['float', 'float', 'float', 'float'] as const;
    close(results({ op: 'Momentum', operands, attributes, outputs }), [...moved, ...next]);
  });

  test('refuse inputs that are not as many for each tensor', () => {
    const spec = { domain, op: 'Adagrad', operands: [rate, steps(0), one(1), one(1)] };
    errorOf('ONNX_INVALID', () => importOnnx(oneNodeModel(spec)));
  });
});
