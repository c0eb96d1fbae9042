/** The arena over time as the inspector has it. */
import type { Prepared } from '../../../compile.js';
import { printType } from '../../../ir/types.js';
import type { Plan } from '../../../plan/plan.js';
import type { MemoryFacts, StepFacts, TensorFacts } from './types.js';

/** What every bundle has: sizes, without what lies where. */
export const memoryOfPlan = ({ arenaBytes, arenaLowerBound, weightBytes }: Plan): MemoryFacts => ({
  arenaBytes,
  lowerBound: arenaLowerBound,
  weightBytes,
  steps: [],
  peakStep: -1,
  tensors: [],
});

export function memoryOfProgram({ planned, program }: Prepared): MemoryFacts {
  const { plan, layout, fusion, allocations, groups } = planned;
  const kernels = new Map(groups.map((group, kernel) => [group, kernel]));
  const { nodes } = program.graph;
  const steps = fusion.groups.map((group): StepFacts => {
    const kernel = kernels.get(group);
    if (kernel !== undefined) return { label: plan.commands[kernel].label, kernel };
    return { label: group.results.map((id) => `${nodes[id].op} %${id}`).join(', ') };
  });
  const tensors = allocations.map(({ root, bytes, first, last }): TensorFacts => {
    const { type, name } = nodes[root];
    return {
      value: root,
      type: printType(type),
      ...(name === undefined ? {} : { origin: name }),
      bytes,
      offset: layout.offsets.get(root) ?? 0,
      first,
      last,
    };
  });
  return { ...memoryOfPlan(plan), steps, peakStep: layout.peakStep, tensors };
}
