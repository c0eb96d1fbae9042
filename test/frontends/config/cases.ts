/** Every layer, variant, combine mode and activation, with its definition as loops. */
import type { LayerConfig, NetworkConfig } from '../../../src/frontends/config/index.js';
import * as loops from './loops.js';
import type { Vector } from './loops.js';

/** Weights by their names, without `layers.0.`. */
export type Named = (name: string) => Vector;

export interface Case {
  readonly name: string;
  readonly config: NetworkConfig;
  /** Of one example. */
  readonly loops: (x: Vector, w: Named) => Vector;
  /** Numbers of rows, in place of floats. */
  readonly indices?: number;
}

const list = (input: readonly number[], ...layers: readonly LayerConfig[]): NetworkConfig => ({
  input,
  seed: 3,
  layers,
});

const one = (
  name: string,
  input: readonly number[],
  layer: LayerConfig,
  definition: Case['loops'],
  more: Partial<Case> = {},
): Case => ({
  name,
  config: list(input, layer),
  loops: (x, w) => definition(x, (key) => w(`layers.0.${key}`)),
  ...more,
});

const dense =
  (outputs: number, path = ''): Case['loops'] =>
  (x, w) =>
    loops.dense(x, w(`${path}weight`), w(`${path}bias`), outputs);

const activations: readonly Case[] = Object.entries(loops.ACTIVATIONS).map(([activation, f]) =>
  one(`dense, ${activation}`, [5], { type: 'dense', height: 4, activation: activation as 'relu' }, (x, w) =>
    dense(4)(x, w).map(f),
  ),
);

const cell = (w: Named): loops.CellWeights => ({
  input: w('cells.0.inputWeight'),
  hidden: w('cells.0.hiddenWeight'),
  inputBias: w('cells.0.inputBias'),
  hiddenBias: w('cells.0.hiddenBias'),
});

const projections = (w: Named): loops.Projections => {
  const own = (name: string): readonly [Vector, Vector] => [w(`${name}.weight`), w(`${name}.bias`)];
  return { query: own('query'), key: own('key'), value: own('value'), output: own('output') };
};

const image = { channels: 2, height: 5, width: 4, filters: 3, kernelHeight: 3, kernelWidth: 3 };

