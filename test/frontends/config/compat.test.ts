/** LOOM's form and LOOM's constants. */
import { describe, expect, test } from 'vitest';
import {
  fromConfig,
  parseConfig,
  plainConfig,
  type LayerConfig,
  type NetworkConfig,
} from '../../../src/frontends/config/index.js';
import { tensor } from '../../../src/index.js';
import { CASES, OTHERS } from './cases.js';
import * as loops from './loops.js';
import { lookup, namedWeights, numbers, shaken } from './support.js';

const grid = (compat: 'standard' | 'loom', ...layers: readonly LayerConfig[]): NetworkConfig => ({
  grid_rows: 1,
  grid_cols: layers.length,
  layers_per_cell: 1,
  seed: 2,
  compat,
  layers,
});

const X = [0.4, -1.2, 0.7, 0.3, 1.1, -0.6, -0.2, 0.9];

async function outputs(config: NetworkConfig, x: readonly number[], batch = 1): Promise<number[]> {
  return numbers(shaken(config).call(tensor(Float32Array.from(x), { shape: [batch, x.length / batch] })));
}

function expectNear(found: readonly number[], expected: readonly number[]): void {
  expect(found).toHaveLength(expected.length);
  found.forEach((value, i) => expect(value, `${i}`).toBeCloseTo(expected[i], 5));
}

const weightsOf = async (config: NetworkConfig) => lookup(await namedWeights(shaken(config)));

/** What a dense layer of LOOM's form, 4 -> 4, gives before its activation. */
async function linear(config: NetworkConfig): Promise<number[]> {
  const w = await weightsOf(config);
  return loops.dense(X.slice(0, 4), w('layers.0.weight'), w('layers.0.bias'), 4);
}

describe('compat: "loom"', () => {
  test.each([
    ['relu', (x: number) => Math.max(0, 1.1 * x)],
    ['leaky_relu', (x: number) => (x < 0 ? 0.1 * x : x)],
    [undefined, (x: number) => Math.max(0, 1.1 * x)],
    ['linear', (x: number) => x],
    ['gelu', loops.ACTIVATIONS.gelu],
  ] as const)('has its %s', async (activation, f) => {
    const layer = { type: 'dense', width: 4, height: 4, ...(activation && { activation }) } as const;
    const config = grid('loom', layer);
    expectNear(await outputs(config, X.slice(0, 4)), (await linear(config)).map(f));
    const standard = loops.ACTIVATIONS[activation ?? 'linear'];
    expectNear(await outputs({ ...config, compat: 'standard' }, X.slice(0, 4)), (await linear(config)).map(standard)); // prettier-ignore
  });

  test('puts whole batches behind each other in concat', async () => {
    const config = grid('loom', {
      type: 'parallel',
      branches: [{ type: 'dense', width: 4, height: 1, activation: 'linear' }, { type: 'dense', width: 4, height: 2, activation: 'linear' }], // prettier-ignore
    });
    const [a0, b0, b1] = await outputs(config, X.slice(0, 4));
    const [c0, d0, d1] = await outputs(config, X.slice(4));
    expect(await outputs(config, X, 2)).toEqual([a0, c0, b0, b1, d0, d1]);
    expect(await outputs({ ...config, compat: 'standard' }, X, 2)).toEqual([a0, b0, b1, c0, d0, d1]);
  });

  test('adds what an rms_norm kept to attention and swiglu, and to the input of a layer_norm', async () => {
    const attention = { type: 'mha', d_model: 4, num_heads: 2, seq_length: 2 } as const;
    const config = grid('loom', { type: 'rms_norm', norm_size: 4 }, attention, { type: 'swiglu', input_size: 4, output_size: 3 }, { type: 'layer_norm', norm_size: 4 }); // prettier-ignore
    const withInput = { ...config, input: [2, 4] };
    const w = await weightsOf(withInput);
    const normed = loops.rows(X, 4, (row) => loops.rmsNorm(row, w('layers.0.weight')));
    const own = (name: string) => [w(`layers.1.${name}.weight`), w(`layers.1.${name}.bias`)] as const;
    const projections = { query: own('query'), key: own('key'), value: own('value'), output: own('output') };
    const shape = { features: 4, heads: 2, keyHeads: 2, causal: true, base: 10000 };
    const attended = loops.attention(normed, projections, shape).map((value, i) => value + X[i]);
    const gated = loops.rows(attended, 4, (row) => {
      const part = (name: string, values: readonly number[], size: number) =>
        loops.dense(values, w(`layers.2.${name}.weight`), w(`layers.2.${name}.bias`), size);
      const [gate, up] = [part('gate', row, 3), part('up', row, 3)];
      return part('down', gate.map((value, i) => loops.silu(value) * up[i]), 4).map((value, i) => value + row[i]); // prettier-ignore
    });
    const doubled = gated.map((value) => 2 * value);
    const expected = loops.rows(doubled, 4, (row) => loops.layerNorm(row, w('layers.3.weight'), w('layers.3.bias'))); // prettier-ignore
    expectNear(await outputs(withInput, X), expected);
  });

  test('leaves a residual of another size out', async () => {
    const config = grid(
      'loom',
      { type: 'dense', width: 4, height: 3, activation: 'tanh' },
      { type: 'residual' },
    );
    const w = await weightsOf(config);
    const expected = loops.dense(X.slice(0, 4), w('layers.0.weight'), w('layers.0.bias'), 3).map(Math.tanh);
    expectNear(await outputs(config, X.slice(0, 4)), expected);
  });

  test('blends in entmax, and computes adaptive and mixture as standard', async () => {
    const x = X.slice(0, 4);
    const softmax = (more: object): NetworkConfig => ({ ...grid('loom', { type: 'softmax', ...more }), input: [4] }); // prettier-ignore
    const blend = loops.softmax(x).map((value, i) => 0.5 * value + 0.5 * loops.sparsemax(x)[i]);
    expectNear(await outputs(softmax({ softmax_variant: 'entmax' }), x), blend);
    expectNear(await outputs(softmax({ softmax_variant: 'entmax', entmax_alpha: 5 }), x), loops.sparsemax(x));
    for (const softmax_variant of ['adaptive', 'mixture'])
      expectNear(await outputs(softmax({ softmax_variant }), x), loops.softmax(x));
  });
});

