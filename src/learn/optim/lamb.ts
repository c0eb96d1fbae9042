/** LAMB. */
import { optionsOf } from '../../tensor/arguments.js';
import { ADAM_OPTIONS, adamDirection, type AdamOptions, type AdamState } from './adam.js';
import { coupled, decayOf } from './decay.js';
import { byParameter, type Optimizer } from './optimizer.js';

/**
 * Adam's direction plus decayed weights, scaled to the norm of the parameter, so that large batches can take large steps:
 * p -= rate * (|p| / |u|) * u. The ratio is 1 where either norm is 0. Epsilon is 1e-6 unless given. You et al., "Large batch
 * optimization for deep learning" (2019).
 */
export function lamb(given: AdamOptions): Optimizer<AdamState> {
  const options = optionsOf('lamb', given, ADAM_OPTIONS);
  return byParameter({
    name: 'lamb',
    learningRate: options.learningRate,
    slots: ['first', 'second'],
    rule: (input) => {
      const { path, parameter, rate } = input;
      const { direction, scale, slots } = adamDirection(input, {
        ...options,
        epsilon: options.epsilon ?? 1e-6,
      });
      const update = coupled(direction.mul(scale), parameter, decayOf(options, path, parameter));
      const [own, step] = [parameter.norm(), update.norm()];
      const ratio = own.greater(0).and(step.greater(0)).where(own.div(step), 1);
      return { parameter: parameter.sub(update.mul(rate.mul(ratio))), slots };
    },
  });
}
