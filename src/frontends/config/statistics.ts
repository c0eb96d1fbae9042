/** What the outputs of layers are like: computed where they are, with the run that makes them. */
import type { Tensor } from '../../tensor/tensors/tensor.js';

/** Scalars of one output: f32, `active` i32. */
export interface LayerStatistics {
  readonly mean: Tensor;
  readonly max: Tensor;
  readonly min: Tensor;
  /** Elements that are not 0. */
  readonly active: Tensor;
}

/** The statistics of each tensor, by its name. */
export const statistics = (
  outputs: Readonly<Record<string, Tensor>>,
): Readonly<Record<string, LayerStatistics>> =>
  Object.fromEntries(
    Object.entries(outputs).map(([name, x]) => [
      name,
      { mean: x.mean(), max: x.max(), min: x.min(), active: x.notEqual(0).cast('i32').sum() },
    ]),
  );
