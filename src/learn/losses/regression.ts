/** Losses between numbers. Predictions and targets have one shape; throws SHAPE_MISMATCH where they do not. */
import { shown } from '../../base/describe.js';
import { number } from '../../base/kinds.js';
import type { OptionTable } from '../../base/options.js';
import { HeddleError } from '../../base/errors.js';
import { optionsOf } from '../../tensor/arguments.js';
import { named } from '../../tensor/tensors/core.js';
import type { Tensor } from '../../tensor/tensors/tensor.js';
import { sameShape } from './cross-entropy.js';
import { REDUCTION_OPTIONS, reduceLosses, type ReductionOptions } from './reduction.js';

/** (prediction - target)^2 */
export function mse(predictions: Tensor, targets: Tensor, given?: ReductionOptions): Tensor {
  const options = optionsOf('mse', given, REDUCTION_OPTIONS);
  sameShape('mse', predictions, targets);
  return reduceLosses(predictions.sub(targets).square(), options);
}

/** |prediction - target| */
export function l1(predictions: Tensor, targets: Tensor, given?: ReductionOptions): Tensor {
  const options = optionsOf('l1', given, REDUCTION_OPTIONS);
  sameShape('l1', predictions, targets);
  return reduceLosses(predictions.sub(targets).abs(), options);
}

export interface HuberOptions extends ReductionOptions {
  /** Where the square ends and the line begins. Default 1. */
  readonly delta?: number;
}

const HUBER_OPTIONS: OptionTable<HuberOptions> = { ...REDUCTION_OPTIONS, delta: number };

/** d^2 / 2 for |d| <= delta, else delta (|d| - delta / 2). Huber (1964). Throws ATTRIBUTE_INVALID unless delta > 0. */
export function huber(predictions: Tensor, targets: Tensor, given?: HuberOptions): Tensor {
  const options = optionsOf('huber', given, HUBER_OPTIONS);
  const { delta = 1 } = options;
  if (!(delta > 0))
    named('huber', () => {
      throw new HeddleError('ATTRIBUTE_INVALID', 'delta is positive', { found: shown`${delta}` });
    });
  sameShape('huber', predictions, targets);
  const distance = predictions.sub(targets).abs();
  const square = distance.square().mul(0.5);
  const line = distance.sub(delta / 2).mul(delta);
  return reduceLosses(distance.lessEqual(delta).where(square, line), options);
}
