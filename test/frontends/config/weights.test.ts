/** Weights: made by a seed, saved and loaded, in LOOM's bundles, and left alone where they are frozen. */
import { describe, expect, test } from 'vitest';
import { readSafetensors, writeSafetensors } from '../../../src/data/index.js';
import {
  fromConfig,
  fromLoomBundle,
  toLoomBundle,
  type Chain,
  type NetworkConfig,
} from '../../../src/frontends/config/index.js';
import { nn, optim, readAll, tensor, valueAndGrad } from '../../../src/index.js';
import { standardWeights } from '../../../src/frontends/config/initial.js';
import { Budget } from '../../../src/frontends/config/limits.js';
import { expectSameTrees } from '../../tensor/support.js';
import { CASES } from './cases.js';
import * as loops from './loops.js';
import { inputsFor, namedWeights, numbers, shaken } from './support.js';

const MLP: NetworkConfig = {
  input: [3],
  seed: 11,
  layers: [{ type: 'dense', height: 2, name: 'hidden', activation: 'tanh' }, { type: 'lstm', input_size: 2, hidden_size: 2 }], // prettier-ignore
};

test("fields of LOOM's bundles that hold something else are named", () => {
  const config: NetworkConfig = { input: [2], layers: [{ type: 'dense', height: 1, name: 'only' }] };
  const file = (weights: unknown, models?: unknown): unknown => ({
    type: 'modelhost/bundle',
    version: 1,
    models: models ?? [
      { id: 'a', cfg: config, weights: { fmt: 'jsonModelB64', data: btoa(JSON.stringify(weights)) } },
    ],
  });
  const layer = (fields: unknown): unknown => ({ type: 'float32', layers: [fields] });
  const good = { kernel: [1, 2], biases: [3] };
  expect(() => fromLoomBundle(file(layer(good)))).not.toThrow();
  for (const wrong of [null, 1, [null, 1], ['1', 2], { length: 2 }, true])
    expect(() => fromLoomBundle(file(layer({ ...good, kernel: wrong })))).toThrow(
      /FILE_CORRUPT: the weights are neither numbers nor text/,
    );
  for (const wrong of [null, 1, 'x'])
    expect(() => fromLoomBundle(file(layer(wrong)))).toThrow(
      /FILE_CORRUPT: the weights of a layer are not an object/,
    );
  for (const wrong of [1, 'x', [null], [1], { 0: null }])
    expect(() => fromLoomBundle(file(good, wrong))).toThrow(/FILE_FORMAT/);
});

describe('the seed', () => {
  test('makes the same weights on every machine', async () => {
    const weights = await namedWeights(fromConfig(MLP));
    // What these bits are is decided by the generator and the distributions: they may only change with the version.
    expect(weights.get('layers.hidden.weight')?.map((value) => value.toPrecision(9))).toMatchInlineSnapshot(`
      [
        "-0.0521367192",
        "0.560735941",
        "-0.215258539",
        "-0.253317118",
        "0.568558931",
        "-0.0411458611",
      ]
    `);
  });

  test('makes of dense and convolution layers what nn makes of the key', async () => {
    const key = tensor(Uint32Array.of(5, 6));
    const scope = { key: [5, 6], path: '$', budget: new Budget({}) } as const;
    const { weight, bias } = standardWeights(scope, [3, 4], 4);
    const { weight: linear, bias: linearBias } = new nn.Linear(4, 3, { key });
    await expectSameTrees([weight(), bias()], [linear, linearBias]);
    const kernel = standardWeights(scope, [3, 2, 3, 3], 18);
    const conv = new nn.Conv2d(2, 3, 3, { key });
    await expectSameTrees([kernel.weight(), kernel.bias()], [conv.weight, conv.bias]);
  });

  test('decides, and every layer has weights of its own', async () => {
    await expectSameTrees(fromConfig(MLP), fromConfig(MLP));
    const twins = fromConfig({
      ...MLP,
      layers: [MLP.layers[0], { ...MLP.layers[0], name: 'twin', width: 2 }],
    });
    const weights = await namedWeights(twins);
    expect(weights.get('layers.hidden.weight')?.slice(0, 2)).not.toEqual(weights.get('layers.twin.weight')?.slice(0, 2)); // prettier-ignore
    const others = await namedWeights(fromConfig(MLP, { seed: 12 }));
    expect(others).not.toEqual(await namedWeights(fromConfig(MLP)));
  });

  test("makes Gumbel's noise, the same for every call and example without a key", async () => {
    const noisy = fromConfig({
      input: [5],
      seed: 1,
      layers: [{ type: 'softmax', softmax_variant: 'gumbel' }],
    });
    const x = inputsFor({ config: { input: [5], layers: [] } }, 2);
    expect(await numbers(noisy.call(x))).toEqual(await numbers(noisy.call(x)));
    const [first, second] = [x.slice([0, 1]), x.slice([1, 2])];
    const alone = [...(await numbers(noisy.call(first))), ...(await numbers(noisy.call(second)))];
    expect(await numbers(noisy.call(x))).toEqual(alone);
    const training = await numbers(noisy.call(x, { training: true, key: 1 }));
    expect(await numbers(noisy.call(x, { training: true, key: 2 }))).not.toEqual(training);
    const sums = [training.slice(0, 5), training.slice(5)].map((row) =>
      row.reduce((sum, value) => sum + value),
    );
    for (const sum of sums) expect(sum).toBeCloseTo(1, 5);
  });
});