describe("LOOM's form", () => {
  test('takes its published examples', async () => {
    const first =
      fromConfig(`{"id":"mlp","batch_size":1,"grid_rows":1,"grid_cols":1,"layers_per_cell":2,"layers":[
      {"type":"dense","activation":"leaky_relu","input_height":64,"output_height":64},
      {"type":"dense","activation":"sigmoid","input_height":64,"output_height":2}]}`);
    expect(first.call(tensor(new Float32Array(128), { shape: [2, 64] })).shape).toEqual([2, 2]);
    const second = fromConfig(`{"batch_size":2,"grid_rows":1,"grid_cols":2,"layers_per_cell":1,"layers":[
      {"type":"dense","input_size":16,"output_size":16,"activation":"relu"},
      {"type":"parallel","combine_mode":"grid_scatter","grid_output_rows":1,"grid_output_cols":2,"grid_output_layers":1,
      "grid_positions":[{"branch_index":0,"target_row":0,"target_col":0,"target_layer":0},
      {"branch_index":1,"target_row":0,"target_col":1,"target_layer":0}],
      "branches":[{"type":"dense","input_size":16,"output_size":8,"activation":"relu"},
      {"type":"lstm","input_size":16,"hidden_size":8,"seq_length":1}]}]}`);
    const x = tensor(
      Float32Array.from({ length: 32 }, (_, i) => Math.sin(i)),
      { shape: [2, 16] },
    );
    expect(second.call(x).shape).toEqual([2, 16]);
    expect((await numbers(second.call(x))).every(Number.isFinite)).toBe(true);
  });

  test('ignores the activation of layers that have none there', async () => {
    const norm = grid('standard', { type: 'rms_norm', norm_size: 4 });
    const withActivation = grid('standard', { type: 'rms_norm', norm_size: 4, activation: 'relu' });
    expect(await outputs(withActivation, X.slice(0, 4))).toEqual(await outputs(norm, X.slice(0, 4)));
    const list: NetworkConfig = { input: [4], seed: 2, layers: withActivation.layers };
    expect(await outputs(list, X.slice(0, 4))).toEqual((await outputs(norm, X.slice(0, 4))).map((value) => Math.max(0, value))); // prettier-ignore
  });

  test('sizes of 0 are none, and the first of several names counts', () => {
    const layer = {
      type: 'dense',
      width: 0,
      input_size: 4,
      input_height: 7,
      output_size: 2,
      output_height: 9,
    } as const;
    expect(fromConfig(grid('standard', layer)).call(tensor([X.slice(0, 4)])).shape).toEqual([1, 2]);
  });
});

describe('the ordinary config of one in the dialect', () => {
  const dialects = [...CASES, ...OTHERS].flatMap((one) =>
    (['standard', 'loom'] as const).flatMap((compat) =>
      [
        { ...one.config, compat },
        { ...grid(compat, ...one.config.layers), input: one.config.input ?? [] },
      ].map((config) => ({ name: one.name, config })),
    ),
  );

  // Networks are built from it: that it is its own means that both make the same network.
  test('is an ordinary config, and its own', () => {
    for (const { config, name } of dialects) {
      const plain = plainConfig(config);
      expect(parseConfig(plain), name).toEqual(plain);
      expect(plainConfig(plain), name).toEqual(plain);
    }
    for (const { config } of CASES) expect(plainConfig(config)).toEqual(config);
  });

  test('says what LOOM does', () => {
    const config = grid(
      'loom',
      { type: 'rms_norm', activation: 'tanh' },
      { type: 'mha', num_heads: 2 },
      { type: 'parallel', branches: [{ type: 'dense', height: 4 }] },
      { type: 'softmax', softmax_variant: 'entmax', entmax_alpha: 3 },
    );
    expect(plainConfig({ ...config, input: [2, 4] })).toEqual({
      input: [2, 4],
      seed: 2,
      layers: [
        { type: 'rms_norm' },
        { type: 'mha', num_heads: 2, rope_freq_base: 10000, causal: true, add_to_output: ['input'], skip_mismatched: true }, // prettier-ignore
        {
          type: 'parallel',
          combine_mode: 'concat_batches',
          branches: [{ type: 'dense', height: 4, activation: 'relu', activation_scale: 1.1 }],
        },
        {
          type: 'softmax',
          softmax_over: 'all',
          softmax_variant: 'entmax',
          entmax_mode: 'blend',
          entmax_alpha: 2,
        },
      ],
    });
  });
});
