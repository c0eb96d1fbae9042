/** Networks in JSON, and LOOM's bundles of them. */
import {
  CONFIG_SCHEMA,
  fromConfig,
  fromLoomBundle,
  networkProgram,
  toLoomBundle,
  type NetworkConfig,
} from '../../../src/frontends/config/index.js';
import { CASES, OTHERS } from '../../frontends/config/cases.js';
import type { InputFamily } from './family.js';
import { hostileValue, mutateJson, mutateText, nested, sizeOf } from './mutate.js';
import type { Random } from './random.js';
import { jsonOf } from './safetensors.js';

const goods: readonly NetworkConfig[] = [...CASES, ...OTHERS].map(({ config }) => config);

/** Texts that mean something in a config, rightly placed or not. */
const WORDS = [...new Set(JSON.stringify(CONFIG_SCHEMA).match(/(?<=")[a-z_0-9]+(?=")/g))];

const value = (random: Random): unknown =>
  random.chance(0.3) ? random.pick(WORDS) : random.chance(0.3) ? sizeOf(random) : hostileValue(random);

/** Configs whose size or depth is the attack. */
function large(random: Random): { config: unknown; how: string } {
  const size = random.pick([1000, 4000, 10_000, 100_000, 2 ** 31, 2 ** 40, 1e15]);
  const count = random.pick([300, 3000, 30_000]);
  const list = (input: unknown, ...layers: readonly unknown[]): unknown => ({ input, layers });
  const leaf = { type: 'dense', height: 2 };
  const wrapped = (depth: number, wrap: (inner: unknown) => unknown): unknown => {
    let inner: unknown = leaf;
    for (let i = 0; i < depth; i++) inner = wrap(inner);
    return inner;
  };
  return random.pick<() => { config: unknown; how: string }>([
    () => ({ how: `dense ${size}`, config: list([size], { type: 'dense', height: size }) }),
    () => ({ how: `conv ${size}`, config: list([size, 4, 4], { type: 'conv2d', filters: size, kernel_size: 3 }) }),
    () => ({ how: `kernel ${size}`, config: list([1, size, size], { type: 'conv2d', filters: 1, kernel_size: size }) }),
    () => ({ how: `conv1d ${size}`, config: list([1, size], { type: 'conv1d', filters: 4, kernel_size: 3, padding: size }) }),
    ...['rnn', 'lstm', 'gru'].map((type) => () => ({ how: `${type} ${size}`, config: list([size, 2], { type, hidden_size: 2 }) })),
    ...['rnn', 'lstm', 'gru'].map((type) => () => ({ how: `hidden ${type} ${size}`, config: list([2, 2], { type, hidden_size: size }) })),
    () => ({ how: `embedding ${size}`, config: list([2], { type: 'embedding', vocab_size: size, embedding_dim: size }) }),
    () => ({ how: `mha ${size}`, config: list([2, size], { type: 'mha', d_model: size, num_heads: 1 }) }),
    () => ({ how: `heads ${size}`, config: list([2, 8], { type: 'mha', d_model: 8, num_heads: size }) }),
    () => ({ how: `swiglu ${size}`, config: list([size], { type: 'swiglu', output_size: size }) }),
    () => ({ how: `norm ${size}`, config: list([size], { type: 'layer_norm' }) }),
    () => ({ how: `kmeans ${size}`, config: list([2], { type: 'kmeans', num_clusters: size }) }),
    () => ({ how: `softmax ${size}`, config: list([size], { type: 'softmax', softmax_variant: random.pick(WORDS) }) }),
    () => ({ how: `input of ${size}`, config: list(random.times(Math.min(size, 300_000), () => 1), leaf) }),
    () => ({ how: `${count} layers`, config: list([2], ...random.times(count, () => leaf)) }),
    () => ({ how: `${count} branches`, config: list([2], { type: 'parallel', branches: random.times(count, () => leaf) }) }),
    () => ({ how: `${count} deep`, config: list([2], wrapped(count, (inner) => ({ type: 'sequential', layers: [inner] }))) }),
    () => ({ how: `${count} deep, two each`, config: list([2], wrapped(Math.min(count, 20), (inner) => ({ type: 'sequential', layers: [inner, inner] }))) }),
    () => ({ how: `${count} deep in parallel`, config: list([2], wrapped(count, (inner) => ({ type: 'parallel', branches: [inner] }))) }),
    () => ({ how: `${count} doublings`, config: list([2], wrapped(Math.min(count, 40), (inner) => ({ type: 'parallel', branches: [inner, leaf] }))) }),
    () => ({ how: `${count} skips`, config: list([2], ...random.times(count, (i) => ({ type: 'residual', from: random.times(Math.min(i, 5), () => 0) }))) }),
    () => ({ how: `lists ${count} deep`, config: nested(1, count) }),
    () => ({ how: `layers ${count} deep`, config: { input: [2], layers: nested(leaf, count) } }),
    () => ({ how: `text ${count} deep`, config: `${'['.repeat(count)}` }),
    () => ({ how: `text with layers ${count} deep`, config: `{"input":[2],"layers":${'['.repeat(count)}${']'.repeat(count)}}` }),
    () => ({ how: 'a long name', config: list([2], { ...leaf, name: 'a'.repeat(count * 10) }) }),
  ])(); // prettier-ignore
}

/** Builds the network, and the program of small ones: large networks take the time that they take. */
async function build(config: unknown): Promise<void> {
  const network = fromConfig(config);
  const leaves = Object.values(network.state());
  const weights = leaves.reduce((sum, { size }) => sum + size, 0);
  if (leaves.length < 300 && weights < 1e6) await networkProgram(network);
}

export const configs: InputFamily = {
  name: 'configs',
  make(random) {
    if (random.chance(0.03)) {
      const { config, how } = large(random);
      return { describe: how, run: () => build(config) };
    }
    const good = random.pick(goods);
    if (random.chance(0.15)) {
      const { text, how } = mutateText(JSON.stringify(good, null, 1), random);
      return { describe: how, run: () => build(text) };
    }
    const { value: config, how } = mutateJson(good, random, value);
    return { describe: how, run: () => build(random.chance(0.2) ? jsonOf(config) : config) };
  },
};

const files = await Promise.all(
  [...CASES.slice(0, 400)].filter((_, i) => i % 8 === 0).map(async ({ config }, i) => {
    const format = i % 2 === 0 ? 'jsonModelB64' : 'multiPrecisionB64';
    return JSON.parse(await toLoomBundle(fromConfig(config), config, { format })) as {
      readonly models: readonly { readonly weights: { readonly data: string } }[];
    };
  }),
); // prettier-ignore

export const loom: InputFamily = {
  name: 'loom',
  make(random) {
    const good = structuredClone(random.pick(files));
    if (random.chance(0.6)) {
      const weights = good.models[0].weights as { data: string };
      const inner = JSON.parse(Buffer.from(weights.data, 'base64').toString()) as unknown;
      const { value: changed, how } = mutateJson(inner, random);
      weights.data = Buffer.from(jsonOf(changed)).toString('base64');
      return { describe: `weights: ${how}`, run: () => void fromLoomBundle(good) };
    }
    const { value: changed, how } = mutateJson(good, random);
    return { describe: how, run: () => void fromLoomBundle(random.chance(0.3) ? jsonOf(changed) : changed) };
  },
};