const tensorsOf = async (network: Chain) => {
  const state = Object.entries(network.state());
  const data = await readAll(state.map(([, leaf]) => leaf));
  return new Map(state.map(([name], i) => [name, data[i]]));
};

describe('weights of every layer', () => {
  test('come back from safetensors', async () => {
    for (const { config } of CASES) {
      const network = shaken(config);
      const bytes = writeSafetensors(await tensorsOf(network));
      const loaded = fromConfig(config, { weights: readSafetensors(bytes).tensors, seed: 99 });
      await expectSameTrees(loaded, network);
    }
  });

  test.each(['jsonModelB64', 'multiPrecisionB64'] as const)(
    'come back from bundles of %s',
    async (format) => {
      for (const { config } of CASES) {
        const network = shaken(config);
        const text = await toLoomBundle(network, config, { format });
        await expectSameTrees(fromLoomBundle(text, { seed: 99 }), network);
      }
    },
  );
});

/** A bundle as LOOM writes it, of one layer after the other. */
const bundle = (
  layers: readonly object[],
  weights: readonly object[],
  fmt = 'jsonModelB64',
  more: object = {},
): string => {
  const cfg = {
    id: 'net',
    batch_size: 1,
    grid_rows: 1,
    grid_cols: 1,
    layers_per_cell: layers.length,
    layers,
  };
  const data = btoa(JSON.stringify({ type: 'float32', layers: weights, ...more }));
  return JSON.stringify({
    type: 'modelhost/bundle',
    version: 1,
    models: [{ id: 'net', cfg, weights: { fmt, data } }],
  });
};

const series = (count: number, phase: number): number[] =>
  Array.from({ length: count }, (_, i) => Math.fround(Math.sin(i * 1.7 + phase)));
const base64 = (array: ArrayBufferView): string =>
  btoa(String.fromCharCode(...new Uint8Array(array.buffer, array.byteOffset, array.byteLength)));

