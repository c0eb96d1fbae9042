import type { Plan, PlanPipeline } from '../plan/plan.js';
import { refused, validated } from './failures.js';

/** Called with the number of pipelines that are ready and their total. */
export type Progress = (ready: number, total: number) => void;

/** A pipeline with the layout of what it binds. */
export interface LaidOut {
  readonly pipeline: GPUComputePipeline;
  readonly layout: GPUBindGroupLayout;
}

/** Pipelines of one device, by their code. */
export interface PipelineCache {
  get(code: string): LaidOut | undefined;
  set(code: string, made: LaidOut): unknown;
}

const COMPUTE = 0x4; // GPUShaderStage.COMPUTE, a global that does not exist in every host

/** Compiles all pipelines that `cache` does not have at once, asynchronously. Throws DEVICE_VALIDATION with the driver's message. */
export async function createPipelines(
  plan: Plan,
  prelude: string,
  gpu: GPUDevice,
  onProgress: Progress = () => {},
  cache: PipelineCache = new Map(),
): Promise<readonly LaidOut[]> {
  const labels = plan.pipelines.map(
    (_, i) => plan.commands.find(({ pipeline }) => pipeline === i)?.label ?? `${i}`,
  );
  const described = await validated(gpu, 'kernels', () =>
    plan.pipelines.map((pipeline, i) => {
      const label = labels[i];
      const { code } = pipeline;
      const made = cache.get(code);
      if (made !== undefined) return { code, made };
      const layout = gpu.createBindGroupLayout({ entries: entriesOf(pipeline) });
      const module = gpu.createShaderModule({ label, code: prelude + code });
      const descriptor = {
        label,
        layout: gpu.createPipelineLayout({ bindGroupLayouts: [layout] }),
        compute: { module, entryPoint: 'main' },
      };
      return { layout, code, descriptor };
    }),
  );
  let ready = 0;
  onProgress(0, plan.pipelines.length);
  return Promise.all(
    described.map(async ({ code, made, layout, descriptor }, i) => {
      const laidOut = made ?? {
        layout,
        pipeline: await gpu.createComputePipelineAsync(descriptor).catch((cause: unknown) => {
          throw refused(labels[i], cause instanceof Error ? cause.message : String(cause), cause);
        }),
      };
      cache.set(code, laidOut);
      onProgress(++ready, plan.pipelines.length);
      return laidOut;
    }),
  );
}

/** Whether a kernel reads the numbers of trips, by the name that the prelude gives them. */
export const readsTrips = ({ code }: PlanPipeline): boolean => code.includes('numerics.trips');

/** The prelude's uniform, the buffers, and the uniform `params` where the kernel has one. */
function entriesOf(pipeline: PlanPipeline): GPUBindGroupLayoutEntry[] {
  const { bindings, params } = pipeline;
  const types = [
    'uniform',
    ...bindings.map(({ access }) =>
      access === 'read' ? ('read-only-storage' as const) : ('storage' as const),
    ),
    ...(params > 0 ? (['uniform'] as const) : []),
  ] as const;
  // Steps choose the slot of the first. Offsets cost a driver time at each dispatch.
  return types.map((type, binding) => ({
    binding,
    visibility: COMPUTE,
    buffer: { type, hasDynamicOffset: binding === 0 && readsTrips(pipeline) },
  }));
}
