/** Kernels of the suite, and their plans. */
import { alignUp } from '../../base/tensor.js';
import type { Plan } from '../../plan/plan.js';
import type { SuiteKernel, SuitePattern } from '../../plan/suite.js';

export interface KernelDescription {
  /** Heading of its patterns in reports. */
  readonly group: string;
  readonly type: 'f32' | 'u32';
  /** WGSL without the prelude: binding 1 is all inputs end to end, binding 2 all results, both arrays of `type`. */
  readonly code: string;
  readonly workgroups: readonly [number, number, number];
  readonly inputs: readonly {
    readonly name: string;
    readonly length: number;
    /** Which of the suite's columns it is. */
    readonly column: number;
  }[];
  readonly patterns: readonly SuitePattern[];
}

export function suiteKernel(description: KernelDescription): SuiteKernel {
  const { group, type, code, workgroups, inputs, patterns } = description;
  const bytesOf = (tensors: readonly { readonly length: number }[]): number =>
    tensors.reduce((sum, { length }) => sum + length * 4, 0);
  const operands = { space: 'arena', offset: 0, size: bytesOf(inputs) } as const;
  const results = { space: 'arena', offset: alignUp(operands.size), size: bytesOf(patterns) } as const;
  const bytes = results.offset + results.size;
  const binding = { access: 'read_write', type } as const;
  const plan: Plan = {
    name: group,
    inputs: inputs.map(({ name, length }, i) => {
      const region = { space: 'arena', offset: bytesOf(inputs.slice(0, i)), size: length * 4 } as const;
      return { name, dtype: type, shape: [length], region };
    }),
    outputs: [{ name: 'results', dtype: type, shape: [results.size / 4], region: results }],
    weights: [],
    weightBytes: 0,
    arenaBytes: bytes,
    arenaLowerBound: bytes,
    pipelines: [{ code, bindings: [binding, binding], params: 0 }],
    commands: [
      {
        label: group,
        pipeline: 0,
        regions: [operands, results],
        params: [],
        workgroups,
        cost: results.size,
      },
    ],
  };
  return { plan, columns: inputs.map(({ column }) => column), patterns };
}
