/** Elementwise kernels: one invocation for each element of the results. */
import { dimMul, isStatic, type Dim } from '../../ir/dim.js';
import { delinearize } from '../../ir/index-expr.js';
import type { Space } from '../../passes/fusion/group.js';
import type { LoweredKernel } from '../kernel/body.js';
import type { KernelContext } from './context.js';
import { elementCost } from './cost.js';
import { lineLength, lowerLines } from './lines.js';
import { lowerUpdate, updateInPlace } from './update.js';

export function lowerFlat(k: KernelContext, { count }: Space<Dim> & { kind: 'flat' }): LoweredKernel {
  const { evaluator, form } = k;
  const update = updateInPlace(k.spec);
  if (update !== undefined) return lowerUpdate(k, update);
  const length = isStatic(count) ? lineLength(k, count) : undefined;
  if (isStatic(count) && length !== undefined) return lowerLines(k, count, length);
  return k.each(count, dimMul(count, elementCost(k, form.members)), (ref) => {
    const i = evaluator.indexOf(ref, count, 'i');
    k.store(form.results.map((id) => [id, delinearize(i, evaluator.shape(id))]));
  });
}
