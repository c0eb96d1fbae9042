/** How the outputs of branches become one. All are [B, ...], and become [B, ...shape]. */
import { elementCount } from '../../base/tensor.js';
import { concat } from '../../tensor/tensors/functions.js';
import type { Tensor } from '../../tensor/tensors/tensor.js';
import type { Shape } from './scope.js';
import type { CombineMode } from './vocabulary.js';
import { viewed } from './wire.js';

/** Modes without their other names. */
export type Mode = Exclude<CombineMode, '' | 'avg'>;

export interface Combination {
  readonly mode: Mode;
  readonly shape: Shape;
  /** The branches in the order in which their outputs stand. */
  readonly order: readonly number[];
}

export const modeOf = (mode: CombineMode = 'concat'): Mode =>
  mode === '' ? 'concat' : mode === 'avg' ? 'average' : mode;

type Combine = (outputs: readonly Tensor[], combination: Combination, weights?: Tensor) => Tensor;

const flat = (x: Tensor): Tensor => viewed(x, [elementCount(x.shape.slice(1))]);

const sumOf: Combine = (outputs, { shape }) =>
  outputs.map((x) => viewed(x, shape)).reduce((sum, x) => sum.add(x));

const packed: Combine = (outputs, { order, shape }) =>
  viewed(
    concat(
      order.map((i) => flat(outputs[i])),
      1,
    ),
    shape,
  );

export const COMBINE: Readonly<Record<Mode, Combine>> = {
  concat: packed,
  concat_batches: (outputs, { shape }) =>
    concat(outputs.map((x) => x.reshape(-1))).reshape([outputs[0].shape[0], ...shape]),
  grid_scatter: packed,
  add: sumOf,
  average: (outputs, combination) => sumOf(outputs, combination).div(outputs.length),
  multiply: (outputs, { shape }) =>
    outputs.map((x) => viewed(x, shape)).reduce((product, x) => product.mul(x)),
  // Outputs of several widths get zeros until they are as wide as the widest.
  filter: (outputs, { shape }, weights) => {
    const width = elementCount(shape);
    const terms = outputs.map((x, i) => {
      const own = flat(x);
      const missing = width - own.shape[1];
      const wide = missing === 0 ? own : own.pad([[0, 0], [0, missing]]); // prettier-ignore
      return weights === undefined ? wide : wide.mul(weights.slice(null, [i, i + 1]));
    });
    const sum = terms.reduce((all, term) => all.add(term));
    return viewed(weights === undefined ? sum.div(outputs.length) : sum, shape);
  },
};
