/** What the tests of configs share: inputs, and networks as functions of plain numbers. */
import { fromConfig, type Chain, type NetworkConfig } from '../../../src/frontends/config/index.js';
import { random, readAll, tensor, type Tensor } from '../../../src/index.js';
import type { Case, Named } from './cases.js';

/** Examples for a network: normal numbers, or numbers of rows. */
export function inputsFor({ config, indices }: Pick<Case, 'config' | 'indices'>, batch: number): Tensor {
  const shape = [batch, ...(config.input ?? [])];
  return indices === undefined ? random.normal(7, shape) : random.randint(7, shape, 0, indices);
}

/** The network of a config, whose weights of one and bias of zero are no longer all alike. */
export function shaken(config: NetworkConfig): Chain {
  const network = fromConfig(config);
  const state = Object.entries(network.state());
  const noise = random.split(5, Math.max(1, state.length));
  return network.load(
    Object.fromEntries(
      state.map(([name, leaf], i) => [
        name,
        leaf.add(random.normal(noise[i], leaf.shape).mul(0.3)).compute(),
      ]),
    ),
  );
}

/** The weights as numbers. */
export async function namedWeights(network: Chain): Promise<Map<string, readonly number[]>> {
  const state = Object.entries(network.state());
  const data = await readAll(state.map(([, leaf]) => leaf));
  return new Map(state.map(([name], i) => [name, [...(data[i].data as Float32Array)]]));
}

export const lookup =
  (weights: ReadonlyMap<string, readonly number[]>): Named =>
  (name) => {
    const found = weights.get(name);
    if (found === undefined) throw new Error(`no weight ${name} among ${[...weights.keys()].join(', ')}`);
    return found;
  };

export const numbers = async (x: Tensor): Promise<number[]> => [...(await x.data())];

export const vector = (values: readonly number[], shape: readonly number[]): Tensor =>
  tensor(Float32Array.from(values), { shape });
