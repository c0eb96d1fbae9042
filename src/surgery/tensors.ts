/** Tensors beside each other, bit for bit. */
import { tensorBytes, type TensorData } from '../base/tensor.js';

/** Whether two tensors are of one type and have the same bits. */
export function sameTensor(a: TensorData, b: TensorData): boolean {
  if (a === b) return true;
  if (a.dtype !== b.dtype || a.shape.join() !== b.shape.join()) return false;
  const [x, y] = [tensorBytes(a), tensorBytes(b)];
  return x.every((byte, i) => byte === y[i]);
}
