/** Stochastic gradient descent. */
import { shown } from '../../base/describe.js';
import { flag, number } from '../../base/kinds.js';
import type { OptionTable } from '../../base/options.js';
import { HeddleError } from '../../base/errors.js';
import { optionsOf } from '../../tensor/arguments.js';
import { coupled, DECAY_OPTIONS, decayOf, type DecayOptions } from './decay.js';
import { byParameter, type Optimizer, type OptimizerState, type Slots } from './optimizer.js';
import { decayRate } from './ranges.js';
import { rateKind, type Rate } from './schedules.js';

export interface SgdOptions extends DecayOptions {
  readonly learningRate: Rate;
  /** From 0 and less than 1. Default 0. */
  readonly momentum?: number;
  /** How much less a gradient counts in the velocity, from the second step on. Default 0. */
  readonly dampening?: number;
  /** Looks ahead along the velocity; needs momentum and no dampening. Default false. */
  readonly nesterov?: boolean;
}

const OPTIONS: OptionTable<SgdOptions> = {
  learningRate: rateKind,
  momentum: decayRate,
  dampening: number,
  nesterov: flag,
  ...DECAY_OPTIONS,
};

/** Without momentum there is nothing to remember. */
export type SgdState = OptimizerState & { readonly velocity?: Slots };

/**
 * velocity = momentum * velocity + (1 - dampening) * g, and p -= rate * velocity (with Nesterov: g + momentum * velocity in
 * its place), as PyTorch's SGD: the first velocity is the gradient. Sutskever et al. (2013). Throws ATTRIBUTE_INVALID.
 */
export function sgd(given: SgdOptions): Optimizer<SgdState> {
  const options = optionsOf('sgd', given, OPTIONS);
  const { learningRate, momentum = 0, dampening = 0, nesterov = false } = options;
  if (nesterov && (momentum === 0 || dampening !== 0))
    throw new HeddleError('ATTRIBUTE_INVALID', 'sgd: nesterov needs momentum, and no dampening', {
      found: shown`momentum ${momentum}, dampening ${dampening}`,
    });
  const remembers = momentum !== 0;
  return byParameter<'velocity'>({
    name: 'sgd',
    learningRate,
    slots: remembers ? ['velocity'] : [],
    rule: ({ path, parameter, gradient, slots, rate, step }) => {
      const g = coupled(gradient, parameter, decayOf(options, path, parameter));
      if (!remembers) return { parameter: parameter.sub(g.mul(rate)), slots };
      const damped = dampening === 0 ? g : step.greater(1).where(g.mul(1 - dampening), g);
      const velocity = slots.velocity.mul(momentum).add(damped);
      const direction = nesterov ? g.add(velocity.mul(momentum)) : velocity;
      return { parameter: parameter.sub(direction.mul(rate)), slots: { velocity } };
    },
  });
}
