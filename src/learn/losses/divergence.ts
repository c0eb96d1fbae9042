/** Distances between distributions. */
import { flag, oneOf } from '../../base/kinds.js';
import type { OptionTable } from '../../base/options.js';
import { optionsOf } from '../../tensor/arguments.js';
import type { Tensor } from '../../tensor/tensors/tensor.js';
import { sameShape } from './cross-entropy.js';
import { reduceLosses, type Reduction } from './reduction.js';

export interface KlOptions {
  /** `batchMean`: the sum divided by the extent of the first axis, the divergence of an example. Default `mean`. */
  readonly reduction?: Reduction | 'batchMean';
  /** Whether the targets are log-probabilities. Default false. */
  readonly logTargets?: boolean;
}

const OPTIONS: OptionTable<KlOptions> = {
  reduction: oneOf('mean', 'sum', 'none', 'batchMean'),
  logTargets: flag,
};

/**
 * Kullback and Leibler's divergence p (log p - log q), element by element, from log-probabilities log q and targets p of
 * one shape; 0 where p is, whatever q is there. As PyTorch's kl_div, `mean` is over all elements. Throws SHAPE_MISMATCH.
 */
export function kl(logProbabilities: Tensor, targets: Tensor, options?: KlOptions): Tensor {
  const { reduction = 'mean', logTargets = false } = optionsOf('kl', options, OPTIONS);
  sameShape('kl', logProbabilities, targets);
  const p = logTargets ? targets.exp() : targets;
  const isZero = p.equal(0);
  // 1 stands for a p of 0 in the logarithm, so that neither 0 * -inf nor its gradient arises.
  const logP = logTargets ? targets : isZero.where(1, targets).log();
  const losses = p.mul(isZero.where(0, logP.sub(logProbabilities)));
  if (reduction !== 'batchMean') return reduceLosses(losses, { reduction });
  return losses.sum().div(logProbabilities.shape[0] ?? 1);
}
