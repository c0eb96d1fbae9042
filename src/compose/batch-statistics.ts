/** Batch normalization in training. */
import { elementCount } from '../base/tensor.js';
import type { Emitter, Value } from '../ir/emitter.js';
import { staticShape } from '../ir/types.js';
import { range } from './axes.js';
import { binaryBroadcast, broadcastTo, perChannel, scalarWith, withScalar } from './broadcast.js';
import { mean } from './reduce.js';

export interface TrainedBatchNorm {
  readonly result: Value;
  /** Of each channel, [C]. The variance is that of the batch, divided by n and not by n - 1. */
  readonly mean: Value;
  readonly variance: Value;
  /** Elements of each channel. */
  readonly count: number;
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
  const [, channels] = shape;
  const axes = [0, ...range(2, shape.length)];
  const keep = { axes, keepDims: true };
  const center = mean(b, x, keep);
  const centered = b.binary('sub', x, broadcastTo(b, center, shape));
  const spread = mean(b, b.binary('mul', centered, centered), keep);
  const inverse = scalarWith(b, 'div', 1, b.unary('sqrt', withScalar(b, 'add', spread, epsilon)));
  let result = b.binary('mul', centered, broadcastTo(b, inverse, shape));
  if (scale !== undefined) result = binaryBroadcast(b, 'mul', result, perChannel(b, scale, shape.length));
  if (bias !== undefined) result = binaryBroadcast(b, 'add', result, perChannel(b, bias, shape.length));
  return {
    result,
    mean: b.reshape(center, [channels]),
    variance: b.reshape(spread, [channels]),
    count: elementCount(shape) / channels,
  };
}