const layers: readonly Case[] = [
  one('dense, by step', [3, 4], { type: 'dense', width: 4, height: 2, bias: true }, (x, w) =>
    loops.rows(x, 4, (row) => dense(2)(row, w)),
  ),
  one('dense, softmax', [5], { type: 'dense', height: 4, activation: 'softmax' }, (x, w) =>
    loops.softmax(dense(4)(x, w)),
  ),
  one(
    'dense, scaled leaky_relu',
    [5],
    { type: 'dense', height: 4, activation: 'leaky_relu', activation_scale: 1.5, activation_slope: 0.25 },
    (x, w) => dense(4)(x, w).map((value) => (value < 0 ? 0.25 : 1) * 1.5 * value),
  ),
  one('conv1d', [2, 7], { type: 'conv1d', filters: 3, kernel_size: 3, stride: 2, padding: 1 }, (x, w) =>
    loops.conv(x, w('weight'), w('bias'), {
      ...{ channels: 2, height: 1, width: 7, filters: 3, kernelHeight: 1, kernelWidth: 3 },
      ...{ stride: 2, padHeight: 0, padWidth: 1 },
    }),
  ),
  one('conv2d', [2, 5, 4], { type: 'conv2d', filters: 3, kernel_size: 3, stride: 1, padding: 1 }, (x, w) =>
    loops.conv(x, w('weight'), w('bias'), { ...image, stride: 1, padHeight: 1, padWidth: 1 }),
  ),
  one(
    'conv2d, stride 2',
    [40],
    {
      type: 'conv2d',
      input_channels: 2,
      input_height: 5,
      input_width: 4,
      filters: 3,
      kernel_size: 3,
      stride: 2,
    },
    (x, w) =>
      // prettier-ignore
      loops.conv(x, w('weight'), w('bias'), { ...image, stride: 2, padHeight: 0, padWidth: 0 }),
  ),
  one('rnn', [3, 2], { type: 'rnn', hidden_size: 3 }, (x, w) => loops.rnn(x, 2, 3, cell(w))),
  one('lstm', [3, 2], { type: 'lstm', hidden_size: 3 }, (x, w) => loops.lstm(x, 2, 3, cell(w))),
  one('gru', [3, 2], { type: 'gru', hidden_size: 3 }, (x, w) => loops.gru(x, 2, 3, cell(w))),
  one('multi_head_attention', [3, 4], { type: 'multi_head_attention', num_heads: 2 }, (x, w) =>
    loops.attention(x, projections(w), { features: 4, heads: 2, keyHeads: 2, causal: false, base: 0 }),
  ),
  one(
    'mha, grouped, RoPE, causal',
    [4, 8],
    { type: 'mha', num_heads: 4, num_kv_heads: 2, rope_freq_base: 100, causal: true },
    (x, w) =>
      // prettier-ignore
      loops.attention(x, projections(w), { features: 8, heads: 4, keyHeads: 2, causal: true, base: 100 }),
  ),
  one('layer_norm', [2, 4], { type: 'layer_norm' }, (x, w) =>
    loops.rows(x, 4, (row) => loops.layerNorm(row, w('weight'), w('bias'))),
  ),
  one('rms_norm', [8], { type: 'rms_norm', norm_size: 4, epsilon: 1e-3 }, (x, w) =>
    loops.rows(x, 4, (row) => loops.rmsNorm(row, w('weight'), 1e-3)),
  ),
  one('swiglu', [2, 3], { type: 'swiglu', output_size: 5, bias: true }, (x, w) =>
    loops.rows(x, 3, (row) => {
      const gate = dense(5, 'gate.')(row, w).map(loops.silu);
      const up = dense(5, 'up.')(row, w);
      return dense(3, 'down.')(
        gate.map((value, i) => value * up[i]),
        w,
      );
    }),
  ),
  one(
    'embedding',
    [3],
    { type: 'embedding', vocab_size: 5, embedding_dim: 2 },
    (x, w) => x.flatMap((row) => [0, 1].map((i) => (row < 5 ? w('weight')[row * 2 + i] : 0))),
    { indices: 6 },
  ),
  one('stitch', [5], { type: 'stitch', output_size: 3 }, dense(3)),
  {
    name: 'residual',
    config: list([4], { type: 'dense', height: 4, activation: 'tanh' }, { type: 'residual' }),
    loops: (x, w) =>
      loops.dense(x, w('layers.0.weight'), w('layers.0.bias'), 4).map((value, i) => Math.tanh(value) + x[i]),
  },
  {
    name: 'residual, from',
    config: list(
      [4],
      { type: 'dense', height: 4, name: 'first' },
      { type: 'dense', height: 4, activation: 'tanh' },
      { type: 'residual', from: ['first', 'input'] },
    ),
    loops: (x, w) => {
      const first = loops.dense(x, w('layers.first.weight'), w('layers.first.bias'), 4);
      const second = loops.dense(first, w('layers.1.weight'), w('layers.1.bias'), 4);
      return second.map((value, i) => Math.tanh(value) + first[i] + x[i]);
    },
  },
  {
    name: 'added to input and output',
    config: list(
      [4],
      { type: 'dense', height: 4, name: 'first' },
      {
        type: 'dense',
        height: 3,
        add_to_input: 'input',
        activation: 'tanh',
        add_to_output: [],
        name: 'second',
      },
      { type: 'dense', height: 3, activation: 'tanh', add_to_output: [1, 'first'], skip_mismatched: true },
    ),
    loops: (x, w) => {
      const layer = (name: string, own: Vector, size: number): number[] =>
        loops.dense(own, w(`layers.${name}.weight`), w(`layers.${name}.bias`), size);
      const second = layer('second', layer('first', x, 4).map((value, i) => value + x[i]), 3).map(Math.tanh); // prettier-ignore
      return layer('2', second, 3).map((value, i) => Math.tanh(value) + second[i]);
    },
  },
  one(
    'sequential',
    [4],
    {
      type: 'sequential',
      layers: [
        { type: 'dense', height: 3, activation: 'gelu' },
        { type: 'dense', height: 2 },
      ],
    },
    (x, w) =>
      // prettier-ignore
      dense(2, 'layers.1.')(dense(3, 'layers.0.')(x, w).map(loops.ACTIVATIONS.gelu), w),
  ),
];

