/**
 * Runs a plan as WebAssembly. Memory, records and functions are made once; a run writes the inputs, calls the kernels in slices and
 * reads the outputs.
 */
import { checkWeight, takeInputs } from '../../base/check-tensors.js';
import { ensure } from '../../base/errors.js';
import { checkElements, elementCount, type TensorData } from '../../base/tensor.js';
import type { Factors, Plan, PlanCommand, PlanPort, PlanWeight, Region } from '../../plan/plan.js';
import { asCounted, regionIn, stepsOf, tripsOf, type Ahead, type Step } from '../../plan/steps.js';
import { RECORD } from '../../plan/wasm.js';
import type { Tensors } from '../inputs.js';
import { fromWords, toWords } from '../words.js';
import { checkWasmDevice, type WasmDevice } from './device.js';
import { instantiate, type ModuleSource, type Kernels } from './kernels.js';
import {
  addressOf,
  allocatePlaces,
  ownWeights,
  sharedWeights,
  writeRecords,
  type Places,
  type PortWord,
  type SharedPlaces,
} from './places.js';
import { runAlone, type Job } from './pool.js';

/**
 * Scalar operations in one call, roughly: 0.1 ms. V8 does not replace the code of a function that runs, so that a long call would
 * stay in the code of its first tier.
 */
const OPERATIONS_PER_CALL = 2 ** 19;

/** Scalar operations from which on a command is split among threads, roughly: 50 us, where waking them and waiting takes 10. */
const OPERATIONS_TO_SPLIT = 2 ** 18;
/** Slices of a command for each thread, at least: the last ones to be done end at about the same time. */
const SLICES_PER_THREAD = 4;

/** A command in one kind of trip, with all that it takes to run it. */
interface BoundCommand {
  readonly job: Job;
  readonly isSplit: boolean;
  /** The address of the number of workgroups, where a kernel writes it. */
  readonly grid: number | undefined;
  /** The same by a kernel that does not flush subnormals, for operands among which none arises. */
  readonly normal: { readonly job: Job; readonly factors: Factors } | undefined;
}

/** What a command is in each kind of trip: see `kindsOf`. */
type Variants = readonly BoundCommand[];

/** A while asks before every second trip: the answer is at hand. */
const AHEAD: Ahead = (_, made) => Math.min(made, 1);

export interface WasmRunStats {
  readonly kernels: number;
  /** Calls of kernels in a run. */
  readonly calls: number;
}

/** A plan on the CPU, ready to run. */
export class WasmExecutable {
  private disposed = false;
  private queue: Promise<unknown> = Promise.resolve();
  private isRunning = false;
  private readonly leastInWeights = new Map<string, number>();
  /** Ports of runs that bring no addresses of their own. */
  private ownPorts: readonly number[] | undefined;

  private constructor(
    readonly plan: Plan,
    /** The kernels, compiled. */
    readonly code: WebAssembly.Module,
    private readonly weights: (id: string) => TensorData,
    readonly device: WasmDevice,
    private readonly places: Places,
    /** The number under which the threads know the module; undefined where they have no part in it. */
    private readonly shared: number | undefined,
    private readonly allocations: number[],
    private readonly commands: readonly Variants[],
    private readonly portWords: readonly PortWord[],
  ) {}

  /**
   * Puts weights and kernels in place. `module` has what the plan's pipelines name exports of; `weights` gives a weight by its id.
   * Throws DEVICE_LIMIT where the plan does not fit 32-bit addresses, WEIGHT_MISSING or WEIGHT_INVALID where a weight is not the
   * one of the plan, DEVICE_VALIDATION where the host refuses the module, DEVICE_LOST where threads end.
   */
  static async create(
    plan: Plan,
    module: ModuleSource,
    weights: (id: string) => TensorData,
    device: WasmDevice,
    common?: SharedPlaces,
  ): Promise<WasmExecutable> {
    checkWasmDevice(device);
    const { memory, pool } = device;
    tripsOf(plan);
    const kernels = await instantiate(plan, module, device);
    const shared = plan.commands.some(isWorthSplitting) ? await pool?.load(kernels.code, kernels.names) : undefined; // prettier-ignore
    const allocations: number[] = [];
    const allocate = (bytes: number, what: string): number => {
      const address = memory.allocate(bytes, what);
      allocations.push(address);
      return address;
    };
    try {
      const arena = common?.arena(plan.arenaBytes) ?? allocate(plan.arenaBytes, 'intermediate values');
      const checked = (weight: PlanWeight): TensorData => checkWeight(weight, weights(weight.id));
      const at = common ? sharedWeights(plan, checked, common) : ownWeights(plan, checked, memory, allocate);
      const places = allocatePlaces(plan, kernels, device.threads, allocate, arena, at);
      const portWords = writeRecords(plan, places, memory.words);
      const bound = plan.commands.map((_, command) =>
        bindCommand(plan, kernels, places, command, shared, device),
      );
      return new WasmExecutable(
        plan,
        kernels.code,
        weights,
        device,
        places,
        shared,
        allocations,
        bound,
        portWords,
      );
    } catch (error) {
      if (shared !== undefined) pool?.unload(shared);
      for (const address of allocations) memory.free(address);
      throw error;
    }
  }

