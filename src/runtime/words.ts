/** Elements as they lie on the device: one 32-bit word each. */
import type { DType, HostArray } from '../base/dtype.js';
import type { TensorData } from '../base/tensor.js';
import { f32Bits, f32FromBits } from '../numerics/bits.js';
import { fromHalf, toHalf } from './half.js';

/** The words of a tensor; a view where host and device agree. */
export function toWords({ dtype, data }: Pick<TensorData, 'dtype' | 'data'>): Uint32Array {
  if (dtype === 'f16') return Uint32Array.from(data, (half) => f32Bits(fromHalf(half)));
  if (dtype === 'bool') return Uint32Array.from(data, (flag) => (flag === 0 ? 0 : 1));
  return new Uint32Array(data.buffer, data.byteOffset, data.length);
}

/** A host array of `dtype` from words. Takes the buffer of `words` over where it can. */
export function fromWords(dtype: DType, words: Uint32Array): HostArray {
  switch (dtype) {
    case 'f32':
      return new Float32Array(words.buffer, words.byteOffset, words.length);
    case 'i32':
      return new Int32Array(words.buffer, words.byteOffset, words.length);
    case 'u32':
      return words;
    case 'bool':
      return Uint8Array.from(words, (word) => (word === 0 ? 0 : 1));
    case 'f16':
      return Uint16Array.from(words, (word) => toHalf(f32FromBits(word)));
  }
}
