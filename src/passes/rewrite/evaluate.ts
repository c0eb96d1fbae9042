/** Evaluation before the program runs, with the interpreter's own rules. */
import { tensorBytes, type TensorData } from '../../base/tensor.js';
import type { Node } from '../../ir/graph.js';
import { evaluateNode } from '../../interpreter/index.js';
import { toLanes } from '../../interpreter/lanes.js';

/** The result of a node, if it has the same bits whether or not a device flushes subnormals; else undefined. */
export function evaluateOnAnyDevice(node: Node, operands: readonly TensorData[]): TensorData | undefined {
  const kept = evaluateNode(node, operands, 'preserve');
  if (kept.subnormals === 0) return kept.value;
  return sameElements(kept.value, evaluateNode(node, operands, 'flush').value) ? kept.value : undefined;
}

/** Equal in every bit, NaNs aside. */
function sameElements(a: TensorData, b: TensorData): boolean {
  const [x, y] = [numbersOf(a), numbersOf(b)];
  return x.length === y.length && x.every((value, i) => Object.is(value, y[i]));
}

/** The elements as numbers, as constants hold them. */
export const numbersOf = (tensor: TensorData): readonly number[] => Array.from(toLanes(tensor));

/** The number of which a tensor consists; undefined where its elements are not all the same in every bit. */
export function uniformValue(tensor: TensorData): number | undefined {
  const bytes = tensorBytes(tensor);
  const size = tensor.data.BYTES_PER_ELEMENT;
  for (let i = size; i < bytes.length; i++) if (bytes[i] !== bytes[i - size]) return undefined;
  return bytes.length === 0 ? 0 : toLanes({ ...tensor, shape: [], data: tensor.data.subarray(0, 1) })[0];
}
