/**
 * Runs a plan on a device. Buffers, bind groups and pipelines are made once; a run writes the inputs, records one
 * encoder, submits it once and reads the outputs back. A dispatch takes and leaves its inputs and outputs on the device.
 */
import { takeInputs } from '../base/check-tensors.js';
import { ensure, type HeddleError } from '../base/errors.js';
import { checkElements, copyTensor, type TensorData } from '../base/tensor.js';
import type { Plan, PlanCommand, PlanPort, PreludeTexts, Region } from '../plan/plan.js';
import { stepsOf } from '../plan/steps.js';
import { trackBuffers, type Buffers } from './buffers.js';
import {
  batchesOf,
  bindingsOf,
  bindSteps,
  readied,
  submit,
  type BoundCommand,
  type ReadyCommand,
} from './commands.js';
import { preludeFor, type Device } from './device.js';
import { takeResidence, type DeviceTensors } from './dispatch.js';
import { observed, validated } from './failures.js';
import { DeviceHeap, tensorOf, wordsIn, type DeviceTensor } from './heap.js';
import type { Tensors } from './inputs.js';
import { ensureAlive, lossBehind, lossOf } from './loss.js';
import { createMemory, type DeviceMemory, type PortBuffers, type WeightSource } from './memory.js';
import { createPipelines, type Progress } from './pipelines.js';
import type { Bindings } from './port-bindings.js';
import { createReadback, type Readback } from './readback.js';
import { toWords } from './words.js';

export interface ExecutableOptions {
  /** Called as pipelines become ready. */
  readonly onProgress?: Progress;
}

export interface RunStats {
  readonly kernels: number;
  readonly submits: number;
}

/** A plan on a device, ready to run. */
export class Executable {
  /** Settled when the last run that was asked for is over; undefined where none is under way. */
  #queue: Promise<unknown> | undefined;
  #disposed = false;
  #validated = false;
  /** Whether a run is under way that gives others the queue between its commands. */
  #stepping = false;
  readonly #preludes: PreludeTexts;
  readonly #weights: WeightSource;
  readonly #buffers: Buffers;
  readonly #memory: DeviceMemory;
  readonly #commands: readonly BoundCommand[];
  /** Where runs keep resident inputs and outputs. */
  readonly #heap: DeviceHeap;
  readonly #readback: Readback;

  private constructor(
    readonly plan: Plan,
    preludes: PreludeTexts,
    weights: WeightSource,
    readonly device: Device,
    buffers: Buffers,
    memory: DeviceMemory,
    commands: readonly BoundCommand[],
  ) {
    this.#preludes = preludes;
    this.#weights = weights;
    this.#buffers = buffers;
    this.#memory = memory;
    this.#commands = commands;
    this.#heap = new DeviceHeap(device);
    this.#readback = createReadback(device.gpu);
  }

  /**
   * Uploads the weights and compiles the pipelines. `weights` gives a weight by its id. Throws DEVICE_LIMIT where the
   * plan does not fit the device, WEIGHT_MISSING or WEIGHT_INVALID where a weight is not the one of the plan, and
   * DEVICE_VALIDATION where the driver refuses a kernel.
   */
  static async create(
    plan: Plan,
    preludes: PreludeTexts,
    weights: WeightSource,
    device: Device,
    options: ExecutableOptions = {},
  ): Promise<Executable> {
    const { gpu } = Object(device) as Device;
    lossOf(gpu);
    const { steps, slots } = stepsOf(plan);
    const buffers = trackBuffers(gpu);
    try {
      const memory = await validated(gpu, 'memory', () => createMemory(plan, slots, weights, buffers));
      const prelude = preludeFor(preludes, device.profile);
      const { pipelines, layouts } = await createPipelines(plan, prelude, gpu, options.onProgress);
      const bind = (command: PlanCommand): Bindings =>
        bindingsOf(command, layouts[command.pipeline], gpu, memory);
      const commands = await validated(gpu, 'bind groups', () => bindSteps(plan, steps, pipelines, bind));
      await ensureAlive(gpu);
      return new Executable(plan, preludes, weights, device, buffers, memory, commands);
    } catch (error) {
      buffers.destroy();
      throw (await lossBehind(gpu)) ?? error;
    }
  }

