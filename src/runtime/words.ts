/** Elements as they lie on the device: one 32-bit word each. */
import { viewHost, type DType, type HostArray } from '../base/dtype.js';
import type { TensorData } from '../base/tensor.js';
import { f32Bits, f32FromBits } from '../numerics/bits.js';
import { fromHalf, toHalf } from './half.js';

/** The words of a tensor; a view where host and device agree. */
export function toWords({ dtype, data }: Pick<TensorData, 'dtype' | 'data'>): Uint32Array {
  if (dtype === 'f16') return Uint32Array.from(data, (half) => f32Bits(fromHalf(half)));
  if (dtype === 'bool') return Uint32Array.from(data, (flag) => Number(flag !== 0));
  return new Uint32Array(data.buffer, data.byteOffset, data.length);
}

/** Whether two tensors have the same words. Two imports of one file give views of the same memory, which are not read. */
export function haveSameWords(a: TensorData, b: TensorData): boolean {
  if (a.dtype !== b.dtype || a.data.length !== b.data.length) return false;
  if (a.data.buffer === b.data.buffer && a.data.byteOffset === b.data.byteOffset) return true;
  const [x, y] = [a, b].map(toWords);
  for (let i = 0; i < x.length; i++) if (x[i] !== y[i]) return false;
  return true;
}

/** A host array of `dtype` from words. Takes the buffer of `words` over where it can. */
export function fromWords(dtype: DType, words: Uint32Array): HostArray {
  if (dtype === 'f16') return Uint16Array.from(words, (word) => toHalf(f32FromBits(word)));
  if (dtype === 'bool') return Uint8Array.from(words, (word) => Number(word !== 0));
  return viewHost(dtype, words, words.length);
}
