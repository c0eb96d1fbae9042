/** The commands of a plan, bound to buffers and pipelines, and how they are recorded. */
import type { Plan, PlanCommand } from '../plan/plan.js';
import { regionIn, type Step } from '../plan/steps.js';
import { UNIFORM_ALIGNMENT, type DeviceMemory, type PortBuffers } from './memory.js';
import { portBindings, type Bindings } from './port-bindings.js';

/**
 * Scalar operations in one submit: a second of work for a device that manages 10^11 in it, where operating systems reset
 * devices after two. Work is cut between kernels only, so that one kernel of more operations still is one submit.
 */
const OPERATIONS_PER_SUBMIT = 1e11;

export interface BoundCommand {
  readonly command: PlanCommand;
  readonly step: Step;
  readonly pipeline: GPUComputePipeline;
  readonly bindings: Bindings;
}

/** A command with all that it takes to record it. */
export interface ReadyCommand {
  readonly command: PlanCommand;
  readonly step: Step;
  readonly pipeline: GPUComputePipeline;
  readonly group: GPUBindGroup;
}

/** The steps of a plan with all that they bind. Steps of a loop that bind the same have one bind group. */
export function bindSteps(
  plan: Plan,
  steps: readonly Step[],
  pipelines: readonly GPUComputePipeline[],
  bind: (command: PlanCommand) => Bindings,
): BoundCommand[] {
  const known = plan.commands.map(() => new Map<number, Omit<BoundCommand, 'step'>>());
  return steps.map((step) => {
    const command = plan.commands[step.command];
    const turns = command.regions.some(({ space }) => space === 'turn');
    // Regions take turns with the parity of trips.
    const kind = turns ? step.trips.reduce((bits, trip, level) => bits | ((trip & 1) << level), 0) : 0;
    const bound = known[step.command].get(kind);
    if (bound !== undefined) return { ...bound, step };
    const regions = command.regions.map((region) => regionIn(region, step.trips));
    const resolved = turns ? { ...command, regions } : command;
    const made = { command: resolved, pipeline: pipelines[command.pipeline], bindings: bind(resolved) };
    known[step.command].set(kind, made);
    return { ...made, step };
  });
}

/** The bind groups of a command: one, or one for each set of ports. */
export function bindingsOf(
  command: PlanCommand,
  layout: GPUBindGroupLayout,
  gpu: GPUDevice,
  memory: DeviceMemory,
): Bindings {
  const { label, regions } = command;
  const create = (ports: PortBuffers): GPUBindGroup =>
    gpu.createBindGroup({
      label,
      layout,
      entries: memory.bindings(command, ports).map((resource, binding) => ({ binding, resource })),
    });
  const touched = regions.flatMap((region) => (region.space === 'port' ? [region.port] : []));
  if (touched.length > 0) return portBindings(touched, create);
  const only = create([]);
  return { find: () => only, make: () => only };
}

/** `bound` with the bind group for `ports`. */
export const readied = (
  { command, step, pipeline, bindings }: BoundCommand,
  ports: PortBuffers,
): ReadyCommand => ({
  command,
  step,
  pipeline,
  group: bindings.find(ports) ?? bindings.make(ports),
});

/** The commands in the portions in which they are submitted. */
export function batchesOf(commands: readonly BoundCommand[]): BoundCommand[][] {
  const batches: BoundCommand[][] = [[]];
  let spent = 0;
  for (const bound of commands) {
    if (spent > 0 && spent + bound.command.cost > OPERATIONS_PER_SUBMIT) {
      batches.push([]);
      spent = 0;
    }
    batches[batches.length - 1].push(bound);
    spent += bound.command.cost;
  }
  return batches;
}

/** Records the commands, then what `finish` records, and submits both as one. */
export function submit(
  gpu: GPUDevice,
  label: string,
  commands: readonly ReadyCommand[],
  finish?: (encoder: GPUCommandEncoder) => void,
): void {
  const encoder = gpu.createCommandEncoder({ label });
  if (commands.length > 0) {
    const pass = encoder.beginComputePass();
    for (const { command, step, pipeline, group } of commands) {
      pass.setPipeline(pipeline);
      pass.setBindGroup(0, group, [step.slot * UNIFORM_ALIGNMENT]);
      pass.dispatchWorkgroups(...command.workgroups);
    }
    pass.end();
  }
  finish?.(encoder);
  gpu.queue.submit([encoder.finish()]);
}
