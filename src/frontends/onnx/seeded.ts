/**
 * Weights from a recipe: a JSON file that gives, for each weight of a model, its shape, a range and a seed. The large test
 * models are published without their hundred megabytes; this fills them with meaningful values.
 */
import { HeddleError } from '../../base/errors.js';
import { isListOf } from '../../base/values.js';
import { tensorData, type TensorData } from '../../base/tensor.js';
import { checkedCount } from './limits.js';

/** How one weight is filled: element i is fround(lo + (hi - lo) * u), u the i-th number of mulberry32(seed) in [0, 1). */
export interface SeededWeight {
  readonly name: string;
  readonly shape: readonly number[];
  readonly lo: number;
  readonly hi: number;
  readonly seed: number;
}

/** The next state and output of the mulberry32 generator, written out in the loop because it runs 10^8 times. */
function fill(data: Float32Array, { lo, hi, seed }: SeededWeight): void {
  const width = hi - lo;
  let state = seed | 0;
  for (let i = 0; i < data.length; i++) {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    data[i] = lo + width * (((t ^ (t >>> 14)) >>> 0) / 2 ** 32);
  }
}

/** The f32 tensors of a parsed recipe, by name. Throws CONFIG_INVALID where it is not one, LIMIT_EXCEEDED. */
export function seededWeights(recipe: unknown): Map<string, TensorData> {
  const weights = new Map<string, TensorData>();
  const { weights: list } = isRecord(recipe) ? recipe : {};
  if (!Array.isArray(list)) invalid('weights', 'a list of weights');
  list.forEach((entry: unknown, i) => {
    if (!isSeededWeight(entry)) invalid(`weights[${i}]`, '{name, shape, lo, hi, seed}');
    const data = new Float32Array(checkedCount(entry.shape, entry.name));
    fill(data, entry);
    weights.set(entry.name, tensorData('f32', entry.shape, data));
  });
  return weights;
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null;

const isNumber = (value: unknown): value is number => typeof value === 'number';

const isExtent = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 0;

const isSeededWeight = (value: unknown): value is SeededWeight =>
  isRecord(value) &&
  typeof value.name === 'string' &&
  [value.lo, value.hi, value.seed].every(isNumber) &&
  isListOf(value.shape, isExtent);

function invalid(where: string, expected: string): never {
  throw new HeddleError('CONFIG_INVALID', 'not a recipe for weights', { where, expected });
}
