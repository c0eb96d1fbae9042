/**
 * Runs a plan on a device. Buffers, bind groups and pipelines are made once; a run writes the inputs, records one
 * encoder, submits it once and reads the outputs back.
 */
import { checkInputs } from '../base/check-tensors.js';
import { HeddleError } from '../base/errors.js';
import type { TensorData } from '../base/tensor.js';
import type { Plan, PlanCommand, PlanPort, Region } from '../codegen/plan.js';
import type { Preludes } from '../codegen/wgsl/prelude.js';
import { Buffers } from './buffers.js';
import { preludeFor, type Device } from './device.js';
import { deviceLost, ensureAlive, lossBehind, validated } from './failures.js';
import type { Tensors } from './inputs.js';
import { DeviceMemory } from './memory.js';
import { createPipelines, type Progress } from './pipelines.js';
import { fromWords, toWords } from './words.js';

/**
 * Scalar operations in one submit: a device that manages 10^11 a second stays well below the two seconds after which
 * operating systems reset it.
 */
const OPERATIONS_PER_SUBMIT = 1e11;

export interface ExecutableOptions {
  /** Called as pipelines become ready. */
  readonly onProgress?: Progress;
}

export interface RunStats {
  readonly kernels: number;
  readonly submits: number;
}

interface BoundCommand {
  readonly command: PlanCommand;
  readonly pipeline: GPUComputePipeline;
  readonly bindings: GPUBindGroup;
}

/** The buffer that all outputs are copied to, and where in it each of them goes. */
interface Readback {
  readonly buffer: GPUBuffer;
  readonly offsets: ReadonlyMap<string, number>;
}

/** A plan on a device, ready to run. */
export class Executable {
  private queue: Promise<unknown> = Promise.resolve();
  private lost: HeddleError | undefined;
  private disposed = false;
  private validated = false;
  /** Rejects the run that is under way. */
  private interrupt: ((error: HeddleError) => void) | undefined;

  private constructor(
    readonly plan: Plan,
    private readonly preludes: Preludes,
    private readonly weights: (id: string) => TensorData,
    readonly device: Device,
    private readonly buffers: Buffers,
    private readonly memory: DeviceMemory,
    private readonly commands: readonly BoundCommand[],
    private readonly readback: Readback,
  ) {
    void device.gpu.lost.then((info) => {
      this.lost = deviceLost(info);
      this.interrupt?.(this.lost);
    });
  }

  /**
   * Uploads the weights and compiles the pipelines. `weights` gives a weight by its id. Throws DEVICE_LIMIT where the
   * plan does not fit the device, WEIGHT_MISSING or WEIGHT_INVALID where a weight is not the one of the plan, and
   * DEVICE_VALIDATION where the driver refuses a kernel.
   */
  static async create(
    plan: Plan,
    preludes: Preludes,
    weights: (id: string) => TensorData,
    device: Device,
    options: ExecutableOptions = {},
  ): Promise<Executable> {
    const { gpu } = device;
    const buffers = new Buffers(gpu);
    try {
      const memory = await validated(gpu, 'memory', () => DeviceMemory.create(plan, weights, buffers));
      const prelude = preludeFor(preludes, device.profile);
      const { pipelines, layouts } = await createPipelines(plan, prelude, gpu, options.onProgress);
      const bind = (command: PlanCommand): BoundCommand => ({
        command,
        pipeline: pipelines[command.pipeline],
        bindings: gpu.createBindGroup({
          label: command.label,
          layout: layouts[command.pipeline],
          entries: memory.bindings(command).map((resource, binding) => ({ binding, resource })),
        }),
      });
      const commands = await validated(gpu, 'bind groups', () => plan.commands.map(bind));
      const readback = await validated(gpu, 'memory for outputs', () => createReadback(plan, buffers));
      await ensureAlive(gpu);
      return new Executable(plan, preludes, weights, device, buffers, memory, commands, readback);
    } catch (error) {
      buffers.destroy();
      throw (await lossBehind(gpu)) ?? error;
    }
  }

  /** The same program on another device, such as a new one after this one was lost. Throws as {@link create}. */
  rebuild(device: Device, options: ExecutableOptions = {}): Promise<Executable> {
    return Executable.create(this.plan, this.preludes, this.weights, device, options);
  }

  /** What every run costs. */
  get stats(): RunStats {
    return { kernels: this.commands.length, submits: this.batches().length };
  }

  /**
   * Runs the program. Inputs by name, with the dtypes and shapes of `plan.inputs`, unchanged until the run is over; the
   * result has every output by name. Runs queue up; each sees only its own inputs. Rejects with INPUT_* for inputs that do
   * not fit, with DEVICE_LOST where the device goes away meanwhile.
   */
  run(inputs: Tensors): Promise<Record<string, TensorData>> {
    return this.enqueue(inputs, () => this.runNow(inputs));
  }

