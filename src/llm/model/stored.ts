/** Weights in files, by the names that GGUF gives them. */
import { HeddleError } from '../../base/errors.js';
import type { GgmlTypeName } from '../quants/types.js';
import type { Gguf } from '../gguf/read.js';

/** A weight that is still in its file. */
export interface StoredWeight {
  readonly type: GgmlTypeName;
  /** Row-major, outermost first. */
  readonly shape: readonly number[];
  /** Its bytes, in the form of its type. */
  read(): Promise<Uint8Array>;
}

export type StoredWeights = ReadonlyMap<string, StoredWeight>;

/** The tensors of a GGUF file. */
export const weightsOfGguf = ({ tensors }: Gguf): StoredWeights =>
  new Map(
    Array.from(tensors, ([name, { type, shape, offset, bytes, source }]) => [
      name,
      { type, shape, read: () => source.read(offset, bytes) },
    ]),
  );

/** The rows of several weights as one, or undefined where they are not of one type and row length. */
export function joinRows(parts: readonly StoredWeight[]): StoredWeight | undefined {
  const [first] = parts;
  const fits = parts.every(({ type, shape }) => type === first.type && shape.length === first.shape.length && shape.at(-1) === first.shape.at(-1)); // prettier-ignore
  if (!fits) return undefined;
  const rows = parts.reduce((sum, { shape }) => sum + shape[0], 0);
  return {
    type: first.type,
    shape: [rows, ...first.shape.slice(1)],
    // One after the other, so that not all are in memory twice.
    async read() {
      const read: Uint8Array[] = [];
      for (const part of parts) read.push(await part.read());
      const all = new Uint8Array(read.reduce((sum, { length }) => sum + length, 0));
      let at = 0;
      for (const bytes of read) {
        all.set(bytes, at);
        at += bytes.length;
      }
      return all;
    },
  };
}

/** Throws LLM_INVALID unless the weight is there and has the shape. */
export function requireWeight(weights: StoredWeights, name: string, shape?: readonly number[]): StoredWeight {
  const weight = weights.get(name);
  const expected = shape === undefined ? name : `${name} [${shape.join(', ')}]`;
  if (weight === undefined)
    throw new HeddleError('LLM_INVALID', 'a weight is missing', { found: 'nothing', expected });
  if (shape !== undefined && (weight.shape.length !== shape.length || weight.shape.some((extent, i) => extent !== shape[i])))
    throw new HeddleError('LLM_INVALID', 'a weight has another shape than the hyperparameters say', {
      found: `[${weight.shape.join(', ')}]`,
      expected,
    }); // prettier-ignore
  return weight;
}
