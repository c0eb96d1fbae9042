import { describe, expect, test } from 'vitest';
import { GraphBuilder } from '../../src/ir/builder.js';
import { printGraph } from '../../src/ir/print.js';
import * as compose from '../../src/compose/index.js';
import { evaluate, expectClose, f32, noise, numbers } from './support.js';

const mean = (values: readonly number[]): number => values.reduce((sum, x) => sum + x, 0) / values.length;
const variance = (values: readonly number[]): number => mean(values.map((x) => (x - mean(values)) ** 2));
const standard = (values: readonly number[], epsilon = 1e-5): number[] =>
  values.map((x) => (x - mean(values)) / Math.sqrt(variance(values) + epsilon));
const rows = (values: readonly number[], size: number): number[][] =>
  Array.from({ length: values.length / size }, (_, i) => values.slice(i * size, (i + 1) * size));

test('batchNorm computes its factors from the parameters alone', () => {
  const b = new GraphBuilder('bn');
  const x = b.param('x', 'f32', [1, 2, 4, 4]);
  const [scale, bias, center, spread] = ['g', 'b', 'm', 'v'].map((id) => b.weight(id, 'f32', [2]));
  b.output('y', compose.batchNorm(b, x, { scale, bias, mean: center, variance: spread, epsilon: 0.001 }));
  expect(printGraph(b.build())).toBe(`graph "bn" {
  %0 = param {name="x"} : f32[1,2,4,4]
  %1 = weight {id="g"} : f32[2]
  %2 = weight {id="b"} : f32[2]
  %3 = weight {id="m"} : f32[2]
  %4 = weight {id="v"} : f32[2]
  %5 = constant {values=[0.001]} : f32[2]
  %6 = add %4 %5 : f32[2]
  %7 = sqrt %6 : f32[2]
  %8 = div %1 %7 : f32[2]
  %9 = mul %3 %8 : f32[2]
  %10 = sub %2 %9 : f32[2]
  %11 = reshape %8 : f32[1,2,1,1]
  %12 = broadcast %11 : f32[1,2,4,4]
  %13 = mul %0 %12 : f32[1,2,4,4]
  %14 = reshape %10 : f32[1,2,1,1]
  %15 = broadcast %14 : f32[1,2,4,4]
  %16 = add %13 %15 : f32[1,2,4,4]
  return "y"=%16
}
`);
});

test('batchNorm', () => {
  const x = noise(1, 2, 3, 4);
  const [scale, bias, center] = [noise(2, 3), noise(3, 3), noise(4, 3)];
  const spread = f32([3], [0.5, 1.5, 2]);
  const found = evaluate(
    (b, v, s, t, m, s2) =>
      compose.batchNorm(b, v, { scale: s, bias: t, mean: m, variance: s2, epsilon: 1e-3 }),
    ...[x, scale, bias, center, spread],
  );
  const expected = numbers(x).map((value, i) => {
    const c = Math.floor(i / 4) % 3;
    return (scale.data[c] * (value - center.data[c])) / Math.sqrt(spread.data[c] + 1e-3) + bias.data[c];
  });
  expectClose(found, [2, 3, 4], expected);
});

describe('normalizations over rows', () => {
  const x = noise(5, 2, 3, 8);
  test('layerNorm', () => {
    const [scale, bias] = [noise(6, 8), noise(7, 8)];
    const found = evaluate((b, v, s, t) => compose.layerNorm(b, v, 2, s, t).result, x, scale, bias);
    const expected = rows(numbers(x), 8).flatMap((row) =>
      standard(row).map((value, i) => value * scale.data[i] + bias.data[i]),
    );
    expectClose(found, [2, 3, 8], expected);
  });

  test('rmsNorm', () => {
    const found = evaluate((b, v) => compose.rmsNorm(b, v, 2, undefined, 1e-3), x);
    const expected = rows(numbers(x), 8).flatMap((row) =>
      row.map((value) => value / Math.sqrt(mean(row.map((y) => y * y)) + 1e-3)),
    );
    expectClose(found, [2, 3, 8], expected);
  });

  test('instanceNorm', () => {
    const [scale, bias] = [f32([3], [1, 2, 3]), f32([3], [0, 0.5, -1])];
    const found = evaluate((b, v, s, t) => compose.instanceNorm(b, v, s, t), x, scale, bias);
    const expected = rows(numbers(x), 8).flatMap((row, i) =>
      standard(row).map((value) => value * scale.data[i % 3] + bias.data[i % 3]),
    );
    expectClose(found, [2, 3, 8], expected);
  });

  test('groupNorm', () => {
    const image = noise(8, 2, 4, 3);
    const [scale, bias] = [f32([4], [1, 2, 3, 4]), f32([4], [0, 0, 1, 1])];
    const found = evaluate((b, v, s, t) => compose.groupNorm(b, v, 2, s, t), image, scale, bias);
    const expected = rows(numbers(image), 6)
      .flatMap((group) => standard(group))
      .map((value, i) => {
        const channel = Math.floor(i / 3) % 4;
        return value * scale.data[channel] + bias.data[channel];
      });
    expectClose(found, [2, 4, 3], expected);
  });

  test('lpNormalize gives 0 for a row of zeros', () => {
    const found = evaluate((b, v) => compose.lpNormalize(b, v, 1, 2), f32([2, 2], [3, 4, 0, 0]));
    expectClose(found, [2, 2], [0.6, 0.8, 0, 0]);
  });
});

