import type { Plan, PlanPipeline } from '../plan/plan.js';
import { refused, validated } from './failures.js';

/** Called with the number of pipelines that are ready and their total. */
export type Progress = (ready: number, total: number) => void;

const COMPUTE = 0x4; // GPUShaderStage.COMPUTE, a global that does not exist in every host

/** Compiles all pipelines at once, asynchronously. Throws DEVICE_VALIDATION with the driver's message. */
export async function createPipelines(
  plan: Plan,
  prelude: string,
  gpu: GPUDevice,
  onProgress: Progress = () => {},
): Promise<{ pipelines: readonly GPUComputePipeline[]; layouts: readonly GPUBindGroupLayout[] }> {
  const labels = plan.pipelines.map(
    (_, i) => plan.commands.find(({ pipeline }) => pipeline === i)?.label ?? `${i}`,
  );
  const described = await validated(gpu, 'kernels', () =>
    plan.pipelines.map((pipeline, i) => {
      const label = labels[i];
      const layout = gpu.createBindGroupLayout({ entries: entriesOf(pipeline) });
      const module = gpu.createShaderModule({ label, code: prelude + pipeline.code });
      const descriptor = {
        label,
        layout: gpu.createPipelineLayout({ bindGroupLayouts: [layout] }),
        compute: { module, entryPoint: 'main' },
      };
      return { layout, descriptor };
    }),
  );
  let ready = 0;
  onProgress(0, plan.pipelines.length);
  const pipelines = await Promise.all(
    described.map(async ({ descriptor }, i) => {
      const pipeline = await gpu.createComputePipelineAsync(descriptor).catch((cause: unknown) => {
        throw refused(labels[i], cause instanceof Error ? cause.message : String(cause), cause);
      });
      onProgress(++ready, plan.pipelines.length);
      return pipeline;
    }),
  );
  return { pipelines, layouts: described.map(({ layout }) => layout) };
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
