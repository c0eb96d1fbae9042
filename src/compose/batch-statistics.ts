/** Batch normalization in training. */
import type { Emitter, Value } from '../ir/emitter.js';
import { staticShape } from '../ir/types.js';
import { range } from './axes.js';
import { binaryBroadcast, perChannel } from './broadcast.js';
import { standardize } from './normalize.js';

export interface TrainedBatchNorm {
  readonly result: Value;
  /** Of each channel, [C]. The variance is that of the batch, divided by n and not by n - 1. */
  readonly mean: Value;
  readonly variance: Value;
}

/**
 * (x - m) * (1 / sqrt(v + epsilon)) * scale + bias with the mean and variance of the batch, over all axes but axis 1; scale
 * and bias [C]. Ioffe and Szegedy (2015).
 */
export function batchNormTraining(
  b: Emitter,
  x: Value,
  scale: Value | undefined,
  bias: Value | undefined,
  epsilon = 1e-5,
): TrainedBatchNorm {
  const shape = staticShape(x.type.shape);
  const axes = [0, ...range(2, shape.length)];
  const { normalized, mean, variance } = standardize(b, x, axes, epsilon);
  let result = normalized;
  if (scale !== undefined) result = binaryBroadcast(b, 'mul', result, perChannel(b, scale, shape.length));
  if (bias !== undefined) result = binaryBroadcast(b, 'add', result, perChannel(b, bias, shape.length));
  return { result, mean: b.reshape(mean, [shape[1]]), variance: b.reshape(variance, [shape[1]]) };
}
