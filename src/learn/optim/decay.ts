/** Weight decay. */
import { func } from '../../base/kinds.js';
import type { OptionTable } from '../../base/options.js';
import type { Tensor } from '../../tensor/tensors/tensor.js';
import { fromZero } from './ranges.js';

export interface DecayOptions {
  /** From 0. Default 0. */
  readonly weightDecay?: number;
  /**
   * Which parameters decay, by their path and type. Default: all. Often only matrices should:
   * `(path, { rank }) => rank > 1`.
   */
  readonly decays?: (path: string, parameter: Tensor) => boolean;
}

export const DECAY_OPTIONS: OptionTable<DecayOptions> = { weightDecay: fromZero, decays: func };

/** The decay of one parameter. */
export const decayOf = (
  { weightDecay = 0, decays }: DecayOptions,
  path: string,
  parameter: Tensor,
): number => (decays === undefined || decays(path, parameter) ? weightDecay : 0);

/** gradient + decay * parameter: the decay of an L2 penalty, which adaptive optimisers then scale. */
export const coupled = (gradient: Tensor, parameter: Tensor, decay: number): Tensor =>
  decay === 0 ? gradient : gradient.add(parameter.mul(decay));

/** parameter * (1 - rate * decay): the decay by itself. Loshchilov and Hutter (2017). */
export const decoupled = (parameter: Tensor, rate: Tensor, decay: number): Tensor =>
  decay === 0 ? parameter : parameter.mul(rate.mul(-decay).add(1));

/** average * decay + value * (1 - decay) */
export const movingAverage = (average: Tensor, value: Tensor, decay: number): Tensor =>
  average.mul(decay).add(value.mul(1 - decay));