  /**
   * Runs command by command; `after` sees the arena through `read` when a command has finished, before the next one may
   * overwrite it. For verification: slow.
   */
  runStepwise(
    inputs: Tensors,
    after: (command: number, read: (region: Region) => Promise<Uint32Array>) => Promise<void>,
  ): Promise<void> {
    return this.enqueue(inputs, async () => {
      this.writeInputs(inputs);
      for (let i = 0; i < this.commands.length; i++) {
        await validated(this.device.gpu, this.commands[i].command.label, () =>
          this.submit([this.commands[i]]),
        );
        await after(i, (region) => this.memory.read(region));
      }
    });
  }

  /** Frees all device memory. Runs after this fail. */
  dispose(): void {
    if (this.disposed) return;
    this.disposed = true;
    this.buffers.destroy();
  }

  private async enqueue<T>(inputs: Tensors, body: () => Promise<T>): Promise<T> {
    checkInputs(this.plan.inputs, inputs);
    const result = this.queue.then(() => this.guard(body));
    this.queue = result.catch(() => undefined);
    return result;
  }

  /** Runs `body` unless, and until, the device is lost. */
  private async guard<T>(body: () => Promise<T>): Promise<T> {
    this.checkUsable();
    if (this.lost !== undefined) throw this.lost;
    try {
      return await new Promise<T>((resolve, reject) => {
        this.interrupt = reject;
        body().then(resolve, reject);
      });
    } catch (error) {
      this.checkUsable();
      throw (await lossBehind(this.device.gpu)) ?? error;
    } finally {
      this.interrupt = undefined;
    }
  }

  private checkUsable(): void {
    if (this.disposed) throw new HeddleError('USAGE', 'the executable was disposed');
  }

  private writeInputs(inputs: Tensors): void {
    for (const { name, region } of this.plan.inputs) this.memory.write(region, toWords(inputs[name]));
  }

  /** The commands in the portions in which they are submitted. */
  private batches(): BoundCommand[][] {
    const batches: BoundCommand[][] = [[]];
    let spent = 0;
    for (const bound of this.commands) {
      if (spent > 0 && spent + bound.command.cost > OPERATIONS_PER_SUBMIT) {
        batches.push([]);
        spent = 0;
      }
      batches[batches.length - 1].push(bound);
      spent += bound.command.cost;
    }
    return batches;
  }

  private submit(commands: readonly BoundCommand[], finish?: (encoder: GPUCommandEncoder) => void): void {
    const encoder = this.device.gpu.createCommandEncoder({ label: this.plan.name });
    if (commands.length > 0) {
      const pass = encoder.beginComputePass();
      for (const { command, pipeline, bindings } of commands) {
        pass.setPipeline(pipeline);
        pass.setBindGroup(0, bindings);
        pass.dispatchWorkgroups(...command.workgroups);
      }
      pass.end();
    }
    finish?.(encoder);
    this.device.gpu.queue.submit([encoder.finish()]);
  }

  private async runNow(inputs: Tensors): Promise<Record<string, TensorData>> {
    const submitAll = (): void => {
      this.writeInputs(inputs);
      const batches = this.batches();
      batches.forEach((batch, i) =>
        this.submit(batch, i === batches.length - 1 ? (encoder) => this.copyOutputs(encoder) : undefined),
      );
    };
    // All runs record the same commands, so what the device accepts once it accepts always.
    if (this.validated) submitAll();
    else await validated(this.device.gpu, 'commands', submitAll);
    this.validated = true;
    this.checkUsable();
    await this.readback.buffer.mapAsync(GPU_MAP_MODE_READ);
    try {
      const bytes = this.readback.buffer.getMappedRange();
      return Object.fromEntries(this.plan.outputs.map((port) => [port.name, this.output(port, bytes)]));
    } finally {
      this.readback.buffer.unmap();
    }
  }

  private copyOutputs(encoder: GPUCommandEncoder): void {
    for (const { name, region } of this.plan.outputs) {
      const source = this.memory.binding(region);
      const offset = this.readback.offsets.get(name) ?? 0;
      encoder.copyBufferToBuffer(source.buffer, source.offset, this.readback.buffer, offset, region.size);
    }
  }

  private output({ name, dtype, shape }: PlanPort, bytes: ArrayBuffer): TensorData {
    const start = this.readback.offsets.get(name) ?? 0;
    const count = shape.reduce((n, extent) => n * extent, 1);
    const words = new Uint32Array(bytes.slice(start, start + count * 4));
    return { dtype, shape, data: fromWords(dtype, words) };
  }
}

function createReadback(plan: Plan, buffers: Buffers): Readback {
  const offsets = new Map<string, number>();
  let bytes = 0;
  for (const { name, region } of plan.outputs) {
    offsets.set(name, bytes);
    bytes += region.size;
  }
  const [size, usage] = [Math.max(4, bytes), GPU_MAP_READ | GPU_COPY_DST];
  return { buffer: buffers.create({ label: 'outputs', size, usage }), offsets };
}

// The numbers behind GPUBufferUsage and GPUMapMode: those globals do not exist in every host.
const GPU_MAP_READ = 0x1;
const GPU_COPY_DST = 0x8;
const GPU_MAP_MODE_READ = 0x1;
