/** Sequences as files: safetensors with the tokens, and the keys and values of each layer. */
import { HeddleError, inFile } from '../../base/errors.js';
import { elementCount, tensorData, type TensorData } from '../../base/tensor.js';
import { readSafetensors } from '../../data/safetensors/read.js';
import { writeSafetensors } from '../../data/safetensors/write.js';
import { cacheKindAt, cacheShape, POSITION_AXIS, type CacheKind } from '../model/cache.js';
import type { Hyperparameters } from '../model/hyper.js';

export interface SavedSequence {
  readonly tokens: readonly number[];
  /** Of each layer the keys, then the values: as {@link cacheShape} says. */
  readonly caches: readonly TensorData[];
}

const FORMAT = 'heddle.sequence.2';
const nameOf = (cache: number): string => `${cacheKindAt(cache)}.${Math.floor(cache / 2)}`;

/** `model` says which weights the caches come from. */
export const encodeSequence = ({ tokens, caches }: SavedSequence, model: string): Uint8Array =>
  writeSafetensors(
    new Map([
      ['tokens', tensorData('i32', [tokens.length], Int32Array.from(tokens))],
      ...caches.map((cache, i) => [nameOf(i), cache] as const),
    ]),
    { format: FORMAT, model },
  );

/** Throws FILE_* for files that are none, LLM_INVALID for those of another model. */
export const decodeSequence = (bytes: Uint8Array, model: string, hyper: Hyperparameters): SavedSequence =>
  inFile('the saved sequence', () => {
    const { tensors, metadata } = readSafetensors(bytes);
    if (metadata.format !== FORMAT)
      throw new HeddleError('FILE_FORMAT', 'the file is not a saved sequence', {
        found: metadata.format ?? 'no format',
        expected: FORMAT,
      });
    if (metadata.model !== model)
      throw new HeddleError('LLM_INVALID', 'the sequence was saved from another model', {
        found: metadata.model ?? 'no model',
        expected: model,
      });
    const tokens = tensors.get('tokens');
    const length = tokens?.shape[0] ?? 0;
    const { layers, vocabulary } = hyper;
    const caches = Array.from({ length: 2 * layers }, (_, i) => {
      const cache = tensors.get(nameOf(i));
      const shape = cacheShape(cacheKindAt(i), hyper, length);
      if (cache?.dtype === 'f32' && String(cache.shape) === String(shape)) return cache;
      throw new HeddleError('FILE_CORRUPT', 'a cache is missing or has another shape', {
        found: cache === undefined ? 'nothing' : `${cache.dtype}[${String(cache.shape)}]`,
        expected: `${nameOf(i)} f32[${String(shape)}]`,
      });
    });
    const list = Array.from(tokens?.data ?? [], Number);
    if (
      tokens?.dtype !== 'i32' ||
      list.length === 0 ||
      list.some((token) => token < 0 || token >= vocabulary)
    )
      throw new HeddleError('FILE_CORRUPT', 'the tokens are missing or none', {
        expected: `i32, below ${vocabulary}`,
      });
    return { tokens: list, caches };
  });

/** A cache with `length` positions: cut, or with new ones that are 0. */
export function withLength({ shape, data }: TensorData, kind: CacheKind, length: number): TensorData {
  const axis = POSITION_AXIS[kind];
  const size = elementCount(shape.slice(axis + 1));
  const [before, after] = [shape[axis] * size, length * size];
  const lines = elementCount(shape.slice(0, axis));
  const result = new Float32Array(lines * after);
  const kept = Math.min(before, after);
  for (let line = 0; line < lines; line++)
    result.set((data as Float32Array).subarray(line * before, line * before + kept), line * after);
  return tensorData('f32', shape.with(axis, length), result);
}
