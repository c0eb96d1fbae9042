/** Losses between numbers. Predictions and targets have one shape; throws SHAPE_MISMATCH where they do not. */
import { HeddleError } from '../../../base/errors.js';
import { named } from '../tensor/core.js';
import type { Tensor } from '../tensor/tensor.js';
import { sameShape } from './cross-entropy.js';
import { reduceLosses, type ReductionOptions } from './reduction.js';

/** (prediction - target)^2 */
export function mse(predictions: Tensor, targets: Tensor, options: ReductionOptions = {}): Tensor {
  sameShape('mse', predictions, targets);
  return reduceLosses(predictions.sub(targets).square(), options);
}

/** |prediction - target| */
export function l1(predictions: Tensor, targets: Tensor, options: ReductionOptions = {}): Tensor {
  sameShape('l1', predictions, targets);
  return reduceLosses(predictions.sub(targets).abs(), options);
}

export interface HuberOptions extends ReductionOptions {
  /** Where the square ends and the line begins. Default 1. */
  readonly delta?: number;
}

/** d^2 / 2 for |d| <= delta, else delta (|d| - delta / 2). Huber (1964). Throws ATTRIBUTE_INVALID unless delta > 0. */
export function huber(predictions: Tensor, targets: Tensor, options: HuberOptions = {}): Tensor {
  const { delta = 1 } = options;
  if (!(delta > 0))
    named('huber', () => {
      throw new HeddleError('ATTRIBUTE_INVALID', 'delta is positive', { found: `${delta}` });
    });
  sameShape('huber', predictions, targets);
  const distance = predictions.sub(targets).abs();
  const square = distance.square().mul(0.5);
  const line = distance.sub(delta / 2).mul(delta);
  return reduceLosses(distance.lessEqual(delta).where(square, line), options);
}
