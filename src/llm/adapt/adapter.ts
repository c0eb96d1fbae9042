/**
 * Low-rank adapters (Hu et al., "LoRA: low-rank adaptation of large language models", 2021). A matrix W of a model counts as
 * W + (alpha / rank) * up * down, and that is how it is computed: training adds the product to the matrix, and so does merging, by the
 * same operations, so that a merged model has the bits that its training saw.
 */
import { HeddleError } from '../../base/errors.js';
import { withScalar } from '../../compose/broadcast.js';
import { DOT_BLOCK } from '../../ir/accumulation.js';
import type { Emitter, Value } from '../../ir/emitter.js';
import { threefry2x32 } from '../../numerics/threefry.js';
import { computed, requireWeight, type StoredWeight, type StoredWeights } from '../model/stored.js';
import { dequantize } from '../quants/types.js';

/** The two factors of what is added to a matrix [rows, columns]. */
export interface Factors {
  /** f32 [rank, columns] */
  readonly down: Float32Array;
  /** f32 [rows, rank] */
  readonly up: Float32Array;
}

export interface Adapter {
  readonly rank: number;
  readonly alpha: number;
  /** By the name of the matrix, as in GGUF: `blk.0.attn_q.weight`. */
  readonly factors: ReadonlyMap<string, Factors>;
}

/** Ranks go into one block of terms. */
export const MOST_RANK = DOT_BLOCK;

/** An adapter that changes nothing yet: `down` uniform within 1 / sqrt(columns), by the seed, `up` 0. Throws LLM_INVALID for unknown names. */
export function newAdapter(
  weights: StoredWeights,
  names: readonly string[],
  { rank, alpha, seed }: { readonly rank: number; readonly alpha: number; readonly seed: number },
): Adapter {
  const factors = new Map<string, Factors>();
  const words = new Uint32Array(2);
  for (const [at, name] of names.entries()) {
    const [rows, columns] = sizeOf(requireWeight(weights, name), name);
    const reach = 1 / Math.sqrt(columns);
    const down = Float32Array.from({ length: rank * columns }, (_, i) => {
      threefry2x32(seed >>> 0, Math.floor(seed / 2 ** 32), i, at, words);
      return reach * (words[0] / 2 ** 31 - 1);
    });
    factors.set(name, { down, up: new Float32Array(rows * rank) });
  }
  return { rank, alpha, factors };
}

/** Rows and columns of a matrix. */
export function sizeOf({ shape }: StoredWeight, name: string): readonly [number, number] {
  if (shape.length === 2) return [shape[0], shape[1]];
  throw new HeddleError('LLM_UNSUPPORTED', 'adapters are for matrices', { found: `[${shape.join(', ')}]`, where: name }); // prettier-ignore
}

/** What is added to a matrix on a device: f32 [columns, rows] from down [rank, columns] and up [rows, rank]. */
export const emitChange = (b: Emitter, down: Value, up: Value, scale: number): Value =>
  withScalar(
    b,
    'mul',
    b.emit('dot', [down, up], { lhsBatch: [], rhsBatch: [], lhsContract: [0], rhsContract: [1] }),
    scale,
  );

/** The weights with the adapter in them, those that it changes as F32. Throws LLM_INVALID where it does not fit. */
export function merged(weights: StoredWeights, { rank, alpha, factors }: Adapter): StoredWeights {
  const result = new Map(weights);
  for (const [name, { down, up }] of factors) {
    const weight = requireWeight(weights, name);
    const [rows, columns] = sizeOf(weight, name);
    if (down.length !== rank * columns || up.length !== rows * rank)
      throw new HeddleError('LLM_INVALID', 'the adapter does not fit the model', {
        found: `${down.length} and ${up.length} numbers of rank ${rank}`,
        expected: `[${rank}, ${columns}] and [${rows}, ${rank}]`,
        where: name,
      });
    const values = async (): Promise<Float32Array<ArrayBuffer>> => {
      const own = dequantize(weight.type, await weight.read());
      addChange(own, { down, up }, { rows, columns, rank, scale: Math.fround(alpha / rank) });
      return own;
    };
    result.set(name, computed(weight.shape, values));
  }
  return result;
}

interface Sizes {
  readonly rows: number;
  readonly columns: number;
  readonly rank: number;
  readonly scale: number;
}

/** As {@link emitChange} and the sum after it: products and sums round one by one, from -0 on. */
function addChange(values: Float32Array, { down, up }: Factors, { rows, columns, rank, scale }: Sizes): void {
  const f = Math.fround;
  for (let row = 0; row < rows; row++)
    for (let column = 0; column < columns; column++) {
      let sum = -0;
      for (let r = 0; r < rank; r++) sum = f(sum + f(down[r * columns + column] * up[row * rank + r]));
      values[row * columns + column] = f(values[row * columns + column] + f(sum * scale));
    }
}