  /** The same program on another device. Throws as {@link create}. */
  rebuild(device: WasmDevice): Promise<WasmExecutable> {
    return WasmExecutable.create(this.plan, this.code, this.weights, device);
  }

  /** What a run takes: names, dtypes and shapes. */
  get inputs(): readonly PlanPort[] {
    return this.plan.inputs;
  }

  /** What a run gives. */
  get outputs(): readonly PlanPort[] {
    return this.plan.outputs;
  }

  /** What every run costs, in which no while ends early; those without a bound count as 64 trips. */
  get stats(): WasmRunStats {
    let calls = 0;
    for (const move of stepsOf(asCounted(this.plan))) {
      if (!('command' in move)) continue;
      const { groups, slice } = this.commands[move.command][0].job;
      calls += Math.ceil(groups / slice);
    }
    return { kernels: this.plan.commands.length, calls };
  }

  /**
   * Runs the program. Inputs by name, with the dtypes and shapes of `plan.inputs`, as they are at the time of the call. The result
   * has every output by name. Rejects with INPUT_* for inputs that do not fit, with USAGE where this was disposed.
   */
  run(inputs: Tensors): Promise<Record<string, TensorData>> {
    return this.enqueue(inputs, async () => {
      await this.steps();
      return Object.fromEntries(this.outputs.map((port) => [port.name, this.output(port)]));
    });
  }

  /**
   * Runs a program that was planned with `residents` on memory of the device's: `ports` has the address of each port, inputs first. An
   * output that takes over a donated input has its port.
   */
  runAt(ports: readonly number[]): Promise<void> {
    return this.inTurn(() => {
      this.bindPorts(ports);
      return this.steps();
    });
  }

  /**
   * Runs command by command; `after` sees memory through `read` when a command has run for the last time, before the next one may
   * overwrite what it wrote. For verification.
   */
  runStepwise(
    inputs: Tensors,
    after: (command: number, read: (region: Region) => Promise<Uint32Array>) => Promise<void>,
  ): Promise<void> {
    return this.enqueue(inputs, async () => {
      const read = (region: Region): Promise<Uint32Array> => Promise.resolve(this.wordsOf(region).slice());
      await this.steps((command) => after(command, read));
    });
  }

  /** `console.log(executable)` in Node, and what `JSON.stringify` writes. */
  toJSON(): string {
    return `WasmExecutable ${JSON.stringify(this.plan.name)}: ${this.plan.commands.length} kernels on ${this.device.name}`;
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toJSON();
  }

  /** Frees its memory, after the run that is under way. Runs after this fail. */
  dispose(): void {
    if (this.disposed) return;
    this.disposed = true;
    if (!this.isRunning) this.free();
  }

  private free(): void {
    if (this.shared !== undefined) this.device.pool?.unload(this.shared);
    for (const address of this.allocations) this.device.memory.free(address);
  }

  /** Runs `body` in its turn: at once where nothing waits, so that the inputs are in place before the caller goes on. */
  private enqueue<T>(inputs: Tensors, body: () => T | Promise<T>): Promise<T> {
    const given = takeInputs(this.plan.inputs, inputs, checkElements).map((tensor) =>
      toWords(tensor).slice(),
    );
    return this.inTurn(() => {
      this.bindPorts((this.ownPorts ??= this.allocatePorts()));
      this.plan.inputs.forEach(({ region }, i) => this.wordsOf(region).set(given[i]));
      return body();
    });
  }

  /** Runs `body` when what was asked for before is over. */
  private inTurn<T>(body: () => T | Promise<T>): Promise<T> {
    const result = this.queue.then(async () => {
      ensure(!this.disposed, 'USAGE', 'the executable was disposed');
      this.isRunning = true;
      try {
        return await body();
      } finally {
        this.isRunning = false;
        if (this.disposed as boolean) this.free();
      }
    });
    this.queue = result.catch(() => undefined);
    return result;
  }

  /** Memory of its own for all inputs and outputs that do not lie in the arena. */
  private allocatePorts(): readonly number[] {
    const ports: number[] = [];
    for (const { region } of [...this.plan.inputs, ...this.plan.outputs]) {
      if (region.space !== 'port' || ports[region.port] !== undefined) continue;
      ports[region.port] = this.device.memory.allocate(region.size, 'inputs and outputs');
      this.allocations.push(ports[region.port]);
    }
    return ports;
  }

