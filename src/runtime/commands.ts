/** The commands of a plan, bound to buffers and pipelines, and how they are recorded. */
import type { Plan, PlanCommand, Region } from '../plan/plan.js';
import { asCounted, regionIn, stepsOf, type Ahead, type Move } from '../plan/steps.js';
import { UNIFORM_ALIGNMENT, type DeviceMemory, type PortBuffers } from './memory.js';
import { readsTrips, type LaidOut } from './pipelines.js';
import { portBindings, type Bindings } from './port-bindings.js';

/**
 * Scalar operations in one submit: a second of work for a device that manages 10^11 in it, where operating systems reset
 * devices after two. Work is cut between kernels only, so that one kernel of more operations still is one submit.
 */
const OPERATIONS_PER_SUBMIT = 1e11;

/** A command whose regions take no turns, with all that it binds. */
export interface BoundCommand {
  readonly command: PlanCommand;
  readonly pipeline: GPUComputePipeline;
  readonly bindings: Bindings;
  /** Whether it reads the numbers of trips. */
  readonly counts: boolean;
}

/** What a command is in each kind of trip: the parities of the numbers of the loops around it, as bits. */
export type Variants = readonly BoundCommand[];

/** The commands of a plan with all that they bind. */
export const bindCommands = (
  { commands, pipelines: sources }: Plan,
  pipelines: readonly LaidOut[],
  bind: (command: PlanCommand) => Bindings,
): readonly Variants[] =>
  commands.map((given) =>
    Array.from(
      { length: 1 << given.regions.reduce((levels, region) => Math.max(levels, levelsOf(region)), 0) },
      (_, kind) => {
        const trips = [kind, kind >> 1, kind >> 2, kind >> 3];
        const command = { ...given, regions: given.regions.map((region) => regionIn(region, trips)) };
        const counts = readsTrips(sources[given.pipeline]);
        return { command, pipeline: pipelines[given.pipeline].pipeline, bindings: bind(command), counts };
      },
    ),
  );

/** The number of loops, from the outermost on, on whose trips it depends where a region is. */
const levelsOf = (region: Region): number =>
  region.space === 'turn' ? Math.max(region.level + 1, levelsOf(region.even), levelsOf(region.odd)) : 0;

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

/** Whether a command of `cost` begins a submit of its own after commands of `spent`. */
const isCut = (spent: number, cost: number): boolean => spent > 0 && spent + cost > OPERATIONS_PER_SUBMIT;

/** In how many submits a plan runs whose whiles ask nothing; those without a bound count as 64 trips. */
export function submitsOf(plan: Plan): number {
  let [submits, spent] = [1, 0];
  for (const move of stepsOf(asCounted(plan))) {
    if (!('command' in move)) continue;
    const { cost } = plan.commands[move.command];
    if (isCut(spent, cost)) [submits, spent] = [submits + 1, 0];
    spent += cost;
  }
  return submits;
}

/** Records the steps among `moves` and submits them in portions, the last of them with what `finish` records. */
export type Submit = (moves: Iterable<Move>, finish?: (encoder: GPUCommandEncoder) => void) => void;

/** Submits steps of one run, in their order. */
export function submitter(
  gpu: GPUDevice,
  label: string,
  memory: DeviceMemory,
  commands: readonly Variants[],
  ports: PortBuffers,
): Submit {
  let current: readonly number[] | undefined;
  let slot = -1;
  return (moves, finish) => {
    let encoder: GPUCommandEncoder | undefined;
    let pass: GPUComputePassEncoder | undefined;
    let spent = 0;
    const recording = (): GPUCommandEncoder => (encoder ??= gpu.createCommandEncoder({ label }));
    const submit = (last?: typeof finish): void => {
      pass?.end();
      last?.(recording());
      memory.sendTrips();
      gpu.queue.submit([recording().finish()]);
      encoder = pass = undefined;
      spent = 0;
    };
    for (const move of moves) {
      if (!('command' in move)) continue;
      const { trips } = move;
      const variants = commands[move.command];
      const { command, pipeline, bindings, counts } =
        variants[
          trips.reduce((bits, trip, level) => bits | ((trip & 1) << level), 0) & (variants.length - 1)
        ];
      if (isCut(spent, command.cost)) submit();
      if (counts && trips !== current) {
        if (++slot === memory.slots) {
          submit();
          slot = 0;
        }
        memory.setTrips(slot, trips);
        current = trips;
      }
      pass ??= recording().beginComputePass();
      pass.setPipeline(pipeline);
      pass.setBindGroup(
        0,
        bindings.find(ports) ?? bindings.make(ports),
        counts ? [slot * UNIFORM_ALIGNMENT] : [],
      );
      if (command.grid === undefined) pass.dispatchWorkgroups(...command.workgroups);
      else pass.dispatchWorkgroupsIndirect(memory.grids!, command.grid);
      spent += command.cost;
    }
    submit(finish);
  };
}

/** Operations between two questions of a while, at most, where a trip has less: about a millisecond of work. */
const OPERATIONS_PER_QUESTION = 2 ** 27;
/** Trips before the first question, at least. */
const FIRST_TRIPS = 8;
/** Trips between two questions, at most. */
const MOST_TRIPS = 512;

/** A while makes as many trips more as it has made before it asks, unless they are long. */
export const aheadIn =
  ({ commands }: Plan): Ahead =>
  ({ first, end }, made) => {
    const cost = commands.slice(first, end).reduce((sum, command) => sum + command.cost, 1);
    return Math.max(2, Math.min(Math.max(FIRST_TRIPS, made), OPERATIONS_PER_QUESTION / cost, MOST_TRIPS)) | 0;
  };