const softmaxes: readonly Case[] = [
  one('softmax, standard', [6], { type: 'softmax' }, (x) => loops.softmax(x)),
  one('softmax, over all', [2, 3], { type: 'softmax', softmax_over: 'all' }, (x) => loops.softmax(x)),
  one(
    'softmax, grid',
    [6],
    { type: 'softmax', softmax_variant: 'grid', softmax_rows: 2, softmax_cols: 3 },
    (x) =>
      // prettier-ignore
      loops.rows(x, 3, (row) => loops.softmax(row)),
  ),
  one(
    'softmax, hierarchical',
    [8],
    { type: 'softmax', softmax_variant: 'hierarchical', hierarchy_levels: [2, 2, 2] },
    (x) =>
      // prettier-ignore
      loops.rows(x, 2, (row) => loops.softmax(row)),
  ),
  one(
    'softmax, temperature',
    [6],
    { type: 'softmax', softmax_variant: 'temperature', temperature: 0.5 },
    (x) => loops.softmax(x, 0.5),
  ),
  one(
    'softmax, gumbel without noise',
    [6],
    { type: 'softmax', softmax_variant: 'gumbel', gumbel_noise: false, temperature: 2 },
    (x) =>
      // prettier-ignore
      loops.softmax(x, 2),
  ),
  one(
    'softmax, masked',
    [4],
    { type: 'softmax', softmax_variant: 'masked', mask: [true, false, true, true], temperature: 1.5 },
    (x) => {
      // prettier-ignore
      const [a, b, c] = loops.softmax([x[0], x[2], x[3]], 1.5);
      return [a, 0, b, c];
    },
  ),
  one('softmax, sparse', [6], { type: 'softmax', softmax_variant: 'sparse' }, (x) => loops.sparsemax(x)), // prettier-ignore
  one('softmax, entmax 1.5', [6], { type: 'softmax', softmax_variant: 'entmax' }, (x) =>
    loops.entmax(x, 1.5),
  ),
  one('softmax, entmax 1.2', [6], { type: 'softmax', softmax_variant: 'entmax', entmax_alpha: 1.2 }, (x) =>
    loops.entmax(x, 1.2),
  ),
  one(
    'softmax, entmax blend',
    [6],
    { type: 'softmax', softmax_variant: 'entmax', entmax_mode: 'blend', entmax_alpha: 1.25 },
    (x) => {
      // prettier-ignore
      const [dense_, sparse] = [loops.softmax(x), loops.sparsemax(x)];
      return dense_.map((value, i) => 0.75 * value + 0.25 * sparse[i]);
    },
  ),
  one(
    'softmax, adaptive',
    [5],
    {
      type: 'softmax',
      softmax_variant: 'adaptive',
      adaptive_clusters: [
        [0, 3],
        [4, 1, 2],
      ],
    },
    (x) => {
      // prettier-ignore
      const heads = loops.softmax([(x[0] + x[3]) / 2, (x[4] + x[1] + x[2]) / 3]);
      const [first, second] = [loops.softmax([x[0], x[3]]), loops.softmax([x[4], x[1], x[2]])];
      return [
        heads[0] * first[0],
        heads[1] * second[1],
        heads[1] * second[2],
        heads[0] * first[1],
        heads[1] * second[0],
      ];
    },
  ),
  one(
    'softmax, adaptive with heads',
    [5],
    { type: 'softmax', softmax_variant: 'adaptive', adaptive_clusters: [[0], [1, 2]] },
    (x) => {
      // prettier-ignore
      const heads = loops.softmax(x.slice(3));
      const [b, c] = loops.softmax([x[1], x[2]]);
      return [heads[0], heads[1] * b, heads[1] * c];
    },
  ),
  one(
    'softmax, mixture',
    [6],
    { type: 'softmax', softmax_variant: 'mixture', mixture_weights: [1, 3] },
    (x) => {
      const [first, second] = [loops.softmax(x.slice(0, 3)), loops.softmax(x.slice(3))];
      return first.map((value, i) => 0.25 * value + 0.75 * second[i]);
    },
  ),
];

