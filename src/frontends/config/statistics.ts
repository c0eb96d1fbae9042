/** What the outputs of layers are like: computed where they are, with the run that makes them. */
import { checkArguments } from '../../base/arguments.js';
import { record, required } from '../../base/kinds.js';
import { elementCount } from '../../base/tensor.js';
import { checkTensors } from '../../tensor/arguments.js';
import { full } from '../../tensor/tensors/factories.js';
import type { Tensor } from '../../tensor/tensors/tensor.js';

/** Scalars of one output: f32, `active` and `total` i32. */
export interface LayerStatistics {
  readonly mean: Tensor;
  readonly max: Tensor;
  readonly min: Tensor;
  /** Elements that are not 0. */
  readonly active: Tensor;
  /** All elements. */
  readonly total: Tensor;
}

/** The statistics of each tensor, which is f32, by its name. Throws USAGE. */
export function statistics(
  outputs: Readonly<Record<string, Tensor>>,
): Readonly<Record<string, LayerStatistics>> {
  checkArguments('statistics', { outputs }, { outputs: required(record) });
  checkTensors('statistics', outputs);
  return Object.fromEntries(
    Object.entries(outputs).map(([name, x]) => [
      name,
      {
        mean: x.mean(),
        max: x.max(),
        min: x.min(),
        active: x.notEqual(0).cast('i32').sum(),
        total: full([], elementCount(x.shape), { dtype: 'i32' }),
      },
    ]),
  );
}
