/** Random zeros. */
import { describeValue } from '../../base/describe.js';
import { dropout } from '../../compose/index.js';
import type { Tensor } from '../../tensor/tensors/tensor.js';
import { checkedContext, requiredKey, type CallContext } from './context.js';
import { checkOption, labelOf, liftOne } from './lift.js';
import { Module } from './module.js';

/**
 * In training, zeroes each element with probability `rate` and divides the others by 1 - `rate`; else x itself. The mask is
 * a function of the key of the context alone: two dropouts that are called with one context drop the same elements, unless
 * each gets its own by {@link contextOf}. Throws INPUT_MISSING in training without a key. Srivastava et al., "Dropout" (2014).
 */
export class Dropout extends Module {
  constructor(readonly rate = 0.5) {
    super();
    const fits = typeof rate === 'number' && rate >= 0 && rate < 1;
    checkOption(this, fits, 'the rate of a dropout is in [0, 1)', describeValue(rate));
  }

  call(x: Tensor, given?: CallContext): Tensor {
    const context = checkedContext(this, given);
    if (context.training !== true || this.rate === 0) return x;
    return liftOne('Dropout', [x, requiredKey(context, labelOf(this))], (b, input, k) =>
      dropout(b, input, k, this.rate),
    );
  }

  override describe(): string {
    return `rate=${this.rate}`;
  }
}
