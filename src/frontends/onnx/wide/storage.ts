/** Wide elements as tensors of the IR: of 32 bits, or as words along a last axis of extent 2, the lower first. */
import type { TensorData } from '../../../base/tensor.js';
import { elementCount } from '../../../base/tensor.js';
import { HeddleError } from '../../../base/errors.js';
import { viewOnnx, type OnnxDType } from '../dtype.js';
import { fromTensorData, toBigInts, toTensorData, type HostTensor } from '../host.js';
import { fits, FULL, rangeOf, type Range } from './range.js';
import { isWideDType, type WideDType } from './value.js';

/** What known integers are between; undefined where there are none. */
export function rangeOfTensor(tensor: HostTensor): Range | undefined {
  const values = tensor.dtype === 'double' ? [] : toBigInts(tensor);
  const [first] = values;
  if (first === undefined) return undefined;
  let [least, most] = [first, first];
  for (const value of values) {
    if (value < least) least = value;
    if (value > most) most = value;
  }
  return rangeOf(least, most);
}

/** Whether the elements need two words each: doubles always, integers where one does not fit into 32 bits. */
export function needsWords(tensor: HostTensor): boolean {
  if (tensor.dtype === 'double') return true;
  if (tensor.dtype !== 'int64' && tensor.dtype !== 'uint64') return false;
  const range = rangeOfTensor(tensor);
  return range !== undefined && !fits(range, tensor.dtype === 'int64' ? FULL.i32 : FULL.u32);
}

/** The words of a tensor of 64-bit elements: u32[..., 2]. */
export function wordsOf({ shape, data }: HostTensor<WideDType>): TensorData<'u32'> {
  const bytes = new Uint8Array(data.byteLength);
  bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  return { dtype: 'u32', shape: [...shape, 2], data: new Uint32Array(bytes.buffer) };
}

/** A tensor as the IR holds it: exactly, whatever its type. */
export const storedTensor = (tensor: HostTensor, where: string): TensorData =>
  needsWords(tensor) ? wordsOf(tensor as HostTensor<WideDType>) : toTensorData(tensor, where);

/** A tensor of the IR as one of ONNX type `dtype`; `paired`: an element is the two words along its last axis. */
export function hostTensor(tensor: TensorData, dtype: OnnxDType, paired: boolean): HostTensor {
  if (!paired || !isWideDType(dtype)) return fromTensorData(tensor, dtype);
  const shape = tensor.shape.slice(0, -1);
  if (tensor.dtype !== 'u32' || tensor.shape.at(-1) !== 2)
    throw new HeddleError('INPUT_DTYPE', 'the tensor has no words of 64-bit elements', {
      found: `${tensor.dtype}[${tensor.shape.join(',')}]`,
      expected: 'u32[..., 2]',
    });
  const { buffer, byteOffset, byteLength } = tensor.data;
  return {
    dtype,
    shape,
    data: viewOnnx(dtype, new Uint8Array(buffer, byteOffset, byteLength), elementCount(shape)),
  };
}
