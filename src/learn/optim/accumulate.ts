/** Large batches, a part at a time. */
import { shown } from '../../base/describe.js';
import { HeddleError } from '../../base/errors.js';
import { checkArguments } from '../../base/arguments.js';
import { anything, record, required } from '../../base/kinds.js';
import type { OptionTable } from '../../base/options.js';
import { checkTensors, optionsOf, tensorKind } from '../../tensor/arguments.js';
import { flattenTensors } from '../../tensor/expressions/call.js';
import { tensor, zeros } from '../../tensor/tensors/factories.js';
import type { Tensor } from '../../tensor/tensors/tensor.js';
import { unflatten } from '../../tensor/trees/tree.js';
import { treeMap } from '../../tensor/trees/trees.js';
import { optimizerKind, parametersOf, type Optimizer, type Slots } from './optimizer.js';

export interface AccumulatedState<S> {
  /** Parts since the last step, i32. */
  readonly count: Tensor;
  /** Sums of their gradients. */
  readonly sums: Slots;
  readonly inner: S;
}

const STATE: OptionTable<AccumulatedState<unknown>> = {
  count: required(tensorKind),
  sums: required(record),
  inner: required(anything),
};

/**
 * An optimiser that takes a step of `inner` every `every` calls, along the mean of the gradients of these; the calls between
 * return the model as it is. Steps are computed in every call and chosen by the count, so that one program serves all.
 */
export function accumulated<S>(inner: Optimizer<S>, every: number): Optimizer<AccumulatedState<S>> {
  checkArguments('accumulated', { inner }, { inner: optimizerKind });
  if (!Number.isInteger(every) || every < 1)
    throw new HeddleError(
      'ATTRIBUTE_INVALID',
      'accumulated: the number of calls per step is not a positive integer',
      {
        found: shown`${every}`,
      },
    );
  return {
    init: (model) => ({
      count: tensor(0, { dtype: 'i32' }),
      sums: Object.fromEntries(parametersOf(model).map(({ path, leaf }) => [path, zeros(leaf.shape)])),
      inner: inner.init(model),
    }),
    update: (model, gradients, state) => {
      const { count, sums: before } = optionsOf('accumulated.update', state, STATE);
      const flat = flattenTensors(gradients);
      const sums: Record<string, Tensor> = {};
      const means = [...flat.leaves];
      for (const { path, leaf, index } of parametersOf(gradients)) {
        checkTensors('accumulated.update', { [`the sum of ${path}`]: before[path] });
        sums[path] = before[path].add(leaf.cast('f32'));
        means[index] = sums[path].div(every).cast(leaf.dtype);
      }
      const due = count.equal(every - 1);
      const mean = unflatten(flat.structure, means) as typeof gradients;
      const [nextModel, nextInner] = inner.update(model, mean, state.inner);
      const next: [typeof model, AccumulatedState<S>] = [
        nextModel,
        { count: count.mul(0), sums: cleared(sums), inner: nextInner },
      ];
      const kept: [typeof model, AccumulatedState<S>] = [
        model,
        { count: count.add(1), sums, inner: state.inner },
      ];
      return treeMap((a, b) => due.where(a, b), next, kept);
    },
  };
}

const cleared = (sums: Record<string, Tensor>): Record<string, Tensor> =>
  Object.fromEntries(Object.entries(sums).map(([path, sum]) => [path, zeros(sum.shape)]));
