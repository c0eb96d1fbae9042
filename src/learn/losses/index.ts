/** Losses: functions of predictions and targets, to a scalar unless `reduction` says otherwise. */
export {
  binaryCrossEntropyWithLogits,
  crossEntropy,
  nll,
  type BinaryCrossEntropyOptions,
  type CrossEntropyOptions,
} from './cross-entropy.js';
export { kl, type KlOptions } from './divergence.js';
export type { Reduction, ReductionOptions } from './reduction.js';
export { huber, l1, mse, type HuberOptions } from './regression.js';