test('lrn sums over the channels around', () => {
  const x = noise(9, 1, 5, 2);
  const found = evaluate((b, v) => compose.lrn(b, v, { size: 4, alpha: 0.5, beta: 0.75, bias: 1 }), x);
  const at = (c: number, i: number): number => (c < 0 || c > 4 ? 0 : x.data[c * 2 + i]);
  const expected = numbers(x).map((value, k) => {
    const [c, i] = [Math.floor(k / 2), k % 2];
    const power = [c - 1, c, c + 1, c + 2].reduce((sum, channel) => sum + at(channel, i) ** 2, 0);
    return value / (1 + (0.5 / 4) * power) ** 0.75;
  });
  expectClose(found, [1, 5, 2], expected);
});

describe('softmax', () => {
  const x = f32([2, 3], [1, 2, 3, 1000, 1000, -1000]);
  test('does not overflow', () => {
    const e = [1, 2, 3].map((v) => Math.exp(v));
    const total = e[0] + e[1] + e[2];
    expectClose(
      evaluate((b, v) => compose.softmax(b, v, 1), x),
      [2, 3],
      [...e.map((v) => v / total), 0.5, 0.5, 0],
    );
    expectClose(
      evaluate((b, v) => compose.logSoftmax(b, v, 1), x),
      [2, 3],
      [...e.map((v) => Math.log(v / total)), Math.log(0.5), Math.log(0.5), -2000 + Math.log(0.5)],
    );
  });
  test('hardmax marks the first maximum', () => {
    expect(numbers(evaluate((b, v) => compose.hardmax(b, v, 1), x))).toEqual([0, 0, 1, 1, 0, 0]);
  });
});

describe('reductions', () => {
  const x = noise(10, 3, 4, 5);
  const options = { axes: [1], keepDims: true };
  const columns = Array.from({ length: 15 }, (_, k) =>
    Array.from({ length: 4 }, (_, j) => x.data[Math.floor(k / 5) * 20 + j * 5 + (k % 5)]),
  );
  test.each([
    ['mean', compose.mean, mean],
    ['variance', compose.variance, variance],
    ['L1', compose.sumOfAbsolutes, (v: number[]) => v.reduce((s, y) => s + Math.abs(y), 0)],
    ['L2', compose.euclideanNorm, (v: number[]) => Math.hypot(...v)],
    ['log-sum-exp', compose.logSumExp, (v: number[]) => Math.log(v.reduce((s, y) => s + Math.exp(y), 0))],
  ])('%s', (_, reduction, formula) => {
    expectClose(
      evaluate((b, v) => reduction(b, v, options), x),
      [3, 1, 5],
      columns.map(formula),
    );
    expectClose(
      evaluate((b, v) => reduction(b, v, { axes: [1], keepDims: false }), x),
      [3, 5],
      columns.map(formula),
    );
  });

  test('log-sum-exp of infinities is not NaN', () => {
    const rowsOfInfinities = f32([3, 2], [-Infinity, -Infinity, Infinity, 0, 1000, 1000]);
    const found = evaluate(
      (b, v) => compose.logSumExp(b, v, { axes: [1], keepDims: false }),
      rowsOfInfinities,
    );
    expectClose(found, [3], [-Infinity, Infinity, 1000 + Math.log(2)]);
  });

  test('the first and the last extreme', () => {
    const ties = f32([1, 4], [1, 7, 7, 0]);
    const find = (last: boolean): number[] =>
      numbers(evaluate((b, v) => compose.argExtreme(b, 'max', v, 1, { keepDims: false, last }), ties));
    expect([find(false), find(true)]).toEqual([[1], [2]]);
  });
});
