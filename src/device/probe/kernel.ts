/** Plans of a single kernel: the probe's programs. */
import type { Plan, PlanPort } from '../../plan/plan.js';
import { alignUp, type TensorData } from '../../base/tensor.js';
import { fromWords } from '../../runtime/words.js';

export interface ProbeKernel {
  readonly name: string;
  /** WGSL without the prelude: binding 1 is all inputs end to end, binding 2 all outputs, both arrays of `type`. */
  readonly code: string;
  readonly type: 'f32' | 'u32';
  /** Number of elements by name. */
  readonly inputs: Readonly<Record<string, number>>;
  readonly outputs: Readonly<Record<string, number>>;
  readonly workgroups: readonly [number, number, number];
}

export function kernelPlan({ name, code, type, inputs, outputs, workgroups }: ProbeKernel): Plan {
  const ports = (sizes: Readonly<Record<string, number>>, start: number): PlanPort[] => {
    let offset = start;
    return Object.entries(sizes).map(([port, length]) => {
      const region = { space: 'arena', offset, size: length * 4 } as const;
      offset += region.size;
      return { name: port, dtype: type, shape: [length], region };
    });
  };
  const bytes = (sizes: Readonly<Record<string, number>>): number =>
    Object.values(sizes).reduce((sum, length) => sum + length * 4, 0);
  const start = alignUp(bytes(inputs));
  const binding = { access: 'read_write', type } as const;
  return {
    name,
    inputs: ports(inputs, 0),
    outputs: ports(outputs, start),
    weights: [],
    weightBytes: 0,
    arenaBytes: start + bytes(outputs),
    arenaLowerBound: start + bytes(outputs),
    pipelines: [{ code, bindings: [binding, binding], params: 0 }],
    commands: [
      {
        label: name,
        pipeline: 0,
        regions: [
          { space: 'arena', offset: 0, size: bytes(inputs) },
          { space: 'arena', offset: start, size: bytes(outputs) },
        ],
        params: [],
        workgroups,
        cost: bytes(outputs),
      },
    ],
  };
}

/** Words as a tensor with one axis. */
export const wordTensor = (dtype: 'f32' | 'u32', words: Uint32Array): TensorData => {
  return { dtype, shape: [words.length], data: fromWords(dtype, words) };
};
