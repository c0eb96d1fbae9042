/** The commands of a plan, bound to buffers and pipelines, and how they are recorded. */
import type { Plan, PlanCommand, Region } from '../plan/plan.js';
import { regionIn, stepsOf, type Ahead, type Step } from '../plan/steps.js';
import { UNIFORM_ALIGNMENT, type DeviceMemory, type Ports } from './memory.js';
import { PortBindings } from './port-bindings.js';

/**
 * Scalar operations in one submit: a second of work for a device that manages 10^11 in it, where operating systems reset
 * devices after two. Work is cut between kernels only, so that one kernel of more operations still is one submit.
 */
const OPERATIONS_PER_SUBMIT = 1e11;

/** A command whose regions take no turns, with all that it binds. */
export interface BoundCommand {
  readonly command: PlanCommand;
  readonly pipeline: GPUComputePipeline;
  readonly bindings: GPUBindGroup | PortBindings;
}

/** What a command is in each kind of trip: the parities of the numbers of the loops around it, as bits. */
export type Variants = readonly BoundCommand[];

/** The commands of a plan with all that they bind. */
export const bindCommands = (
  { commands }: Plan,
  pipelines: readonly GPUComputePipeline[],
  bind: (command: PlanCommand) => BoundCommand['bindings'],
): readonly Variants[] =>
  commands.map((given) =>
    Array.from(
      { length: 1 << given.regions.reduce((levels, region) => Math.max(levels, levelsOf(region)), 0) },
      (_, kind) => {
        const trips = [kind, kind >> 1, kind >> 2, kind >> 3];
        const command = { ...given, regions: given.regions.map((region) => regionIn(region, trips)) };
        return { command, pipeline: pipelines[given.pipeline], bindings: bind(command) };
      },
    ),
  );

/** The number of loops, from the outermost on, on whose trips it depends where a region is. */
const levelsOf = (region: Region): number =>
  region.space === 'turn' ? Math.max(region.level + 1, levelsOf(region.even), levelsOf(region.odd)) : 0;

/** The bind group of a command, or what makes one for each set of ports. */
export function bindingsOf(
  command: PlanCommand,
  layout: GPUBindGroupLayout,
  gpu: GPUDevice,
  memory: DeviceMemory,
): BoundCommand['bindings'] {
  if (command.regions.some(({ space }) => space === 'port'))
    return new PortBindings(gpu, command, layout, memory);
  return gpu.createBindGroup({
    label: command.label,
    layout,
    entries: memory.bindings(command).map((resource, binding) => ({ binding, resource })),
  });
}

/** Whether a command of `cost` begins a submit of its own after commands of `spent`. */
const isCut = (spent: number, cost: number): boolean => spent > 0 && spent + cost > OPERATIONS_PER_SUBMIT;

/** In how many submits a plan runs whose whiles ask nothing. */
export function submitsOf(plan: Plan): number {
  let [submits, spent] = [1, 0];
  for (const move of stepsOf(plan)) {
    if (!('command' in move)) continue;
    const { cost } = plan.commands[move.command];
    if (isCut(spent, cost)) [submits, spent] = [submits + 1, 0];
    spent += cost;
  }
  return submits;
}

/** Records steps, and submits them in portions. */
export class Recorder {
  private encoder: GPUCommandEncoder | undefined;
  private pass: GPUComputePassEncoder | undefined;
  private spent = 0;
  private trips: readonly number[] | undefined;
  private slot = -1;

  constructor(
    private readonly gpu: GPUDevice,
    private readonly label: string,
    private readonly memory: DeviceMemory,
    private readonly commands: readonly Variants[],
    private readonly ports: Ports,
  ) {}

  add({ command: at, trips }: Step): void {
    const variants = this.commands[at];
    const kind = trips.reduce((bits, trip, level) => bits | ((trip & 1) << level), 0);
    const { command, pipeline, bindings } = variants[kind & (variants.length - 1)];
    if (isCut(this.spent, command.cost)) this.submit();
    if (trips !== this.trips) {
      if (++this.slot === this.memory.slots) {
        this.submit();
        this.slot = 0;
      }
      this.memory.setTrips(this.slot, trips);
      this.trips = trips;
    }
    const { ports } = this;
    const group =
      bindings instanceof PortBindings ? (bindings.find(ports) ?? bindings.make(ports)) : bindings;
    this.encoder ??= this.gpu.createCommandEncoder({ label: this.label });
    const pass = (this.pass ??= this.encoder.beginComputePass());
    pass.setPipeline(pipeline);
    pass.setBindGroup(0, group, [this.slot * UNIFORM_ALIGNMENT]);
    if (command.grid === undefined) pass.dispatchWorkgroups(...command.workgroups);
    else pass.dispatchWorkgroupsIndirect(this.memory.grids!, command.grid);
    this.spent += command.cost;
  }

  /** Submits what was recorded, then what `finish` records, as one. */
  submit(finish?: (encoder: GPUCommandEncoder) => void): void {
    const encoder = this.encoder ?? this.gpu.createCommandEncoder({ label: this.label });
    this.pass?.end();
    finish?.(encoder);
    this.memory.sendTrips();
    this.gpu.queue.submit([encoder.finish()]);
    this.encoder = this.pass = undefined;
    this.spent = 0;
  }
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