  /** Says where inputs and outputs lie. */
  private bindPorts(ports: readonly number[]): void {
    const { words } = this.device.memory;
    ports.forEach((address, port) => (this.places.ports[port] = address));
    for (const { word, port, offset } of this.portWords) words[word] = ports[port] + offset;
  }

  /** Runs all steps; `after` is told of commands that do not run again. */
  private async steps(after?: (command: number) => Promise<void>): Promise<void> {
    const moves = stepsOf(this.plan, AHEAD);
    let goes: boolean | undefined;
    for (let move = moves.next(); move.done !== true; move = moves.next(goes)) {
      const { value } = move;
      if ('flag' in value) goes = this.wordsOf(value.flag)[0] !== 0;
      else if ('first' in value) {
        for (let at = value.first; after && at < value.end; at++) await after(at);
      } else {
        await this.call(value);
        if (after && value.isLast) await after(value.command);
      }
    }
  }

  /** Runs a step; what it returns resolves when that is done, and is undefined where it is done already. */
  private call({ command, trips }: Step): Promise<void> | undefined {
    const { memory, pool } = this.device;
    const { words } = memory;
    const variants = this.commands[command];
    const kind = trips.reduce((bits, trip, level) => bits | ((trip & 1) << level), 0);
    const { job: own, isSplit, grid, normal } = variants[variants.length === 1 ? 0 : kind];
    // A grid is the whole one, or none.
    if (grid !== undefined && words[grid / 4] === 0) return undefined;
    const job = normal !== undefined && this.mayStandIn(command, normal.factors, trips) ? normal.job : own;
    trips.forEach((trip, level) => (words[job.record / 4 + RECORD.trip(level)] = trip));
    return isSplit && pool !== undefined ? pool.run(job) : runAlone(job);
  }

  private mayStandIn(command: number, factors: Factors, trips: readonly number[]): boolean {
    const { standIns } = this.device;
    const { regions } = this.plan.commands[command];
    return standIns!.mayRun(factors, (binding) => {
      const place = regionIn(regions[binding], trips);
      const find = (): number => standIns!.leastIn(this.wordsOf(place));
      if (place.space !== 'weights') return find();
      // That of weights is found once.
      const key = `${place.offset} ${place.size}`;
      const least = this.leastInWeights.get(key) ?? find();
      this.leastInWeights.set(key, least);
      return least;
    });
  }

  private output({ dtype, shape, region }: PlanPort): TensorData {
    const words = new Uint32Array(elementCount(shape));
    words.set(this.wordsOf(region).subarray(0, words.length));
    return { dtype, shape: [...shape], data: fromWords(dtype, words) };
  }

  /** A region of memory as it is; one that takes no turns. */
  private wordsOf(region: Region): Uint32Array {
    const start = addressOf(this.places, region, []) / 4;
    return this.device.memory.words.subarray(start, start + region.size / 4);
  }
}

const groupsOf = ({ workgroups }: PlanCommand): number => workgroups.reduce((a, b) => a * b);

const isWorthSplitting = (command: PlanCommand): boolean =>
  command.cost >= OPERATIONS_TO_SPLIT && groupsOf(command) > 1;

function bindCommand(
  plan: Plan,
  kernels: Kernels,
  { grids, records, scratch, stride }: Places,
  at: number,
  shared: number | undefined,
  { threads, standIns }: WasmDevice,
): Variants {
  const command = plan.commands[at];
  const groups = groupsOf(command);
  const isSplit = shared !== undefined && isWorthSplitting(command);
  const short = Math.max(1, Math.floor((OPERATIONS_PER_CALL * groups) / Math.max(command.cost, 1)));
  const slice = isSplit ? Math.min(short, Math.ceil(groups / (SLICES_PER_THREAD * threads))) : short;
  const module = shared ?? NO_MODULE;
  const grid = command.grid === undefined ? undefined : grids + command.grid;
  const jobOf = (index: number, record: number): Job => {
    const kernel = kernels.functions[index];
    return { kernel, module, index, record, scratch, stride, groups, slice };
  };
  const second = kernels.normal.findIndex(
    ({ pipeline, factors }) =>
      pipeline === command.pipeline && standIns?.isWorthLooking(factors, command) === true,
  );
  return records[at].map((record) => ({
    job: jobOf(command.pipeline, record),
    isSplit,
    grid,
    normal:
      second < 0
        ? undefined
        : { job: jobOf(plan.pipelines.length + second, record), factors: kernels.normal[second].factors },
  }));
}

/** The number of a module that threads do not know. */
const NO_MODULE = -1;
