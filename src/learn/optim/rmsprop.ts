/** RMSProp. */
import { flag } from '../../base/kinds.js';
import type { OptionTable } from '../../base/options.js';
import { optionsOf } from '../../tensor/arguments.js';
import { coupled, DECAY_OPTIONS, decayOf, movingAverage, type DecayOptions } from './decay.js';
import { byParameter, type Optimizer, type OptimizerState } from './optimizer.js';
import { decayRate, fromZero } from './ranges.js';
import { rateKind, type Rate } from './schedules.js';

export interface RmspropOptions extends DecayOptions {
  readonly learningRate: Rate;
  /** Of the average of squares, from 0 and less than 1. Default 0.99. */
  readonly decay?: number;
  /** From 0. Default 1e-8. */
  readonly epsilon?: number;
  /** From 0 and less than 1. Default 0. */
  readonly momentum?: number;
  /** Whether squares are those of the distance from the average gradient. Default false. */
  readonly centered?: boolean;
}

const OPTIONS: OptionTable<RmspropOptions> = {
  learningRate: rateKind,
  decay: decayRate,
  epsilon: fromZero,
  momentum: decayRate,
  centered: flag,
  ...DECAY_OPTIONS,
};

type Slot = 'square' | 'average' | 'velocity';
/** Without `centered` there is no average, without momentum no velocity. */
export type RmspropState = OptimizerState<'square'> & Partial<OptimizerState<'average' | 'velocity'>>;

/**
 * velocity = momentum * velocity + g / (sqrt(v) + epsilon), p -= rate * velocity, with a moving average v of g^2, as
 * PyTorch's RMSprop. Tieleman and Hinton, "Lecture 6.5" (2012); centered: Graves (2013).
 */
export function rmsprop(given: RmspropOptions): Optimizer<RmspropState> {
  const options = optionsOf('rmsprop', given, OPTIONS);
  const { learningRate, decay = 0.99, epsilon = 1e-8, momentum = 0, centered = false } = options;
  return byParameter<Slot>({
    name: 'rmsprop',
    learningRate,
    slots: [
      'square',
      ...(centered ? ['average' as const] : []),
      ...(momentum === 0 ? [] : ['velocity' as const]),
    ],
    rule: ({ path, parameter, gradient, slots, rate }) => {
      const g = coupled(gradient, parameter, decayOf(options, path, parameter));
      const square = movingAverage(slots.square, g.square(), decay);
      const average = centered ? movingAverage(slots.average, g, decay) : slots.average;
      const power = centered ? square.sub(average.square()) : square;
      const direction = g.div(power.sqrt().add(epsilon));
      const velocity = momentum === 0 ? direction : slots.velocity.mul(momentum).add(direction);
      return { parameter: parameter.sub(velocity.mul(rate)), slots: { square, average, velocity } };
    },
  });
}
