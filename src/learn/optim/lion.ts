/** Lion. */
import type { OptionTable } from '../../base/options.js';
import { optionsOf } from '../../tensor/arguments.js';
import { DECAY_OPTIONS, decayOf, decoupled, movingAverage, type DecayOptions } from './decay.js';
import { byParameter, type Optimizer, type OptimizerState } from './optimizer.js';
import { decayRates } from './ranges.js';
import { rateKind, type Rate } from './schedules.js';

export interface LionOptions extends DecayOptions {
  /** Three to ten times smaller than Adam's. */
  readonly learningRate: Rate;
  /** Weights of the average in the direction, and in the average itself, from 0 and less than 1. Default [0.9, 0.99]. */
  readonly betas?: readonly [direction: number, average: number];
}

const OPTIONS: OptionTable<LionOptions> = { learningRate: rateKind, betas: decayRates, ...DECAY_OPTIONS };

/**
 * p -= rate * sign(b1 * m + (1 - b1) * g), with a moving average m of gradients; weight decay by itself. Chen et al.,
 * "Symbolic discovery of optimization algorithms" (2023).
 */
export function lion(given: LionOptions): Optimizer<OptimizerState<'average'>> {
  const options = optionsOf('lion', given, OPTIONS);
  const { learningRate, betas = [0.9, 0.99] } = options;
  return byParameter({
    name: 'lion',
    learningRate,
    slots: ['average'],
    rule: ({ path, parameter, gradient, slots, rate }) => {
      const direction = movingAverage(slots.average, gradient, betas[0]).sign();
      const shrunk = decoupled(parameter, rate, decayOf(options, path, parameter));
      return {
        parameter: shrunk.sub(direction.mul(rate)),
        slots: { average: movingAverage(slots.average, gradient, betas[1]) },
      };
    },
  });
}