  /** The same program on another device, such as a new one after this one was lost. Throws as {@link create}. */
  rebuild(device: Device, options: ExecutableOptions = {}): Promise<Executable> {
    return Executable.create(this.plan, this.#preludes, this.#weights, device, options);
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
  get stats(): RunStats {
    return { kernels: this.plan.commands.length, submits: batchesOf(this.#commands).length };
  }

  /**
   * Runs the program. Inputs by name, with the dtypes and shapes of `plan.inputs`, as they are at the time of the call: the
   * caller may change them at once. The result has every output by name. Runs queue up; each sees only its own inputs.
   * Rejects with INPUT_* for inputs that do not fit, with DEVICE_LOST where the device goes away meanwhile.
   */
  run(inputs: Tensors): Promise<Record<string, TensorData>> {
    return this.#enqueue(inputs, (given) => this.#runNow(given));
  }

  /**
   * Runs a program that was planned with `residents` on tensors of `heap`, by name, with the dtypes and shapes of
   * `plan.inputs`: one submit, which this call does not wait for. Results are tensors of `heap`, which the caller frees.
   * Donated inputs are given up: an output whose `donor` is such an input lies in its buffer, else its memory is freed.
   * A steady loop creates nothing on the device.
   *
   * Throws, before anything has happened, USAGE where the plan has no residents or a donated tensor is given twice,
   * INPUT_*, TENSOR_DISPOSED, DEVICE_LIMIT, DEVICE_LOST. What the device itself refuses shows when `heap` is next read.
   */
  dispatch(inputs: DeviceTensors, heap: DeviceHeap): Record<string, DeviceTensor> {
    this.#checkUsable();
    ensure(this.plan.ports !== undefined, 'USAGE', 'the program was planned without residents');
    ensure(heap instanceof DeviceHeap, 'USAGE', 'the value is not a heap', {
      expected: 'new DeviceHeap(device)',
    });
    ensure(heap.device.gpu === this.device.gpu, 'DEVICE_MISMATCH', 'the heap is of another device');
    ensure(!this.#stepping, 'USAGE', 'the program is being verified');
    const { ports, outputs, spent } = takeResidence(this.plan, inputs, heap);
    this.#submitPorts(ports, heap);
    for (const { buffer } of Object.values(outputs)) heap.wrote(buffer);
    for (const tensor of spent) heap.free(tensor);
    return { ...outputs };
  }

  /**
   * Runs command by command; `after` sees the arena through `read` when a command has run for the last time, before the next
   * one may overwrite what it wrote. For verification: slow.
   */
  runStepwise(
    inputs: Tensors,
    after: (command: number, read: (region: Region) => Promise<Uint32Array>) => Promise<void>,
  ): Promise<void> {
    const steps = async (ports: PortBuffers): Promise<void> => {
      const read = async (region: Region): Promise<Uint32Array> => {
        const range = this.#memory.binding(region, ports);
        const [words] = await this.#readback.read([range], (copies) => this.#submit([], copies));
        return words;
      };
      this.#stepping = true;
      try {
        for (let i = 0; i < this.#commands.length; i++) {
          const { command, step } = this.#commands[i];
          await validated(this.device.gpu, command.label, () =>
            this.#submit([readied(this.#commands[i], ports)]),
          );
          if (step.isLast) await after(step.command, read);
        }
      } finally {
        this.#stepping = false;
      }
    };
    return this.#enqueue(inputs, async (given) => {
      if (this.plan.ports !== undefined)
        return this.#onHeap(given, (held, heap) => {
          const { ports, outputs } = takeResidence(this.plan, held, heap);
          return { outputs, done: steps(ports) };
        });
      this.#writeInputs(given);
      await steps([]);
    });
  }

  /** `console.log(executable)` in Node, and what `JSON.stringify` writes. */
  toJSON(): string {
    return `Executable ${JSON.stringify(this.plan.name)}: ${this.plan.commands.length} kernels on ${this.device.name}`;
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toJSON();
  }

  /** Frees all device memory. Runs after this fail. */
  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    this.#buffers.destroy();
    this.#heap.dispose();
    this.#readback.dispose();
  }

  /**
   * Calls `body` with the inputs in the order of the plan: at once where no run is under way, so that they are on the device
   * before the caller goes on; else in its turn, with copies.
   */
  async #enqueue<T>(inputs: Tensors, body: (given: readonly TensorData[]) => Promise<T>): Promise<T> {
    const given = takeInputs(this.plan.inputs, inputs, checkElements);
    const queue = this.#queue;
    const copies = queue && given.map(copyTensor);
    const run = (): Promise<T> => this.#guard(() => body(copies ?? given));
    const result = queue === undefined ? run() : queue.then(run);
    const end = (): void => {
      if (this.#queue === settled) this.#queue = undefined;
    };
    const settled = result.then(end, end);
    this.#queue = settled;
    return result;
  }

