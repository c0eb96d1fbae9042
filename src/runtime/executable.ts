/**
 * Runs a plan on a device. Buffers, bind groups and pipelines are made once; a run writes the inputs, records one
 * encoder, submits it once and reads the outputs back. A dispatch takes and leaves its inputs and outputs on the device.
 */
import { takeInputs } from '../base/check-tensors.js';
import { ensure, type HeddleError } from '../base/errors.js';
import { checkElements, copyTensor, type TensorData } from '../base/tensor.js';
import type { Plan, PlanCommand, PlanPort, Region } from '../plan/plan.js';
import type { PreludeTexts } from '../plan/preludes.js';
import { stepsOf, type Move } from '../plan/steps.js';
import { trackBuffers, type Buffers } from './buffers.js';
import { aheadIn, bindCommands, bindingsOf, submitsOf, submitter, type BoundCommand, type Submit, type Variants } from './commands.js'; // prettier-ignore
import { preludeFor, type Device } from './device.js';
import { takeResidence, type DeviceTensors, type Residence } from './dispatch.js';
import { observed, validated } from './failures.js';
import { DeviceHeap, tensorOf, wordsIn, type DeviceTensor } from './heap.js';
import type { Tensors } from './inputs.js';
import { ensureAlive, lossBehind, lossOf } from './loss.js';
import {
  createMemory,
  type DeviceMemory,
  type PortBuffers,
  type SharedMemory,
  type WeightSource,
} from './memory.js';
import { createPipelines, type PipelineCache, type Progress } from './pipelines.js';
import type { Bindings } from './port-bindings.js';
import { createReadback, type Readback } from './readback.js';
import { toWords } from './words.js';

export interface ExecutableOptions {
  /** Called as pipelines become ready. */
  readonly onProgress?: Progress;
  /** What other plans of the same program have made on the device. Default: all is its own. */
  readonly shared?: SharedMemory & { readonly pipelines: PipelineCache };
}

export interface RunStats {
  readonly kernels: number;
  readonly submits: number;
}

/** Records what comes after all commands. */
type Finish = (encoder: GPUCommandEncoder) => void;

/** Sees what a command has written, through `read`. */
type AfterCommand = (command: number, read: (region: Region) => Promise<Uint32Array>) => Promise<void>;

