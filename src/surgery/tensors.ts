/** Tensors beside each other. */
import { tensorBytes, type TensorData } from '../base/tensor.js';
import { preserveLang } from '../numerics/js-lang.js';
import { fromHalf } from '../numerics/math/half.js';

/** Whether two tensors are of one type and have the same bits. */
export function sameTensor(a: TensorData, b: TensorData): boolean {
  if (a === b) return true;
  if (!sameType(a, b)) return false;
  const [x, y] = [tensorBytes(a), tensorBytes(b)];
  return x.every((byte, i) => byte === y[i]);
}

const sameType = (a: TensorData, b: TensorData): boolean =>
  a.dtype === b.dtype && a.shape.join() === b.shape.join();

export interface TensorDifference {
  /** How many elements have other bits; undefined where the types differ. */
  readonly elements: number | undefined;
  /** The largest distance between two numbers; undefined where there is none, as from a number to NaN. */
  readonly largest: number | undefined;
}

/** How `b` differs from `a`; undefined where it does not. */
export function compareTensors(a: TensorData, b: TensorData): TensorDifference | undefined {
  if (sameTensor(a, b)) return undefined;
  if (!sameType(a, b)) return { elements: undefined, largest: undefined };
  const size = a.data.BYTES_PER_ELEMENT;
  const [x, y] = [tensorBytes(a), tensorBytes(b)];
  let elements = 0;
  let largest: number | undefined;
  for (let i = 0; i < a.data.length; i++) {
    let same = true;
    for (let byte = i * size; byte < (i + 1) * size; byte++) same &&= x[byte] === y[byte];
    if (same) continue;
    elements++;
    const distance = Math.abs(numberAt(b, i) - numberAt(a, i));
    if (!Number.isNaN(distance)) largest = Math.max(largest ?? 0, distance);
  }
  return { elements, largest };
}

const numberAt = ({ dtype, data }: TensorData, i: number): number =>
  dtype === 'f16' ? fromHalf(preserveLang, data[i]) : data[i];
