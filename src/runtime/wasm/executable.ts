/**
 * Runs a plan as WebAssembly. Memory, records and functions are made once; a run writes the inputs, calls the kernels in slices and
 * reads the outputs.
 */
import { checkWeight, takeInputs } from '../../base/check-tensors.js';
import { ensure } from '../../base/errors.js';
import { checkElements, elementCount, type TensorData } from '../../base/tensor.js';
import type { Plan, PlanCommand, PlanPort, Region } from '../../plan/plan.js';
import { regionIn, stepsOf, type Step } from '../../plan/steps.js';
import { RECORD } from '../../plan/wasm.js';
import type { Tensors } from '../inputs.js';
import { fromWords, toWords } from '../words.js';
import { checkWasmDevice, type WasmDevice } from './device.js';
import { instantiate, type KernelFunction, type Kernels } from './kernels.js';

/**
 * Scalar operations in one call, roughly: 0.1 ms. V8 does not replace the code of a function that runs, so that a long call would
 * stay in the code of its first tier.
 */
const OPERATIONS_PER_CALL = 2 ** 19;

/** A dispatch with all that it takes to run it. */
interface BoundStep {
  readonly step: Step;
  readonly kernel: KernelFunction;
  readonly record: number;
  readonly groups: number;
  /** Workgroups of a call. */
  readonly slice: number;
}

/** Where everything lies in the memory of the device. */
interface Places {
  readonly arena: number;
  readonly weights: number;
  readonly scratch: number;
  /** Of inputs and outputs that do not lie in the arena. */
  readonly ports: readonly number[];
  /** Of each command, by the parities of the trips around it. */
  readonly records: readonly (readonly number[])[];
}

export interface WasmRunStats {
  readonly kernels: number;
  /** Calls of kernels in a run. */
  readonly calls: number;
}

/** A plan on the CPU, ready to run. */
export class WasmExecutable {
  private disposed = false;
  private queue: Promise<unknown> = Promise.resolve();

  private constructor(
    readonly plan: Plan,
    private readonly module: Uint8Array<ArrayBuffer>,
    private readonly weights: (id: string) => TensorData,
    readonly device: WasmDevice,
    private readonly places: Places,
    private readonly allocations: readonly number[],
    private readonly steps: readonly BoundStep[],
  ) {}

  /**
   * Puts weights and kernels in place. `module` is what the plan's pipelines name exports of; `weights` gives a weight by its id.
   * Throws DEVICE_LIMIT where the plan does not fit 32-bit addresses, WEIGHT_MISSING or WEIGHT_INVALID where a weight is not the
   * one of the plan, DEVICE_VALIDATION where the host refuses the module.
   */
  static async create(
    plan: Plan,
    module: Uint8Array<ArrayBuffer>,
    weights: (id: string) => TensorData,
    device: WasmDevice,
  ): Promise<WasmExecutable> {
    checkWasmDevice(device);
    const { memory } = device;
    const { steps } = stepsOf(plan);
    const kernels = await instantiate(plan, module, memory);
    const allocations: number[] = [];
    const allocate = (bytes: number, what: string): number => {
      const address = memory.allocate(bytes, what);
      allocations.push(address);
      return address;
    };
    try {
      const places = allocatePlaces(plan, kernels, allocate);
      for (const weight of plan.weights) {
        const words = toWords(checkWeight(weight, weights(weight.id)));
        memory.words.set(words, (places.weights + weight.offset) / 4);
      }
      writeRecords(plan, places, memory.words);
      const bound = steps.map((step) => bindStep(plan, kernels, places, step));
      return new WasmExecutable(plan, module, weights, device, places, allocations, bound);
    } catch (error) {
      for (const address of allocations) memory.free(address);
      throw error;
    }
  }

  /** The same program on another device. Throws as {@link create}. */
  rebuild(device: WasmDevice): Promise<WasmExecutable> {
    return WasmExecutable.create(this.plan, this.module, this.weights, device);
  }

  /** What a run takes: names, dtypes and shapes. */
  get inputs(): readonly PlanPort[] {
    return this.plan.inputs;
  }

  /** What a run gives. */
  get outputs(): readonly PlanPort[] {
    return this.plan.outputs;
  }

  /** What every run costs. */
  get stats(): WasmRunStats {
    const calls = this.steps.reduce((sum, { groups, slice }) => sum + Math.ceil(groups / slice), 0);
    return { kernels: this.plan.commands.length, calls };
  }

