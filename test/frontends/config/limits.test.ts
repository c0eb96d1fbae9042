/** Small configs that ask for much: refused at once, with what is allowed and how to allow more. */
import { describe, expect, test } from 'vitest';
import { HeddleError } from '../../../src/base/errors.js';
import { fromConfig, networkProgram, type ConfigOptions } from '../../../src/frontends/config/index.js';
import { graphsOf } from '../../../src/ir/subgraphs.js';

type Json = Readonly<Record<string, unknown>>;

function refusal(config: unknown, options: ConfigOptions = {}): HeddleError {
  const start = performance.now();
  try {
    fromConfig(config, options);
  } catch (error) {
    if (!(error instanceof HeddleError)) throw error;
    expect(error.message).toMatch(/expected: at most/);
    expect(performance.now() - start).toBeLessThan(5_000);
    return error;
  }
  throw new Error('nothing was thrown');
}

const net = (input: readonly number[], ...layers: readonly unknown[]): Json => ({ input, layers });

const SIZES = [20_000, 100_000, 2 ** 31, 2 ** 40, 2 ** 53 - 1];

const WIDE: Readonly<Record<string, (size: number) => Json>> = {
  dense: (size) => net([size], { type: 'dense', height: size }),
  'dense without a bias': (size) => net([size], { type: 'dense', height: size, bias: false }),
  stitch: (size) => net([size], { type: 'stitch', output_size: size }),
  conv1d: (size) => net([size, 9], { type: 'conv1d', filters: size, kernel_size: 3 }),
  conv2d: (size) => net([size, 4, 4], { type: 'conv2d', filters: size, kernel_size: 3 }),
  'the kernel of conv2d': (size) => net([1, size, size], { type: 'conv2d', filters: 1, kernel_size: size }),
  embedding: (size) => net([2], { type: 'embedding', vocab_size: size, embedding_dim: size }),
  rnn: (size) => net([2, 2], { type: 'rnn', hidden_size: size }),
  lstm: (size) => net([2, 2], { type: 'lstm', hidden_size: size }),
  gru: (size) => net([2, size], { type: 'gru', hidden_size: size }),
  mha: (size) => net([2, size], { type: 'mha', d_model: size, num_heads: 1 }),
  swiglu: (size) => net([size], { type: 'swiglu' }),
  kmeans: (size) => net([size], { type: 'kmeans', num_clusters: size }),
  'many layers': () => net([4000], ...Array.from({ length: 20 }, () => ({ type: 'dense', height: 4000 }))),
};

describe('weights', () => {
  test.each(Object.keys(WIDE))('%s', (name) => {
    for (const size of SIZES) {
      const error = refusal(WIDE[name](size));
      expect(error.code).toBe('LIMIT_EXCEEDED');
      expect(error.where).toMatch(/^\$\.layers\[\d+\]$/);
      expect(error.hint).toMatch(/maxWeights/);
    }
  });

  test('as many as are allowed', () => {
    const config = net([10], { type: 'dense', height: 10 }, { type: 'dense', height: 2 });
    expect(refusal(config, { maxWeights: 131 }).where).toBe('$.layers[1]');
    expect(() => fromConfig(config, { maxWeights: 132 })).not.toThrow();
  });
});

describe('nesting', () => {
  const nested = (depth: number, wrap: (inner: unknown) => unknown): Json => {
    let layer: unknown = { type: 'dense', height: 2 };
    for (let i = 0; i < depth; i++) layer = wrap(layer);
    return net([2], layer);
  };
  const WRAPS: Readonly<Record<string, (inner: unknown) => unknown>> = {
    sequential: (inner) => ({ type: 'sequential', layers: [inner] }),
    parallel: (inner) => ({ type: 'parallel', branches: [inner] }),
    filter: (inner) => ({ type: 'parallel', combine_mode: 'filter', branches: [inner], filter_gate: inner }),
    kmeans: (inner) => ({ type: 'kmeans', num_clusters: 2, attached_layer: inner }),
  };

  test.each(Object.keys(WRAPS))('of %s', (name) => {
    for (const depth of [300, 450, 1000, 10_000]) {
      const error = refusal(nested(depth, WRAPS[name]));
      expect([error.code, error.found]).toEqual(['LIMIT_EXCEEDED', expect.stringMatching(/^more than/)]);
    }
  });

  test('that is deep, but not too deep, is built', () => {
    const x = fromConfig(nested(120, WRAPS.sequential));
    expect(Object.keys(x.state())).toHaveLength(2);
  });

  test('of lists, in text and anywhere', () => {
    const lists = (depth: number): string => `${'['.repeat(depth)}${']'.repeat(depth)}`;
    for (const depth of [300, 10_000, 1_000_000])
      for (const text of [
        lists(depth),
        `{"input":${lists(depth)},"layers":[]}`,
        `{"input":[2],"layers":${lists(depth)}}`,
        `{"input":[2],"layers":[{"type":"dense","height":2,"from":${lists(depth)}}]}`,
      ])
        expect(refusal(text).code).toBe('LIMIT_EXCEEDED');
  });

  test('of layers that are one object, which a program can write', () => {
    let layer: unknown = { type: 'dense', height: 2 };
    for (let i = 0; i < 40; i++) layer = { type: 'sequential', layers: [layer, layer] };
    expect(refusal(net([2], layer)).code).toBe('LIMIT_EXCEEDED');
    const itself: unknown[] = [];
    itself.push(itself);
    expect(refusal({ input: [2], layers: itself }).code).toBe('LIMIT_EXCEEDED');
  });
});

