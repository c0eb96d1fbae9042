/** Adam and its relatives. */
import type { OptionTable } from '../../base/options.js';
import { optionsOf } from '../../tensor/arguments.js';
import type { Tensor } from '../../tensor/tensors/tensor.js';
import { biasCorrection } from './bias-correction.js';
import { coupled, DECAY_OPTIONS, decayOf, decoupled, movingAverage, type DecayOptions } from './decay.js';
import { byParameter, type Optimizer, type OptimizerState, type RuleInput } from './optimizer.js';
import { decayRates, fromZero } from './ranges.js';
import { rateKind, type Rate } from './schedules.js';

export interface AdamOptions extends DecayOptions {
  readonly learningRate: Rate;
  /** Decays of the averages of gradients and of their squares, from 0 and less than 1. Default [0.9, 0.999]. */
  readonly betas?: readonly [first: number, second: number];
  /** From 0. Default 1e-8. */
  readonly epsilon?: number;
}

export const ADAM_OPTIONS: OptionTable<AdamOptions> = {
  learningRate: rateKind,
  betas: decayRates,
  epsilon: fromZero,
  ...DECAY_OPTIONS,
};

export type AdamState = OptimizerState<'first' | 'second'>;

/**
 * m and v are moving averages of g and g^2, corrected for starting at zero: p -= rate * m / (sqrt(v) + epsilon). Weight
 * decay is added to the gradient. Kingma and Ba, "Adam" (2014).
 */
export const adam = (options: AdamOptions): Optimizer<AdamState> =>
  adamLike('adam', optionsOf('adam', options, ADAM_OPTIONS), 'coupled');

/**
 * {@link adam} with weight decay (default 0.01) by itself: p *= 1 - rate * decay before the step. Loshchilov and Hutter,
 * "Decoupled weight decay regularization" (2017).
 */
export function adamw(given: AdamOptions): Optimizer<AdamState> {
  const options = optionsOf('adamw', given, ADAM_OPTIONS);
  return adamLike('adamw', { ...options, weightDecay: options.weightDecay ?? 0.01 }, 'decoupled');
}

function adamLike(name: string, options: AdamOptions, kind: 'coupled' | 'decoupled'): Optimizer<AdamState> {
  return byParameter({
    name,
    learningRate: options.learningRate,
    slots: ['first', 'second'],
    rule: (input) => {
      const { path, parameter, gradient, rate } = input;
      const decay = decayOf(options, path, parameter);
      const g = kind === 'coupled' ? coupled(gradient, parameter, decay) : gradient;
      const { direction, scale, slots } = adamDirection({ ...input, gradient: g }, options);
      const shrunk = kind === 'decoupled' ? decoupled(parameter, rate, decay) : parameter;
      return { parameter: shrunk.sub(direction.mul(rate.mul(scale))), slots };
    },
  });
}

export interface AdamDirection {
  /** m / (sqrt(v) + epsilon) but for the correction of m, */
  readonly direction: Tensor;
  /** which is this, a scalar: so that the elements are divided once. */
  readonly scale: Tensor;
  readonly slots: { readonly first: Tensor; readonly second: Tensor };
}

/** The direction of Adam, and the averages behind it. */
export function adamDirection(
  { gradient, slots, step }: RuleInput<'first' | 'second'>,
  { betas = [0.9, 0.999], epsilon = 1e-8 }: Omit<AdamOptions, 'learningRate'>,
): AdamDirection {
  const first = movingAverage(slots.first, gradient, betas[0]);
  const second = movingAverage(slots.second, gradient.square(), betas[1]);
  const deviation = second.sqrt().mul(biasCorrection(betas[1], step).rsqrt()).add(epsilon);
  const scale = biasCorrection(betas[0], step).reciprocal();
  return { direction: first.div(deviation), scale, slots: { first, second } };
}
