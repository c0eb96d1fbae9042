/** Weights at the start, computed on the host in one loop: large networks have a hundred million. */
import { allocateHost } from '../../base/dtype.js';
import { elementCount, tensorData } from '../../base/tensor.js';
import { threefry2x32 } from '../../numerics/threefry.js';
import { fromData } from '../../tensor/tensors/factories.js';
import type { Tensor } from '../../tensor/tensors/tensor.js';
import type { KeyWords, Scope } from './scope.js';

/** Key `i` of those that `random.split` makes of a key. */
export function splitKey([high, low]: KeyWords, i: number): KeyWords {
  const words = new Uint32Array(2);
  const word = (counter: number): number => {
    threefry2x32(high, low, counter, 0, words);
    return words[0];
  };
  return [word(2 * i), word(2 * i + 1)];
}

/** f32 of `shape`, uniform in [-bound, bound): bit for bit what `nn.initializers.uniform` makes of the key. */
export function uniformWeights([high, low]: KeyWords, shape: readonly number[], bound: number): Tensor {
  const data = allocateHost('f32', elementCount(shape));
  const words = new Uint32Array(2);
  // f32 as in the graph that nn builds: each operation rounds.
  const [width, start] = [Math.fround(2 * bound), Math.fround(-bound)];
  for (let i = 0; i < data.length; i++) {
    threefry2x32(high, low, i, 0, words);
    // 24 bits times 2^-24 is exact, so that the product with the width rounds once.
    data[i] = Math.fround(Math.fround((words[0] >>> 8) * 2 ** -24 * width) + start);
  }
  return fromData(tensorData('f32', shape, data));
}

/** Makes what dense and convolution layers of `nn` have at the start: uniform in ±1/sqrt(fanIn). Throws LIMIT_EXCEEDED. */
export function standardWeights(
  { key, path, budget }: Pick<Scope, 'key' | 'path' | 'budget'>,
  shape: readonly number[],
  fanIn: number,
): { readonly weight: () => Tensor; readonly bias: () => Tensor } {
  const bound = 1 / Math.sqrt(fanIn);
  budget.take(path, shape, [shape[0]]);
  return {
    weight: () => uniformWeights(splitKey(key, 0), shape, bound),
    bias: () => uniformWeights(splitKey(key, 1), [shape[0]], bound),
  };
}
