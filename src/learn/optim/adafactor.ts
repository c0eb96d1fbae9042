/** Adafactor. */
import type { OptionTable } from '../../base/options.js';
import { optionsOf } from '../../tensor/arguments.js';
import type { Tensor } from '../../tensor/tensors/tensor.js';
import { DECAY_OPTIONS, decayOf, decoupled, type DecayOptions } from './decay.js';
import { byParameter, type Optimizer, type OptimizerState } from './optimizer.js';
import { aboveZero, fromZero, upToZero } from './ranges.js';
import { rateKind, type Rate } from './schedules.js';

export interface AdafactorOptions extends DecayOptions {
  /** Relative to the size of each parameter: 0.01 moves it by a hundredth of itself. */
  readonly learningRate: Rate;
  /** The average of squares decays by 1 - step^exponent. Default -0.8. */
  readonly decayExponent?: number;
  /** Updates are scaled down to this root mean square. Default 1. */
  readonly clip?: number;
  /** The least size of a parameter that the rate is relative to. Default 1e-3. */
  readonly leastScale?: number;
}

const OPTIONS: OptionTable<AdafactorOptions> = {
  learningRate: rateKind,
  decayExponent: upToZero,
  clip: aboveZero,
  leastScale: fromZero,
  ...DECAY_OPTIONS,
};

/** Sums over columns and rows for tensors of two axes and more; of all elements for the others. */
export type AdafactorState = OptimizerState<'rows' | 'columns'>;

/** Added to squares, so that no root of 0 is divided by. */
const TINY = 1e-30;

/**
 * Adam without a first moment, and with the second one of the last two axes kept as its row and column means only: memory of
 * the order of n + m for a matrix n x m. Shazeer and Stern, "Adafactor" (2018), with relative steps and without momentum.
 */
export function adafactor(given: AdafactorOptions): Optimizer<AdafactorState> {
  const options = optionsOf('adafactor', given, OPTIONS);
  const { learningRate, decayExponent = -0.8, clip = 1, leastScale = 1e-3 } = options;
  return byParameter({
    name: 'adafactor',
    learningRate,
    slots: ['rows', 'columns'],
    slotShape: (slot, shape) => slotShape(slot, shape),
    rule: ({ path, parameter, gradient, slots, rate, step }) => {
      const decay = step.pow(decayExponent).neg().add(1);
      const average = (before: Tensor, now: Tensor): Tensor =>
        before.mul(decay).add(now.mul(decay.neg().add(1)));
      const square = gradient.square().add(TINY);
      const isFactored = parameter.rank >= 2;
      const rows = average(slots.rows, isFactored ? square.mean({ axis: -1 }) : square);
      const columns = isFactored ? average(slots.columns, square.mean({ axis: -2 })) : slots.columns;
      const direction = gradient.div(isFactored ? rootOfProduct(rows, columns) : rows.sqrt());
      const clipped = direction.div(rootMeanSquare(direction).div(clip).maximum(1));
      const scale = rate.mul(rootMeanSquare(parameter).maximum(leastScale));
      const shrunk = decoupled(parameter, rate, decayOf(options, path, parameter));
      return { parameter: shrunk.sub(clipped.mul(scale)), slots: { rows, columns } };
    },
  });
}

function slotShape(slot: 'rows' | 'columns', shape: readonly number[]): readonly number[] {
  // A vector's squares are all kept as its rows; its columns are a scalar that stays 0.
  if (shape.length < 2) return slot === 'rows' ? shape : [];
  return slot === 'rows' ? shape.slice(0, -1) : [...shape.slice(0, -2), ...shape.slice(-1)];
}

/** The square root of rows x columns / mean(rows), from factors of moderate size: the product itself may underflow. */
function rootOfProduct(rows: Tensor, columns: Tensor): Tensor {
  const relative = rows.div(rows.mean({ axis: -1, keepDims: true })).sqrt();
  return relative.unsqueeze(relative.rank).mul(columns.sqrt().unsqueeze(columns.rank - 1));
}

const rootMeanSquare = (x: Tensor): Tensor => x.square().mean().sqrt();
