/** Weights of small integers: packed into words, which kernels take apart where they read them. */
import { elementCount, type TensorData } from '../../base/tensor.js';
import { sliceAxis } from '../../compose/movement.js';
import { packIntegers, unpackIntegers } from '../../compose/packed.js';
import type { Emitter, Value } from '../../ir/emitter.js';
import { ONNX_DTYPES } from './dtype.js';
import type { HostTensor } from './host.js';

/** Elements from which on it pays. */
const LEAST = 32;

export interface PackedWeight {
  readonly words: TensorData<'u32'>;
  /** The elements in this shape, from the words in the graph. */
  unpack(b: Emitter, words: Value, shape: readonly number[]): Value;
}

/** `tensor` in words; undefined where its elements are no integers of 16 bits or less, or few. */
export function packedWeight(tensor: HostTensor): PackedWeight | undefined {
  const { integer } = ONNX_DTYPES[tensor.dtype];
  const { data: elements } = tensor;
  if (elements instanceof BigInt64Array || elements instanceof BigUint64Array) return undefined;
  if (integer === undefined || integer.bits > 16 || elements.length < LEAST) return undefined;
  const data = packIntegers(elements, integer.bits);
  return {
    words: { dtype: 'u32', shape: [data.length], data },
    unpack: (b, words, shape) =>
      b.reshape(sliceAxis(b, unpackIntegers(b, words, 0, integer), 0, 0, elementCount(shape)), shape),
  };
}
