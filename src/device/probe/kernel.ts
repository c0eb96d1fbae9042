/** Plans of a single kernel: those of a suite. */
import { alignUp } from '../../base/tensor.js';
import type { Plan, PlanPort } from '../../plan/plan.js';
import type { SuiteKernel } from '../../plan/suite.js';

/** The plan of `kernel`, whose inputs are of these lengths: all inputs lie end to end, and so do all outputs. */
export function kernelPlan(
  { group, type, code, workgroups, inputs, patterns }: SuiteKernel,
  lengths: readonly number[],
): Plan {
  let end = 0;
  const port = (name: string, length: number): PlanPort => {
    const region = { space: 'arena', offset: end, size: length * 4 } as const;
    end += region.size;
    return { name, dtype: type, shape: [length], region };
  };
  const given = inputs.map(({ name }, i) => port(name, lengths[i]));
  const operands = { space: 'arena', offset: 0, size: end } as const;
  const offset = (end = alignUp(end));
  const made = patterns.map(({ name, length }) => port(name, length));
  const binding = { access: 'read_write', type } as const;
  const size = end - offset;
  return {
    name: group,
    inputs: given,
    outputs: made,
    weights: [],
    weightBytes: 0,
    arenaBytes: end,
    arenaLowerBound: end,
    pipelines: [{ code: code.replace('$cases', casesOf(patterns)), bindings: [binding, binding], params: 0 }],
    commands: [
      {
        label: group,
        pipeline: 0,
        regions: [operands, { space: 'arena', offset, size }],
        params: [],
        workgroups,
        cost: size,
      },
    ],
  };
}

const casesOf = (patterns: SuiteKernel['patterns']): string =>
  patterns.map(({ name }, i) => `    case ${i}u: { return ${name}; }`).join('\n');