const pair: readonly LayerConfig[] = [
  { type: 'dense', height: 3, activation: 'tanh' },
  { type: 'dense', height: 3, activation: 'sigmoid' },
];
const pairOf = (x: Vector, w: Named): [number[], number[]] => [
  dense(3, 'branches.0.')(x, w).map(Math.tanh),
  dense(3, 'branches.1.')(x, w).map(loops.sigmoid),
];
const combined = (mode: 'add', combine: (a: number, b: number) => number): Case =>
  one(`parallel, ${mode}`, [4], { type: 'parallel', combine_mode: mode, branches: pair }, (x, w) => {
    const [a, b] = pairOf(x, w);
    return a.map((value, i) => combine(value, b[i]));
  });
const at = (branch_index: number, target_row: number, target_col: number) => ({
  branch_index,
  target_row,
  target_col,
});

const parallels: readonly Case[] = [
  one('parallel, concat', [4], { type: 'parallel', branches: pair }, (x, w) => pairOf(x, w).flat()),
  combined('add', (a, b) => a + b),
  combined('multiply' as 'add', (a, b) => a * b),
  combined('average' as 'add', (a, b) => (a + b) / 2),
  one(
    'parallel, grid_scatter',
    [4],
    {
      type: 'parallel',
      combine_mode: 'grid_scatter',
      branches: pair,
      grid_output_rows: 2,
      grid_output_cols: 3,
      grid_positions: [at(0, 1, 0), at(1, 0, 2)],
    },
    (x, w) =>
      // prettier-ignore
      pairOf(x, w).reverse().flat(),
  ),
  one(
    'parallel, filter',
    [4],
    {
      type: 'parallel',
      combine_mode: 'filter',
      branches: [
        { type: 'dense', height: 3 },
        { type: 'stitch', output_size: 2 },
      ],
      filter_gate: { type: 'dense', height: 2 },
      filter_temperature: 0.7,
    },
    (x, w) => {
      const gate = loops.softmax(dense(2, 'gate.')(x, w), 0.7);
      const [a, b] = [dense(3, 'branches.0.')(x, w), dense(2, 'branches.1.')(x, w)];
      return a.map((value, i) => gate[0] * value + gate[1] * (b[i] ?? 0));
    },
  ),
  one(
    'parallel, filter without a gate',
    [4],
    { type: 'parallel', combine_mode: 'filter', branches: pair },
    (x, w) => {
      // prettier-ignore
      const [a, b] = pairOf(x, w);
      return a.map((value, i) => (value + b[i]) / 2);
    },
  ),
];

const METRICS = ['euclidean', 'cosine', 'manhattan'] as const;
const clusters: readonly Case[] = [
  ...METRICS.map((distance_metric) =>
    one(
      `kmeans, ${distance_metric}`,
      [4],
      {
        type: 'kmeans',
        num_clusters: 3,
        distance_metric,
        kmeans_temperature: 0.8,
        attached_layer: { type: 'dense', height: 2, activation: 'tanh' },
      },
      (x, w) => loops.kmeans(dense(2, 'attached.')(x, w).map(Math.tanh), w('centers'), distance_metric, 0.8),
    ),
  ),
  one(
    'kmeans, features',
    [4],
    { type: 'kmeans', num_clusters: 3, kmeans_output_mode: 'features' },
    (x, w) => {
      const p = loops.kmeans(x, w('centers'), 'euclidean', 1);
      return [0, 1, 2, 3].map((i) => p.reduce((sum, share, k) => sum + share * w('centers')[k * 4 + i], 0));
    },
  ),
];

export const CASES: readonly Case[] = [...layers, ...activations, ...softmaxes, ...parallels, ...clusters];

/** What has no definition as loops: noise, LOOM's wiring. */
export const OTHERS: readonly Omit<Case, 'loops'>[] = [
  {
    name: 'softmax, gumbel',
    config: list([6], { type: 'softmax', softmax_variant: 'gumbel', temperature: 0.8 }),
  },
  {
    name: 'parallel, concat, LOOM',
    config: { ...list([4], { type: 'parallel', branches: pair }), compat: 'loom' },
  },
  {
    name: 'implicit residuals, LOOM',
    config: {
      ...list(
        [2, 4],
        { type: 'rms_norm' },
        { type: 'mha', num_heads: 2 },
        { type: 'swiglu' },
        { type: 'layer_norm' },
      ),
      compat: 'loom',
    },
  },
];
