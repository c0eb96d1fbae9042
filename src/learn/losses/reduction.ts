/** From the losses of examples to one. */
import { oneOf } from '../../base/kinds.js';
import type { OptionTable } from '../../base/options.js';
import type { Tensor } from '../../tensor/tensors/tensor.js';

/** What becomes of the losses of all elements: their mean, their sum, or nothing. */
export type Reduction = 'mean' | 'sum' | 'none';

export interface ReductionOptions {
  /** Default `mean`. */
  readonly reduction?: Reduction;
}

export const REDUCTION_OPTIONS: OptionTable<ReductionOptions> = { reduction: oneOf('mean', 'sum', 'none') };

/** With `counted` (bool, of the same shape), losses where it does not hold are 0, and are not in the mean's number. */
export function reduceLosses(
  losses: Tensor,
  { reduction = 'mean' }: ReductionOptions,
  counted?: Tensor,
): Tensor {
  const kept = counted === undefined ? losses : counted.where(losses, 0);
  if (reduction === 'none') return kept;
  if (reduction === 'sum') return kept.sum();
  if (counted === undefined) return kept.mean();
  return kept.sum().div(counted.cast(losses.dtype).sum().maximum(1));
}
