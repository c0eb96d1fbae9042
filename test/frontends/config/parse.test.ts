/** What a config may say, and what is said of one that is wrong. */
import { execFileSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { HeddleError } from '../../../src/base/errors.js';
import { fromConfig, parseConfig } from '../../../src/frontends/config/index.js';
import { tensor, zeros } from '../../../src/index.js';

const root = new URL('../../../', import.meta.url);

const failure = (json: unknown): HeddleError => failureOf(() => fromConfig(json));

function failureOf(body: () => unknown): HeddleError {
  try {
    body();
  } catch (error) {
    if (error instanceof HeddleError) return error;
    throw error;
  }
  throw new Error('nothing was wrong');
}

const dense = { type: 'dense', height: 3 };

/** A config, where it is wrong, and what is said of it. */
const WRONG: readonly (readonly [json: unknown, where: string, said: RegExp])[] = [
  ['{', '$', /not JSON/],
  [3, '$', /an object/],
  [{ input: [3], layers: {} }, '$.layers', /a list/],
  [{ layers: [dense] }, '$', /input/],
  [{ input: [3.5], layers: [dense] }, '$.input[0]', /whole number/],
  [{ input: [0], layers: [dense] }, '$.input[0]', /from 1/],
  [{ input: [3], layres: [] }, '$.layres', /did you mean "layers"\?/],
  [{ type: 'module', name: 'app' }, '$.type', /unknown field\n/],
  [{ name: 'app', type: 'module' }, '$.name', /unknown field\n/],
  [
    { input: [3], layers: [{ type: 'dense', hight: 3, size: 3 }] },
    '$.layers[0].hight',
    /unknown field in dense/,
  ],
  [{ input: [3], layers: [{ type: 'dens', height: 3 }] }, '$.layers[0].type', /did you mean "dense"\?/],
  [{ input: [3], layers: [{ type: 'linear', height: 3 }] }, '$.layers[0].type', /did you mean "dense"\?/],
  [{ input: [3], layers: [{ height: 3 }] }, '$.layers[0].type', /found: +nothing/],
  [{ input: [3], layers: [{ type: 'dense', hieght: 3 }] }, '$.layers[0].hieght', /did you mean "height"\?/],
  [{ input: [3], layers: [{ type: 'dense' }] }, '$.layers[0]', /height/],
  [{ input: [3], layers: [{ ...dense, height: -1 }] }, '$.layers[0].height', /from 0/],
  [{ input: [3], layers: [{ ...dense, height: '3' }] }, '$.layers[0].height', /"3"/],
  [{ input: [3], layers: [{ ...dense, width: 4 }] }, '$.layers[0].width', /expected: 3/],
  [
    { input: [3], layers: [{ ...dense, activation: 'rellu' }] },
    '$.layers[0].activation',
    /did you mean "relu"\?/,
  ],
  [{ input: [3], layers: [{ ...dense, frozen: 1 }] }, '$.layers[0].frozen', /true or false/],
  [{ input: [3], layers: [{ type: 'lstm' }] }, '$.layers[0]', /hidden_size/],
  [
    {
      input: [3],
      layers: [
        { ...dense, name: 'a' },
        { ...dense, name: 'a' },
      ],
    },
    '$.layers[1].name',
    /layer 0/,
  ],
  [{ input: [3], layers: [{ ...dense, name: '1' }] }, '$.layers[0].name', /digit/],
  [{ input: [3], layers: [{ ...dense, name: 'skip' }, { type: 'residual', from: 'skp' }] }, '$.layers[1].from', /did you mean "skip"\?/], // prettier-ignore
  [{ input: [3], layers: [{ ...dense, from: ['input', 'input'] }] }, '$.layers[0].from', /one layer/],
  [
    { input: [3], layers: [dense, { ...dense, from: 1 }] },
    '$.layers[1].from',
    /input, 0, or a position below 1/,
  ],
  [{ input: [3], layers: [dense, { ...dense, from: -1 }] }, '$.layers[1].from', /from 0/],
  [
    { input: [3], layers: [dense, { ...dense, from: true }] },
    '$.layers[1].from',
    /a string or a whole number or a list/,
  ],
  [{ input: [4], layers: [dense, { type: 'residual' }] }, '$.layers[1]', /as many values/],
  [{ input: [4], layers: [dense, { ...dense, add_to_input: 'input' }] }, '$.layers[1].add_to_input', /as many values/], // prettier-ignore
  [{ input: [4], layers: [dense, { ...dense, add_to_output: [0, 'input'] }] }, '$.layers[1].add_to_output', /as many values/], // prettier-ignore
  [{ input: [4], layers: [{ ...dense, add_to_output: 0 }] }, '$.layers[0].add_to_output', /position below 0/],
  [{ input: [3], layers: [{ type: 'parallel', branches: [{ ...dense, add_to_input: 'input' }] }] }, '$.layers[0].branches[0].add_to_input', /nothing/], // prettier-ignore
  [{ input: [2, 3, 3], layers: [{ type: 'conv2d', filters: 2, kernel_size: 5 }] }, '$.layers[0].kernel_size', /at most 3/], // prettier-ignore
  [{ input: [2, 3, 3], layers: [{ type: 'conv2d', filters: 2, kernel_size: 3, output_height: 2 }] }, '$.layers[0].output_height', /expected: +1/], // prettier-ignore
  [{ input: [7], layers: [{ type: 'conv2d', filters: 2, kernel_size: 3, input_channels: 2 }] }, '$.layers[0]', /product is 7/], // prettier-ignore
  [{ input: [3, 6], layers: [{ type: 'mha', num_heads: 4 }] }, '$.layers[0].num_heads', /divisor of 6/],
  [{ input: [3, 6], layers: [{ type: 'mha', num_heads: 2, num_kv_heads: 3 }] }, '$.layers[0].num_kv_heads', /divisor of 2/], // prettier-ignore
  [{ input: [3, 6], layers: [{ type: 'rnn', hidden_size: 2, seq_length: 4 }] }, '$.layers[0].seq_length', /expected: +3/], // prettier-ignore
  [{ input: [3], layers: [{ type: 'parallel', branches: [] }] }, '$.layers[0].branches', /at least one/],
  [{ input: [3], layers: [{ type: 'parallel', branches: [dense, { type: 'sequential', layers: [{ ...dense, height: 2.5 }] }] }] }, '$.layers[0].branches[1].layers[0].height', /whole number/], // prettier-ignore
  [{ input: [3], layers: [{ type: 'parallel', combine_mode: 'add', branches: [dense, { ...dense, height: 2 }] }] }, '$.layers[0].branches[1]', /expected: +3/], // prettier-ignore
  [{ input: [3], layers: [{ type: 'parallel', combine_mode: 'grid_scatter', branches: [dense] }] }, '$.layers[0].grid_positions', /one for each branch/], // prettier-ignore
  [{ input: [3], layers: [{ type: 'parallel', combine_mode: 'grid_scatter', grid_output_cols: 1, branches: [dense], grid_positions: [{ branch_index: 0, target_row: 0, target_col: 1 }] }] }, '$.layers[0].grid_positions[0].target_col', /less than 1/], // prettier-ignore
  [{ input: [3], layers: [{ type: 'parallel', combine_mode: 'filter', branches: [dense, dense], filter_gate: dense }] }, '$.layers[0].filter_gate', /one for each branch/], // prettier-ignore
  [{ input: [3], layers: [{ type: 'sequential' }] }, '$.layers[0]', /neither/],
  [{ input: [3], layers: [{ type: 'softmax', softmax_variant: 'grid', softmax_rows: 2 }] }, '$.layers[0].softmax_rows', /product is 3/], // prettier-ignore
  [{ input: [3], layers: [{ type: 'softmax', softmax_variant: 'masked', mask: [true] }] }, '$.layers[0].mask', /expected: +3/], // prettier-ignore
  [{ input: [3], layers: [{ type: 'softmax', softmax_variant: 'entmax', entmax_alpha: 3 }] }, '$.layers[0].entmax_alpha', /sparsemax/], // prettier-ignore
  [{ input: [3], layers: [{ type: 'softmax', softmax_variant: 'adaptive', adaptive_clusters: [[0, 0], [1]] }] }, '$.layers[0].adaptive_clusters', /each position/], // prettier-ignore
  [{ input: [3], layers: [{ type: 'softmax', softmax_variant: 'mixture', mixture_weights: [1, 1] }] }, '$.layers[0].mixture_weights', /parts of the input/], // prettier-ignore
  [{ input: [3], layers: [{ type: 'kmeans', num_clusters: 2, cluster_dim: 2 }] }, '$.layers[0].cluster_dim', /expected: +3/], // prettier-ignore
  [{ grid_rows: 1, grid_cols: 2, layers_per_cell: 2, layers: [dense] }, '$.layers', /1 x 2 x 2 = 4/],
  [{ grid_rows: 1, grid_cols: 1, layers_per_cell: 1, layers: [dense] }, '$', /"input"/],
  [{ grid_rows: 1, layers_per_cell: 1, layers: [dense] }, '$', /grid_cols/],
];

describe('a wrong config', () => {
  test.each(WRONG)('%j', (json, where, said) => {
    const error = failure(json);
    expect([error.code, error.where]).toEqual(['CONFIG_INVALID', where]);
    expect(error.message).toMatch(said);
  });
});

describe('a config', () => {
  test('has comments anywhere', () => {
    const json = {
      _: 1,
      comment: 'a',
      comment_2: {},
      input: [3],
      layers: [{ ...dense, _why: [], comment: 1 }],
    };
    expect(fromConfig(json).names).toEqual(['0']);
  });

  test('is text or what that parses to', () => {
    const json = { input: [3], layers: [dense] };
    expect(parseConfig(JSON.stringify(json))).toEqual(json);
  });
});

describe('the schema', () => {
  test('is what the types say', () => {
    execFileSync(process.execPath, ['scripts/schema.mjs', '--check'], { cwd: root, stdio: 'pipe' });
  });
});

describe('zeros', () => {
  const of = async (layer: object, values: readonly number[]): Promise<unknown> =>
    fromConfig({ input: [values.length], layers: [layer] })
      .call(tensor([values]))
      .toArray();

  test('are an epsilon', async () => {
    expect(await of({ type: 'rms_norm', epsilon: 0 }, [1e-4, 1e-4])).toEqual([[1, 1]]);
    expect(await of({ type: 'layer_norm', epsilon: 0 }, [0, 2 ** -20])).toEqual([[-1, 1]]);
  });

  test("are no temperature: that is left out then, as in LOOM's configs", async () => {
    const x = [1, 2, 4];
    for (const [layer, name] of [
      [{ type: 'softmax' }, 'temperature'],
      [{ type: 'kmeans', num_clusters: 2 }, 'kmeans_temperature'],
    ] as const)
      expect(await of({ ...layer, [name]: 0 }, x)).toEqual(await of(layer, x));
  });
});

test('layers are named by their positions as numbers and as texts', () => {
  const network = (from: unknown): readonly number[] =>
    fromConfig({ input: [3], layers: [dense, dense, { ...dense, from }] }).wires.map(({ source }) => source);
  expect(network(0)).toEqual([0, 1, 1]);
  expect(network('0')).toEqual([0, 1, 1]);
  expect(network([1])).toEqual([0, 1, 2]);
  const residual = fromConfig({
    input: [3],
    layers: [dense, dense, { type: 'residual', from: [0, 'input'] }],
  });
  expect(residual.wires[2].before).toEqual([1, 0]);
});

test.each([
  [[1, 3], undefined],
  [[2], 'x.unsqueeze(0) makes one example a batch'],
  [[], undefined],
  [[0, 3], undefined],
])('a network says which input it takes, not %j', (shape, hint) => {
  const network = fromConfig({ input: [2], layers: [dense] });
  const error = failureOf(() => network.call(zeros(shape)));
  expect(error).toMatchObject({ code: 'SHAPE_MISMATCH', found: `f32[${shape}]`, expected: '[N, 2], N examples', hint }); // prettier-ignore
});
