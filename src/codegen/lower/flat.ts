/** Elementwise kernels: one invocation for each element of the results. */
import { staticShape } from '../../ir/types.js';
import { FLAT_VAR, resultIndex, type Space } from '../../passes/fusion/group.js';
import { WORKGROUP_SIZE } from '../kernel.js';
import type { KernelContext, LoweredKernel } from './context.js';
import { elementCost } from './cost.js';

export function lowerFlat(k: KernelContext, space: Space & { kind: 'flat' }): LoweredKernel {
  const { s, evaluator, form } = k;
  const i = s.iadd(s.imul(k.group, WORKGROUP_SIZE), k.lane);
  evaluator.indices.define(FLAT_VAR, i);
  s.if(s.ltu(i, space.count), () =>
    k.store(form.results.map((id) => [id, resultIndex(space, staticShape(k.graph.nodes[id].type.shape))])),
  );
  return k.finish(Math.ceil(space.count / WORKGROUP_SIZE), space.count * elementCost(k.graph, form.members));
}
