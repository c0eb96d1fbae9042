import type { Plan, PlanPipeline } from '../plan/plan.js';
import { refused, validated } from './failures.js';

/** Called with the number of pipelines that are ready and their total. */
export type Progress = (ready: number, total: number) => void;

/** Pipelines of one device, by their code. */
export type PipelineCache = Map<string, GPUComputePipeline>;

const COMPUTE = 0x4; // GPUShaderStage.COMPUTE, a global that does not exist in every host

/** Compiles all pipelines that `cache` does not have at once, asynchronously. Throws DEVICE_VALIDATION with the driver's message. */
export async function createPipelines(
  plan: Plan,
  prelude: string,
  gpu: GPUDevice,
  onProgress: Progress = () => {},
  cache: PipelineCache = new Map(),
): Promise<{ pipelines: readonly GPUComputePipeline[]; layouts: readonly GPUBindGroupLayout[] }> {
  const known = new Map<string, GPUBindGroupLayout>();
  const layoutOf = (pipeline: PlanPipeline): GPUBindGroupLayout => {
    const key = [...pipeline.bindings.map(({ access }) => access), pipeline.params > 0].join();
    const layout = known.get(key) ?? gpu.createBindGroupLayout({ entries: entriesOf(pipeline) });
    known.set(key, layout);
    return layout;
  };
  const labels = plan.pipelines.map(
    (_, i) => plan.commands.find(({ pipeline }) => pipeline === i)?.label ?? `${i}`,
  );
  const layouts = await validated(gpu, 'the bindings of kernels', () => plan.pipelines.map(layoutOf));
  const describe = ({ code }: PlanPipeline, i: number): GPUComputePipelineDescriptor => ({
    label: labels[i],
    layout: gpu.createPipelineLayout({ bindGroupLayouts: [layouts[i]] }),
    compute: {
      module: gpu.createShaderModule({ label: labels[i], code: prelude + code }),
      entryPoint: 'main',
    },
  });
  const descriptors = await validated(gpu, 'kernels', () =>
    plan.pipelines.map((pipeline, i) => cache.get(pipeline.code) ?? describe(pipeline, i)),
  );
  let ready = 0;
  onProgress(0, plan.pipelines.length);
  const pipelines = await Promise.all(
    descriptors.map(async (made, i) => {
      const { code } = plan.pipelines[i];
      const pipeline =
        'compute' in made
          ? await gpu.createComputePipelineAsync(made).catch((cause: unknown) => {
              throw refused(labels[i], cause instanceof Error ? cause.message : String(cause), cause);
            })
          : made;
      cache.set(code, pipeline);
      onProgress(++ready, plan.pipelines.length);
      return pipeline;
    }),
  );
  return { pipelines, layouts };
}

/** The prelude's uniform, the buffers, and the uniform `params` where the kernel has one. */
function entriesOf({ bindings, params }: PlanPipeline): GPUBindGroupLayoutEntry[] {
  const types = [
    'uniform',
    ...bindings.map(({ access }) =>
      access === 'read' ? ('read-only-storage' as const) : ('storage' as const),
    ),
    ...(params > 0 ? (['uniform'] as const) : []),
  ] as const;
  // Steps choose the slot of the first.
  return types.map((type, binding) => ({
    binding,
    visibility: COMPUTE,
    buffer: { type, hasDynamicOffset: binding === 0 },
  }));
}