test('axes of an example', () => {
  for (const count of [64, 300_000]) {
    const error = refusal(net(new Array<number>(count).fill(1), { type: 'dense', height: 2 }));
    expect([error.code, error.where]).toEqual(['LIMIT_EXCEEDED', '$.input']);
  }
});

test('a list in a config may be longer than a call takes arguments', () => {
  const first = Array.from({ length: 200_000 }, (_, i) => i);
  const softmax = (clusters: number[][]): Json =>
    net([200_001], { type: 'softmax', softmax_variant: 'adaptive', adaptive_clusters: clusters });
  expect(() => fromConfig(softmax([first, [5]]))).toThrow(/^CONFIG_INVALID: the clusters.*\n.*\n.{9,90}\n/);
  expect(() => fromConfig(softmax([first, [200_000]]))).not.toThrow();
});

describe('steps', () => {
  test.each(['rnn', 'lstm', 'gru'])('of %s', (type) => {
    const steps = (count: number, more: Json = {}): Json =>
      net([count, 2], { type, hidden_size: 2, ...more });
    for (const count of [2 ** 20 + 1, 2 ** 31]) expect(refusal(steps(count)).code).toBe('LIMIT_EXCEEDED');
    expect(refusal(steps(2 ** 21), { maxSteps: 2 ** 21 }).hint).toMatch(/in parts/);
    expect(() => fromConfig(steps(2 ** 20))).not.toThrow();
    expect(() => fromConfig(steps(5000), { maxSteps: 5000 })).not.toThrow();
    expect(refusal(steps(5000), { maxSteps: 4999 }).code).toBe('LIMIT_EXCEEDED');
    expect(refusal(steps(5000), { maxSteps: 4999 }).hint).toMatch(/maxSteps.*--max-steps/);
    // It is for the caller to say, not for the file.
    expect(() => fromConfig(steps(2, { max_steps: 5000 }))).toThrow(/CONFIG_INVALID/);
  });

  test.each(['rnn', 'lstm', 'gru'])('the program of %s is as large for 10 as for 1,000', async (type) => {
    const sizes = [10, 1000].map(async (count) => {
      const { graph } = await networkProgram(fromConfig(net([count, 2], { type, hidden_size: 2 })), 1);
      return graph.nodes.reduce(
        (sum, node) => sum + graphsOf(node).reduce((n, g) => n + g.nodes.length, 1),
        0,
      );
    });
    expect(await sizes[0]).toBe(await sizes[1]);
  });

  test.each<[string, (layers: readonly unknown[]) => Json]>([
    ['in a list', (layers) => net([800, 2], ...layers)],
    ['in a layer', (layers) => net([800, 2], { type: 'sequential', layers })],
    ['in branches', (layers) => net([800, 2], { type: 'parallel', combine_mode: 'add', branches: layers })],
  ])('of layers together, %s', (_, config) => {
    const some = (count: number): Json =>
      config(Array.from({ length: count }, () => ({ type: 'lstm', hidden_size: 2 })));
    const limited = { maxSteps: 4096 };
    expect(refusal(some(60), limited)).toMatchObject({ code: 'LIMIT_EXCEEDED', expected: 'at most 4096' });
    expect(refusal(some(6), limited).where).toMatch(/\[5\]$/);
    expect(refusal(some(3), { maxSteps: 2399 }).where).toMatch(/\[2\]$/);
    for (const [count, options] of [
      [5, limited],
      [60, {}],
      [6, { maxSteps: 4800 }],
    ] as const)
      // prettier-ignore
      expect(() => fromConfig(some(count), options)).not.toThrow();
  });
});