  /**
   * Runs the program. Inputs by name, with the dtypes and shapes of `plan.inputs`, as they are at the time of the call. The result
   * has every output by name. Rejects with INPUT_* for inputs that do not fit, with USAGE where this was disposed.
   */
  run(inputs: Tensors): Promise<Record<string, TensorData>> {
    return this.enqueue(inputs, () => {
      for (const each of this.steps) this.call(each);
      return Object.fromEntries(this.outputs.map((port) => [port.name, this.output(port)]));
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
      for (const each of this.steps) {
        this.call(each);
        if (each.step.isLast)
          await after(each.step.command, (region) => Promise.resolve(this.wordsOf(region).slice()));
      }
    });
  }

  /** `console.log(executable)` in Node, and what `JSON.stringify` writes. */
  toJSON(): string {
    return `WasmExecutable ${JSON.stringify(this.plan.name)}: ${this.plan.commands.length} kernels on ${this.device.name}`;
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toJSON();
  }

  /** Frees its memory. Runs after this fail. */
  dispose(): void {
    if (this.disposed) return;
    this.disposed = true;
    for (const address of this.allocations) this.device.memory.free(address);
  }

  /** Runs `body` in its turn: at once where nothing waits, so that the inputs are in place before the caller goes on. */
  private enqueue<T>(inputs: Tensors, body: () => T | Promise<T>): Promise<T> {
    const given = takeInputs(this.plan.inputs, inputs, checkElements).map((tensor) =>
      toWords(tensor).slice(),
    );
    const result = this.queue.then(() => {
      ensure(!this.disposed, 'USAGE', 'the executable was disposed');
      this.plan.inputs.forEach(({ region }, i) => this.wordsOf(region).set(given[i]));
      return body();
    });
    this.queue = result.catch(() => undefined);
    return result;
  }

  private call({ step, kernel, record, groups, slice }: BoundStep): void {
    const { words } = this.device.memory;
    step.trips.forEach((trip, level) => (words[record / 4 + RECORD.trip(level)] = trip));
    for (let from = 0; from < groups; from += slice)
      kernel(record, this.places.scratch, from, Math.min(from + slice, groups));
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

function allocatePlaces(
  plan: Plan,
  kernels: Kernels,
  allocate: (bytes: number, what: string) => number,
): Places {
  const arena = allocate(plan.arenaBytes, 'intermediate values');
  const weights = allocate(plan.weightBytes, 'weights');
  const scratch = allocate(kernels.scratch, 'kernels');
  const ports: number[] = [];
  for (const { region } of [...plan.inputs, ...plan.outputs])
    if (region.space === 'port') ports[region.port] ??= allocate(region.size, 'inputs and outputs');
  const sizes = plan.commands.map(({ params, regions }) => 4 * RECORD.words(params.length, regions.length));
  const kinds = plan.commands.map(({ regions }) => kindsOf(regions));
  let next = allocate(
    sizes.reduce((sum, bytes, i) => sum + bytes * kinds[i].length, 0),
    'records of kernels',
  );
  const records = sizes.map((bytes, i) => kinds[i].map(() => (next += bytes) - bytes));
  return { arena, weights, scratch, ports, records };
}

/** The kinds of trips that a command tells apart: parities of the numbers of the loops around it, as bits. */
const kindsOf = (regions: readonly Region[]): readonly number[] =>
  regions.some(({ space }) => space === 'turn') ? Array.from({ length: 16 }, (_, kind) => kind) : [0];

function addressOf({ arena, weights, ports }: Places, region: Region, trips: readonly number[]): number {
  const place = regionIn(region, trips);
  if (place.space === 'port') return ports[place.port] + place.offset;
  return (place.space === 'arena' ? arena : weights) + place.offset;
}

function writeRecords(plan: Plan, places: Places, words: Uint32Array): void {
  plan.commands.forEach(({ params, regions }, command) =>
    kindsOf(regions).forEach((kind) => {
      const record = places.records[command][kind] / 4;
      params.forEach((value, i) => (words[record + RECORD.param(i)] = value));
      regions.forEach((region, i) => {
        const address = addressOf(places, region, [kind, kind >> 1, kind >> 2, kind >> 3]);
        words[record + RECORD.binding(params.length, i)] = address;
      });
    }),
  );
}

function bindStep(plan: Plan, kernels: Kernels, { records }: Places, step: Step): BoundStep {
  const command: PlanCommand = plan.commands[step.command];
  const own = records[step.command];
  const kind = step.trips.reduce((bits, trip, level) => bits | ((trip & 1) << level), 0);
  const groups = command.workgroups.reduce((a, b) => a * b);
  const slice = Math.max(1, Math.floor((OPERATIONS_PER_CALL * groups) / Math.max(command.cost, 1)));
  return {
    step,
    kernel: kernels.functions[command.pipeline],
    record: own[own.length === 1 ? 0 : kind],
    groups,
    slice,
  };
}