  /** Runs `body` unless, and until, the device is lost. */
  async #guard<T>(body: () => Promise<T>): Promise<T> {
    this.#checkUsable();
    const { listeners } = lossOf(this.device.gpu);
    let interrupt: (error: HeddleError) => void = () => undefined;
    try {
      return await new Promise<T>((resolve, reject) => {
        listeners.add((interrupt = reject));
        body().then(resolve, reject);
      });
    } catch (error) {
      this.#checkUsable();
      throw (await lossBehind(this.device.gpu)) ?? error;
    } finally {
      listeners.delete(interrupt);
    }
  }

  /** Throws USAGE where this was disposed, DEVICE_LOST. */
  #checkUsable(): void {
    ensure(!this.#disposed, 'USAGE', 'the executable was disposed');
    const { error } = lossOf(this.device.gpu);
    if (error !== undefined) throw error;
  }

  #writeInputs(given: readonly TensorData[]): void {
    this.plan.inputs.forEach(({ region }, i) => this.#memory.write(region, toWords(given[i])));
  }

  #submit(commands: readonly ReadyCommand[], finish?: (encoder: GPUCommandEncoder) => void): void {
    submit(this.device.gpu, this.plan.name, commands, finish);
  }

  #submitAll(ports: PortBuffers, finish?: (encoder: GPUCommandEncoder) => void): void {
    const batches = batchesOf(this.#commands);
    batches.forEach((batch, i) =>
      this.#submit(
        batch.map((bound) => readied(bound, ports)),
        i === batches.length - 1 ? finish : undefined,
      ),
    );
  }

  /** Submits everything; `heap` learns what the device says of it, where that is not known from an earlier time. */
  #submitPorts(ports: PortBuffers, heap: DeviceHeap): void {
    const isNew = ({ bindings }: BoundCommand): boolean => bindings.find(ports) === undefined;
    if (this.#validated && !this.#commands.some(isNew)) return this.#submitAll(ports);
    const { refusal } = observed(this.device.gpu, 'commands', () => this.#submitAll(ports));
    heap.watch(refusal);
    void refusal.then((error) => (this.#validated ||= error === undefined));
  }

  /**
   * Uploads the inputs, and frees them and the outputs that `body` makes of them when `done` is settled, which is what this
   * promise settles as.
   */
  async #onHeap<T>(
    given: readonly TensorData[],
    body: (
      held: DeviceTensors,
      heap: DeviceHeap,
    ) => { readonly outputs: DeviceTensors; readonly done: Promise<T> },
  ): Promise<T> {
    const heap = this.#heap;
    const lent: DeviceTensor[] = [];
    try {
      const held = this.plan.inputs.map(({ name }, i) => {
        const tensor = heap.upload(given[i]);
        lent.push(tensor);
        return [name, tensor] as const;
      });
      const { outputs, done } = body(Object.fromEntries(held), heap);
      for (const output of Object.values(outputs)) lent.push(output);
      return await done;
    } finally {
      for (const tensor of lent) if (heap.holds(tensor)) heap.free(tensor);
    }
  }

  #runNow(given: readonly TensorData[]): Promise<Record<string, TensorData>> {
    if (this.plan.ports === undefined) return this.#runInArena(given);
    return this.#onHeap(given, (held, heap) => {
      const outputs = this.dispatch(held, heap);
      const read = heap.read(Object.values(outputs));
      const done = read.then((tensors) =>
        Object.fromEntries(Object.keys(outputs).map((name, i) => [name, tensors[i]])),
      );
      return { outputs, done };
    });
  }

  async #runInArena(given: readonly TensorData[]): Promise<Record<string, TensorData>> {
    const { outputs } = this.plan;
    const ranges = outputs.map(({ region, shape }) => wordsIn(this.#memory.binding(region), shape));
    const run = (copies: (encoder: GPUCommandEncoder) => void): void => {
      this.#writeInputs(given);
      this.#submitAll([], copies);
    };
    // All runs record the same commands, so what the device accepts once it accepts always.
    const words = await this.#readback.read(ranges, run, this.#validated);
    this.#validated = true;
    return Object.fromEntries(outputs.map((port, i) => [port.name, tensorOf(port, words[i])]));
  }
}
