/** Weights in files, by the names that GGUF gives them. */
import { HeddleError } from '../../base/errors.js';
import { readInto, type ByteSource } from '../files/source.js';
import { bytesOfType, type GgmlTypeName } from '../quants/types.js';
import type { Gguf } from '../gguf/read.js';

/** A weight that is still in its file. */
export interface StoredWeight {
  readonly type: GgmlTypeName;
  /** Row-major, outermost first. */
  readonly shape: readonly number[];
  /** Its bytes, in the form of its type. */
  read(): Promise<Uint8Array<ArrayBuffer>>;
  /** Fills `target` with its bytes from `start` on. Undefined: a part costs as much as all. */
  readonly readInto: ReadInto | undefined;
}

export type ReadInto = (start: number, target: Uint8Array<ArrayBuffer>) => Promise<void>;

export type StoredWeights = ReadonlyMap<string, StoredWeight>;

/** A weight whose bytes a file has one after the other. */
export const weightIn = (
  source: ByteSource,
  { type, shape, offset, bytes }: Pick<StoredWeight, 'type' | 'shape'> & { readonly offset: number; readonly bytes: number }, // prettier-ignore
): StoredWeight => ({
  type,
  shape,
  read: () => source.read(offset, bytes),
  readInto: (start, target) => readInto(source, offset + start, target),
});

/** An F32 weight that is computed. */
export const computed = (
  shape: readonly number[],
  values: () => Promise<Float32Array<ArrayBuffer>>,
): StoredWeight => ({
  type: 'F32',
  shape,
  async read() {
    const { buffer, byteOffset, byteLength } = await values();
    return new Uint8Array(buffer, byteOffset, byteLength);
  },
  readInto: undefined,
});

/** The tensors of a GGUF file. */
export const weightsOfGguf = ({ tensors }: Gguf): StoredWeights =>
  new Map(
    Array.from(tensors, ([name, { type, shape, offset, bytes, source }]) => [
      name,
      weightIn(source, { type, shape, offset, bytes }),
    ]),
  );

/** The rows of several weights as one, or undefined where they are not of one type and row length. */
export function joinRows(parts: readonly StoredWeight[]): StoredWeight | undefined {
  const [first] = parts;
  const fits = parts.every(({ type, shape }) => type === first.type && shape.length === first.shape.length && shape.at(-1) === first.shape.at(-1)); // prettier-ignore
  if (!fits) return undefined;
  const rows = parts.reduce((sum, { shape }) => sum + shape[0], 0);
  const sizes = parts.map(({ type, shape }) => bytesOfType(type, shape, 'rows that are joined'));
  return {
    type: first.type,
    shape: [rows, ...first.shape.slice(1)],
    async read() {
      const all = new Uint8Array(sizes.reduce((sum, size) => sum + size, 0));
      await readParts(parts, sizes, 0, all);
      return all;
    },
    readInto: parts.every(({ readInto }) => readInto !== undefined)
      ? (start, target) => readParts(parts, sizes, start, target)
      : undefined,
  };
}

/** Fills `target` with bytes of weights that follow each other, from `start` on. */
async function readParts(
  parts: readonly StoredWeight[],
  sizes: readonly number[],
  start: number,
  target: Uint8Array<ArrayBuffer>,
): Promise<void> {
  let first = 0;
  for (const [i, part] of parts.entries()) {
    const [from, to] = [Math.max(start, first), Math.min(start + target.length, first + sizes[i])];
    const own = target.subarray(from - start, Math.max(from, to) - start);
    if (own.length > 0 && part.readInto !== undefined) await part.readInto(from - first, own);
    else if (own.length > 0) own.set((await part.read()).subarray(from - first, to - first));
    first += sizes[i];
  }
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
