/** Dropout and initializers: what is random, and the same for the same key. */
import { describe, expect, test } from 'vitest';
import { HeddleError } from '../../../src/base/errors.js';
import { grad, jit, nn, ones, random, vmap, type Tensor } from '../../../src/index.js';
import type { Initializer } from '../../../src/learn/nn/index.js';
import { numbersOf } from '../../tensor/torch.js';

const SIZE = 20_000;
const meanOf = (values: readonly number[]): number => values.reduce((a, b) => a + b) / values.length;
const deviationOf = (values: readonly number[]): number => {
  const mean = meanOf(values);
  return Math.sqrt(meanOf(values.map((x) => (x - mean) ** 2)));
};

describe('dropout', () => {
  const layer = new nn.Dropout(0.3);
  const x = ones([SIZE]);

  test('drops so many, and scales the others', async () => {
    const values = await numbersOf(layer.call(x, { training: true, key: 1 }));
    const kept = values.filter((v) => v !== 0);
    expect(new Set(kept)).toEqual(new Set([Math.fround(1 / 0.7)]));
    // Five standard deviations of the share.
    expect(Math.abs(kept.length / SIZE - 0.7)).toBeLessThan(5 * Math.sqrt(0.21 / SIZE));
  });

  test('depends on the key alone, compiled or not', async () => {
    const call = (key: Tensor): Tensor => layer.call(x, { training: true, key });
    const first = await numbersOf(call(random.key(1)));
    expect(await numbersOf(jit(call)(random.key(1)))).toEqual(first);
    expect(await numbersOf(call(random.key(2)))).not.toEqual(first);
  });

  test('does nothing without training, or at a rate of 0', () => {
    expect(layer.call(x)).toBe(x);
    expect(layer.call(x, { key: 1 })).toBe(x);
    expect(new nn.Dropout(0).call(x, { training: true })).toBe(x);
  });

  test('asks for a key, and says how to give one', () => {
    const model = new nn.Sequential(nn.relu, layer);
    try {
      model.call(x, { training: true });
      expect.unreachable();
    } catch (error) {
      expect(error).toBeInstanceOf(HeddleError);
      const { code, where, hint } = error as HeddleError;
      expect([code, where]).toEqual(['INPUT_MISSING', 'layers.1: Dropout(rate=0.3)']);
      expect(hint).toMatch(/random\.foldIn\(key, step\)/);
    }
  });

  test('gives each layer of a model a pattern of its own', async () => {
    const model = new nn.Sequential(new nn.Dropout(0.5), new nn.Dropout(0.5));
    const values = await numbersOf(model.call(x, { training: true, key: 1 }));
    // The same pattern twice would keep a half.
    expect(Math.abs(values.filter((v) => v !== 0).length / SIZE - 0.25)).toBeLessThan(0.03);
  });

  test('has the gradient of what it keeps', async () => {
    const loss = (x: Tensor): Tensor => layer.call(x, { training: true, key: 1 }).sum();
    expect(await numbersOf(grad(loss)(x))).toEqual(
      await numbersOf(layer.call(x, { training: true, key: 1 })),
    );
  });
});

/** Of a linear layer of two features and the key 1. */
const FIRST_BITS = [1050491354, 1051205646, 3196872103, 1046575812];

describe('initializers', () => {
  const shape = [100, 50, 2, 2];
  const { initializers } = nn;
  const [fanIn, fanOut] = [200, 400];
  const cases: readonly (readonly [string, Initializer, deviation: number, bound: number])[] = [
    [
      'xavierUniform',
      initializers.xavierUniform(),
      Math.sqrt(2 / (fanIn + fanOut)),
      Math.sqrt(6 / (fanIn + fanOut)),
    ],
    ['xavierNormal', initializers.xavierNormal(), Math.sqrt(2 / (fanIn + fanOut)), 1],
    ['heUniform', initializers.heUniform(), Math.sqrt(2 / fanIn), Math.sqrt(6 / fanIn)],
    ['heNormal', initializers.heNormal({ gain: 1 }), Math.sqrt(1 / fanIn), 1],
    ['uniform', initializers.uniform(0.5), 0.5 / Math.sqrt(3), 0.5],
    ['normal', initializers.normal(0.02), 0.02, 0.2],
    // The deviation of a normal distribution cut at two deviations.
    ['truncatedNormal', initializers.truncatedNormal(0.02), 0.02 * 0.8796256610342398, 0.04],
    ['zeros', initializers.zeros, 0, 0],
  ];
  test.each(cases)('%s', async (_, init, deviation, bound) => {
    const values = await numbersOf(init(7, shape));
    expect(values.length).toBe(SIZE);
    expect(Math.abs(meanOf(values))).toBeLessThanOrEqual((5 * deviation) / Math.sqrt(SIZE));
    expect(Math.abs(deviationOf(values) - deviation)).toBeLessThanOrEqual(0.03 * deviation);
    expect(Math.max(...values.map(Math.abs))).toBeLessThanOrEqual(Math.fround(bound));
    expect(await numbersOf(init(7, shape))).toEqual(values);
  });

  test('a truncated normal has the quantiles that it should', async () => {
    const values = (await numbersOf(nn.initializers.truncatedNormal()(3, [SIZE]))).sort((a, b) => a - b);
    // Inverse distribution function at 1/10, 1/4, 3/4, 9/10 of what lies within two deviations.
    const expected = [-1.1790, -0.6375, 0.6375, 1.1790]; // prettier-ignore
    [0.1, 0.25, 0.75, 0.9].forEach((q, i) =>
      expect(Math.abs(values[Math.round(q * SIZE)] - expected[i])).toBeLessThan(0.04),
    );
  });

  test('layers start as PyTorch lets them, with the same bits for the same key', async () => {
    const layer = new nn.Linear(64, 32, { key: 5 });
    const weight = await numbersOf(layer.weight);
    expect(Math.max(...weight.map(Math.abs))).toBeLessThanOrEqual(1 / 8);
    expect(Math.max(...weight.map(Math.abs))).toBeGreaterThan(0.12);
    expect(await numbersOf(new nn.Linear(64, 32, { key: 5 }).weight)).toEqual(weight);
    const bits = new Uint32Array((await new nn.Linear(2, 2, { key: 1 }).weight.data()).slice().buffer);
    expect([...bits]).toEqual(FIRST_BITS);
    expect(layer.weight.backend).toBe('host');
  });

  test('models can be made by the dozen', async () => {
    const weights = vmap((key: Tensor) => new nn.Linear(2, 3, { key }).weight)(random.bits(0, [4, 2]));
    expect(weights.shape).toEqual([4, 3, 2]);
    expect(new Set(await numbersOf(weights)).size).toBe(24);
  });
});