describe("LOOM's bundles", () => {
  test('have dense kernels as [in][out]', async () => {
    const [kernel, biases, x] = [series(6, 1), series(2, 2), series(3, 3)];
    const layer = { type: 'dense', activation: 'sigmoid', input_height: 3, output_height: 2 };
    const network = fromLoomBundle(bundle([layer], [{ kernel, biases }]));
    const expected = [0, 1].map((o) =>
      loops.sigmoid(biases[o] + x.reduce((sum, value, i) => sum + value * kernel[i * 2 + o], 0)),
    );
    const found = await numbers(network.call(tensor([x])));
    found.forEach((value, i) => expect(value).toBeCloseTo(expected[i], 6));
  });

  test('have the gates of an LSTM apart, with one bias', async () => {
    const gates = ['i', 'f', 'g', 'o'];
    const named = (stem: string, count: number): [string, number[]][] =>
      gates.map((gate, i) => [`${stem}${gate}`, series(count, i + count)]);
    const entries = [...named('weight_i', 6), ...named('weight_h', 9), ...named('bias_', 3)];
    const weights = Object.fromEntries(entries);
    const layer = { type: 'lstm', activation: 'relu', input_size: 2, hidden_size: 3, seq_length: 2 };
    const network = fromLoomBundle(bundle([layer], [weights]));
    const stacked = (stem: string): number[] => gates.flatMap((gate) => weights[`${stem}${gate}`]);
    const x = series(4, 0.5);
    const expected = loops.lstm(x, 2, 3, {
      input: stacked('weight_i'),
      hidden: stacked('weight_h'),
      inputBias: stacked('bias_'),
      hiddenBias: new Array<number>(12).fill(0),
    });
    const found = await numbers(network.call(tensor([x])));
    found.forEach((value, i) => expect(value).toBeCloseTo(expected[i], 6));
  });

  test('have weights of many types', async () => {
    const layer = { type: 'dense', activation: 'linear', input_height: 2, output_height: 1 };
    const kernels: Readonly<Record<string, readonly [ArrayBufferView, number, number]>> = {
      float64: [Float64Array.of(0.5, -0.25), 0.5, -0.25],
      float16: [Uint16Array.of(0x3800, 0xb400), 0.5, -0.25],
      bfloat16: [Uint16Array.of(0x3f00, 0xbe80), 0.5, -0.25],
      float8: [Uint8Array.of(0x30, 0xa8), 0.5, -0.25],
      float4: [Uint8Array.of(0xf0), 1, -1],
      int4: [Uint8Array.of(0x97), 1, -1],
      int8: [Int8Array.of(127, -127), 1, -1],
      int16: [Int16Array.of(32767, -32767), 1, -1],
      int32: [Int32Array.of(2147483647, -2147483647), 1, -1],
      int64: [BigInt64Array.of(127n, -254n), 1, -2],
      uint8: [Uint8Array.of(255, 0), 1, -1],
      uint16: [Uint16Array.of(65535, 0), 1, -1],
      uint32: [Uint32Array.of(4294967295, 0), 1, -1],
      uint64: [BigUint64Array.of(9223372000000000000n, 0n), 0, -1],
    };
    for (const [dtype, [elements, first, second]] of Object.entries(kernels)) {
      const text = bundle([layer], [{ dtype, kernel: base64(elements) }], 'multiPrecisionB64', {
        dtype,
        scale: 1,
      });
      const weights = await namedWeights(fromLoomBundle(text));
      expect([dtype, ...(weights.get('layers.0.weight') ?? [])]).toEqual([dtype, first, second]);
      expect(weights.get('layers.0.bias')).toEqual([0]);
    }
  });

  test('are refused where they are broken', () => {
    const layer = { type: 'dense', input_height: 2, output_height: 2 };
    const code = (text: string): unknown => {
      try {
        fromLoomBundle(text);
      } catch (error) {
        return (error as { code: unknown }).code;
      }
      return 'none';
    };
    expect(code('{}')).toBe('FILE_FORMAT');
    expect(code('no json')).toBe('FILE_FORMAT');
    expect(code(bundle([layer], [{}]))).toBe('WEIGHT_MISSING');
    expect(code(bundle([layer], [{ kernel: [1, 2, 3] }]))).toBe('FILE_CORRUPT');
    expect(code(bundle([layer], [{ kernel: 'AAAA' }], 'multiPrecisionB64', { dtype: 'float3' }))).toBe(
      'FILE_FORMAT',
    );
    expect(code(bundle([layer], [], 'zip'))).toBe('FILE_FORMAT');
    expect(code(bundle([{ type: 'dense' }], [{}]))).toBe('CONFIG_INVALID');
  });
});

test('frozen layers stay as they are, the others learn', async () => {
  const network = fromConfig({
    input: [3],
    layers: [
      { type: 'dense', height: 3, frozen: true },
      { type: 'sequential', frozen: true, layers: [{ type: 'dense', height: 3 }] },
      {
        type: 'parallel',
        branches: [
          { type: 'dense', height: 2, frozen: true },
          { type: 'dense', height: 2 },
        ],
      },
    ],
  });
  const optimizer = optim.sgd({ learningRate: 0.1 });
  const x = inputsFor({ config: { input: [3], layers: [] } }, 4);
  const [, gradients] = valueAndGrad((net: Chain) => net.call(x).square().sum())(network);
  const [next] = optimizer.update(network, gradients, optimizer.init(network));
  const [before, after] = [await namedWeights(network), await namedWeights(next)];
  const changed = [...before.keys()].filter((name) => `${before.get(name)}` !== `${after.get(name)}`);
  expect(changed).toEqual(['layers.2.branches.1.weight', 'layers.2.branches.1.bias']);
});