/** A plan on a device, ready to run. */
export class Executable {
  /** Settled when the last run that was asked for is over; undefined where none is under way. */
  #queue: Promise<unknown> | undefined;
  #disposed = false;
  #validated = false;
  /** Whether a run is under way between whose commands another one could come. */
  #isStepping = false;
  readonly #preludes: PreludeTexts;
  readonly #weights: WeightSource;
  readonly #buffers: Buffers;
  readonly #memory: DeviceMemory;
  readonly #commands: readonly Variants[];
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
    commands: readonly Variants[],
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
    { onProgress, shared }: ExecutableOptions = {},
  ): Promise<Executable> {
    const { gpu } = Object(device) as Device;
    lossOf(gpu);
    const buffers = trackBuffers(gpu);
    try {
      const memory = await validated(gpu, 'memory', () => createMemory(plan, weights, buffers, shared));
      const prelude = preludeFor(preludes, device.profile);
      const pipelines = await createPipelines(plan, prelude, gpu, onProgress, shared?.pipelines);
      const bind = (command: PlanCommand): Bindings =>
        bindingsOf(command, pipelines[command.pipeline].layout, gpu, memory);
      const commands = await validated(gpu, 'bind groups', () => bindCommands(plan, pipelines, bind));
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

  /** What every run costs; a while that asks whether it goes on takes a submit more each time. */
  get stats(): RunStats {
    return { kernels: this.plan.commands.length, submits: submitsOf(this.plan) };
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
   * Donated inputs are given up: an output that takes one over has its port, and lies in its buffer; else its memory is freed.
   * A steady loop creates nothing on the device. `finish` records what comes after all kernels, such as copies of outputs.
   *
   * Throws, before anything has happened, USAGE where the plan has no residents or a donated tensor is given twice,
   * INPUT_*, TENSOR_DISPOSED, DEVICE_LIMIT, DEVICE_LOST. What the device itself refuses shows when `heap` is next read.
   */
  dispatch(
    inputs: DeviceTensors,
    heap: DeviceHeap,
    finish?: (encoder: GPUCommandEncoder, outputs: DeviceTensors) => void,
  ): Record<string, DeviceTensor> {
    const mustAsk = this.plan.loops?.some(({ going }) => going?.mustEnd);
    ensure(!mustAsk, 'USAGE', 'a while without a bound is waited for', { expected: 'dispatchAsync' });
    const residence = this.#take(inputs, heap);
    this.#submitPorts(residence.ports, heap, (encoder) => finish?.(encoder, residence.outputs));
    return settled(residence, heap);
  }

  /**
   * As {@link dispatch}, for a program with whiles, which ask now and then whether they go on: such runs queue up, and what they work
   * on must not be used until this settles. Rejects as {@link dispatch} throws, and with LIMIT_EXCEEDED where a while does not end; tensors that were donated
   * are still the caller's then, with whatever elements.
   */
  async dispatchAsync(inputs: DeviceTensors, heap: DeviceHeap): Promise<Record<string, DeviceTensor>> {
    return this.asks ? this.#inTurn(() => this.#dispatchAsking(inputs, heap)) : this.dispatch(inputs, heap);
  }

  async #dispatchAsking(inputs: DeviceTensors, heap: DeviceHeap): Promise<Record<string, DeviceTensor>> {
    const residence = this.#take(inputs, heap);
    try {
      await this.#stepping(async () => {
        const rest = await this.#runAsking(residence.ports);
        await validated(this.device.gpu, 'commands', () => rest());
      });
    } catch (error) {
      for (const tensor of residence.made) if (heap.holds(tensor)) heap.free(tensor);
      throw error;
    }
    return settled(residence, heap);
  }

  /** Whether a while of the program asks whether it goes on, so that a run takes more than one submit. */
  get asks(): boolean {
    return this.plan.loops?.some(({ going }) => going !== undefined) === true;
  }

  #take(inputs: DeviceTensors, heap: DeviceHeap): Residence {
    this.#checkUsable();
    ensure(this.plan.ports !== undefined, 'USAGE', 'the program was planned without residents');
    ensure(heap instanceof DeviceHeap, 'USAGE', 'the value is not a heap', {
      expected: 'new DeviceHeap(device)',
    });
    ensure(heap.device.gpu === this.device.gpu, 'DEVICE_MISMATCH', 'the heap is of another device');
    ensure(!this.#isStepping, 'USAGE', 'the program is being verified, or a while of it runs');
    return takeResidence(this.plan, inputs, heap);
  }

  /**
   * Runs command by command; `after` sees the arena through `read` when a command has run for the last time, before the next
   * one may overwrite what it wrote. For verification: slow.
   */
  runStepwise(inputs: Tensors, after: AfterCommand): Promise<void> {
    return this.#enqueue(inputs, async (given) => {
      if (this.plan.ports !== undefined)
        return this.#onHeap(given, async (held, heap, lend) => {
          const { ports, outputs } = takeResidence(this.plan, held, heap);
          lend(outputs);
          await this.#stepping(() => this.#runAsking(ports, after));
        });
      this.#writeInputs(given);
      await this.#runAsking([], after);
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
    const copies = this.#queue && given.map(copyTensor);
    return this.#inTurn(() => body(copies ?? given));
  }

  /** Calls `body` when what was asked for before is over. */
  #inTurn<T>(body: () => Promise<T>): Promise<T> {
    const queue = this.#queue;
    const run = (): Promise<T> => this.#guard(body);
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

  #submitter(ports: PortBuffers): Submit {
    return submitter(this.device.gpu, this.plan.name, this.#memory, this.#commands, ports);
  }

  #submitAll(ports: PortBuffers, finish?: Finish): void {
    this.#submitter(ports)(stepsOf(this.plan), finish);
  }

  /**
   * Runs all steps; what comes before a question of a while is submitted, then its flag is read. Gives what submits the steps after
   * the last question. With `after` each step is submitted alone, see {@link runStepwise}.
   */
  async #runAsking(ports: PortBuffers, after?: AfterCommand): Promise<(finish?: Finish) => void> {
    const submitSteps = this.#submitter(ports);
    const steps: Move[] = [];
    const submit = (finish?: Finish): void => submitSteps(steps.splice(0), finish);
    const read = async (region: Region): Promise<Uint32Array> => {
      const [words] = await this.#readback.read([this.#memory.binding(region, ports)], submit);
      return words;
    };
    const moves = stepsOf(this.plan, aheadIn(this.plan));
    let goes: boolean | undefined;
    for (let move = moves.next(); move.done !== true; move = moves.next(goes)) {
      const { value } = move;
      if ('flag' in value) goes = (await read(value.flag))[0] !== 0;
      else if ('first' in value)
        for (let at = value.first; after && at < value.end; at++) await after(at, read);
      else {
        steps.push(value);
        if (after === undefined) continue;
        await validated(this.device.gpu, this.plan.commands[value.command].label, submit);
        if (value.isLast) await after(value.command, read);
      }
    }
    return submit;
  }

  /** Runs `body`, until whose end nothing else is dispatched. */
  async #stepping<T>(body: () => Promise<T>): Promise<T> {
    this.#isStepping = true;
    try {
      return await body();
    } finally {
      this.#isStepping = false;
    }
  }

  /** Submits everything; `heap` learns what the device says of it, where that is not known from an earlier time. */
  #submitPorts(ports: PortBuffers, heap: DeviceHeap, finish: Finish): void {
    const isNew = ({ bindings }: BoundCommand): boolean => bindings.find(ports) === undefined;
    if (this.#validated && !this.#commands.some((variants) => variants.some(isNew)))
      return this.#submitAll(ports, finish);
    const { refusal } = observed(this.device.gpu, 'commands', () => this.#submitAll(ports, finish));
    heap.watch(refusal);
    void refusal.then((error) => (this.#validated ||= error === undefined));
  }

  /** Uploads the inputs, and frees them and what `body` lends when that is settled. */
  async #onHeap<T>(
    given: readonly TensorData[],
    body: (held: DeviceTensors, heap: DeviceHeap, lend: (made: DeviceTensors) => void) => Promise<T>,
  ): Promise<T> {
    const heap = this.#heap;
    const lent: DeviceTensor[] = [];
    try {
      const held = this.plan.inputs.map(({ name }, i) => {
        const tensor = heap.upload(given[i]);
        lent.push(tensor);
        return [name, tensor] as const;
      });
      return await body(Object.fromEntries(held), heap, (made) =>
        Object.values(made).forEach((tensor) => lent.push(tensor)),
      );
    } finally {
      for (const tensor of lent) if (heap.holds(tensor)) heap.free(tensor);
    }
  }

  #runNow(given: readonly TensorData[]): Promise<Record<string, TensorData>> {
    if (this.plan.ports === undefined) return this.#runInArena(given);
    return this.#onHeap(given, async (held, heap, lend) => {
      const outputs = this.asks ? await this.#dispatchAsking(held, heap) : this.dispatch(held, heap);
      lend(outputs);
      const tensors = await heap.read(Object.values(outputs));
      return Object.fromEntries(Object.keys(outputs).map((name, i) => [name, tensors[i]]));
    });
  }

  async #runInArena(given: readonly TensorData[]): Promise<Record<string, TensorData>> {
    const { outputs } = this.plan;
    const ranges = outputs.map(({ region, shape }) => wordsIn(this.#memory.binding(region), shape));
    this.#writeInputs(given);
    const run = this.asks ? await this.#runAsking([]) : (copies: Finish) => this.#submitAll([], copies);
    // Without questions all runs record the same commands, so what the device accepts once it accepts always.
    const words = await this.#readback.read(ranges, run, this.#validated && !this.asks);
    this.#validated = true;
    return Object.fromEntries(outputs.map((port, i) => [port.name, tensorOf(port, words[i])]));
  }
}

/** The outputs of a dispatch that was submitted. */
function settled({ outputs, spent }: Residence, heap: DeviceHeap): Record<string, DeviceTensor> {
  for (const { buffer } of Object.values(outputs)) heap.wrote(buffer);
  for (const tensor of spent) heap.free(tensor);
  return { ...outputs };
}
