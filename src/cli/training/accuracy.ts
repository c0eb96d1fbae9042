/** How many examples a trained network names the class of. */
import { elementCount, type TensorData } from '../../base/tensor.js';
import { inputDType, type Chain } from '../../frontends/config/index.js';
import { jit } from '../../frontends/trace/index.js';
import { dispose, readAll, tensor, type Tensor } from '../../tensor/index.js';
import type { TrainingData } from './training-data.js';

/** Examples that are looked at at a time. */
const CHUNK = 256;

/** Whether the labels are classes. */
export const hasClasses = ({ labels, loss }: TrainingData): boolean =>
  loss === 'cross_entropy' && labels.shape.length === 1;

/** The part of the examples whose class `network` names, computed where its weights are. */
export async function accuracyOf(
  network: Chain,
  { features, labels }: TrainingData,
  onProgress: (done: number, total: number) => void,
): Promise<number> {
  const scores = await outputsOf(network, features, onProgress);
  return countRight(scores, labels.data) / features.shape[0];
}

/** What `network` gives for all examples, one after the other, computed where its weights are. */
export async function outputsOf(
  network: Chain,
  features: TensorData,
  onProgress: (done: number, total: number) => void,
): Promise<Float32Array> {
  const [count, ...shape] = features.shape;
  const size = elementCount(shape);
  const dtype = inputDType(network);
  const forward = jit((net: Chain, x: Tensor) => net.call(x.cast(dtype)), { name: 'forward' });
  let all = new Float32Array(0);
  try {
    for (let from = 0; from < count; from += CHUNK) {
      const n = Math.min(CHUNK, count - from);
      const data = Float32Array.from(features.data.subarray(from * size, (from + n) * size));
      const outputs = forward(network, tensor({ dtype: 'f32', shape: [n, ...shape], data }));
      const [{ data: values }] = await readAll([outputs]);
      dispose(outputs);
      const each = values.length / n;
      if (from === 0) all = new Float32Array(count * each);
      all.set(values, from * each);
      onProgress(from + n, count);
    }
  } finally {
    forward.dispose();
  }
  return all;
}

/** How many rows of `scores` have their greatest value at the position that the label says. */
export function countRight(scores: ArrayLike<number>, labels: ArrayLike<number>): number {
  const classes = scores.length / labels.length;
  let right = 0;
  for (let i = 0; i < labels.length; i++) {
    let best = 0;
    for (let c = 1; c < classes; c++) if (scores[i * classes + c] > scores[i * classes + best]) best = c;
    if (best === labels[i]) right++;
  }
  return right;
}
