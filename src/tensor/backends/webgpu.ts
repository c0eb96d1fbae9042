/**
 * A WebGPU device as a backend. Programs compile in the background; runs wait for that in the order of the calls, and
 * once nothing has to be waited for they are submitted at once.
 */
import { preludeTexts } from '../../codegen/wgsl/prelude.js';
import type { Sharing } from '../../codegen/plan.js';
import { targetFor } from '../../compile.js';
import { MAX_REMEMBERED_BYTES, RememberedPlans, type WeighedPlan } from '../../dynamic/remembered.js';
import { shareOn, type SharedPart } from '../../dynamic/share.js';
import { kernelSharing, prepareChecked, type Planning } from '../../prepare.js';
import { HeddleError } from '../../base/errors.js';
import { DEVICE_ELEMENT_BYTES } from '../../base/dtype.js';
import type { TensorData } from '../../base/tensor.js';
import { nodeKey } from '../../ir/key.js';
import { paramsOf, type Graph, type Program } from '../../ir/graph.js';
import { MAX_SIZES } from '../../ir/sizes-within.js';
import { weightsOf } from '../../ir/weights.js';
import { checkDevice } from '../../runtime/check-device.js';
import { func } from '../../base/kinds.js';
import { checkedOptions, type OptionTable } from '../../base/options.js';
import type { Device } from '../../runtime/device.js';
import { Executable } from '../../runtime/executable.js';
import { DeviceHeap, type DeviceTensor } from '../../runtime/heap.js';
import type { Progress } from '../../runtime/pipelines.js';
import type { Donation } from '../../passes/memory/donations.js';
import type { Backend, Computation, Filling, ProgramFamily, RunAndRead, Storage } from './backend.js';
import { Cache } from '../../base/cache.js';
import { DeviceStorage } from './device-storage.js';
import { OutputCopies } from './output-copies.js';
import { named } from '../tensors/core.js';

/** Compiled eager graphs that are kept. */
const EAGER_PROGRAMS = 256;

export interface WebGpuOptions {
  /** Called as pipelines become ready, for whatever is compiled. */
  readonly onProgress?: Progress;
}

const OPTIONS: OptionTable<WebGpuOptions> = { onProgress: func };

/** Tensors in the memory of a device. Made by {@link webgpu}. */
export class WebGpuBackend implements Backend {
  readonly name: string;
  private readonly heap: DeviceHeap;
  private readonly eager = new Cache<string, Eager>(EAGER_PROGRAMS, (old) => old.computation.dispose());
  private readonly computations = new Set<WebGpuComputation>();
  private readonly forgotten = new FinalizationRegistry<DeviceStorage>((storage) => storage.release());
  private readonly copies: OutputCopies;
  /** What waits for pipelines: everything after it waits as well. */
  private tail: Promise<void> | undefined;

  constructor(
    readonly device: Device,
    private readonly options: WebGpuOptions = {},
  ) {
    checkDevice(device);
    this.name = `webgpu:${device.name}`;
    this.heap = new DeviceHeap(device);
    this.copies = new OutputCopies(device);
  }

  /**
   * Bytes of device memory that are held now: `backend.memory.bytes` in all, with compiled programs and buffers that wait
   * for reuse, `backend.memory.tensorBytes` by tensors.
   */
  get memory(): Backend['memory'] {
    const held = new Set([...this.computations].map(({ memory }) => memory));
    const bytes = [...held].reduce((sum, memory) => sum + memory.bytes, this.heap.bytes + this.copies.bytes);
    return { bytes, tensorBytes: this.heap.liveBytes };
  }

  upload(data: TensorData): Storage {
    const storage = this.storage();
    storage.fill(this.heap.upload(data));
    return storage;
  }

  allocate({ dtype, shape }: Pick<TensorData, 'dtype' | 'shape'>): Filling {
    const storage = this.storage();
    const tensor = this.heap.allocate(dtype, shape);
    storage.fill(tensor);
    return {
      storage,
      fill: (start, length, write) => {
        const words = new Uint32Array(length);
        write(words);
        this.device.gpu.queue.writeBuffer(tensor.buffer, start * DEVICE_ELEMENT_BYTES, words);
      },
    };
  }

  async read(storages: readonly Storage[]): Promise<readonly TensorData[]> {
    const own = storages.map((storage) => this.own(storage));
    if (own.some(({ isPending }) => isPending)) await this.tail;
    return this.heap.read(own.map((storage) => storage.take()));
  }

  compile(program: Program, donations: readonly Donation[]): WebGpuComputation {
    return this.computation(program.graph, donations, this.planned(program, donations));
  }

  family(): ProgramFamily {
    const share = shareOn(this.device);
    const sharing = kernelSharing(targetFor(this.device));
    const plans = new RememberedPlans(MAX_SIZES, MAX_REMEMBERED_BYTES);
    return {
      compile: (program, donations, samples) => {
        const key = JSON.stringify([textOf(program.graph), donations]);
        const make = (): WeighedPlan => this.planned(program, donations, (planning) => sharing?.(planning, samples)); // prettier-ignore
        const { keeper, ...known } = plans.find(key) ?? plans.keep(key, make());
        return this.computation(program.graph, donations, known, share(keeper));
      },
      dispose: () => plans.clear(),
    };
  }

  private planned(
    program: Program,
    donations: readonly Donation[],
    kernels: (planning: Planning) => Sharing | undefined = () => undefined,
  ): WeighedPlan {
    const planning = { target: targetFor(this.device), ports: { donate: donations } };
    const { planned, program: optimized } = prepareChecked(program, planning, kernels(planning));
    const weights = weightsOf(optimized);
    return { plan: planned.plan, weights: planned.plan.weights.map(({ id }) => weights(id)) };
  }

  /** `part`: what it shares with the others of its family. */
  private computation(
    graph: Graph,
    donations: readonly Donation[],
    { plan, weights }: WeighedPlan,
    part?: SharedPart,
  ): WebGpuComputation {
    const inputs = paramsOf(graph).map(({ node }) => node.attrs.name);
    const outputs = graph.outputs.map(({ name }) => name);
    const tensors = new Map(plan.weights.map(({ id }, i) => [id, weights[i]]));
    const created = Executable.create(plan, preludeTexts(), weightsOf({ weights: tensors }), this.device, {
      ...(this.options.onProgress === undefined ? {} : { onProgress: this.options.onProgress }),
      ...(part?.gpu === undefined ? {} : { shared: part.gpu }),
    });
    const donated = new Set(donations.map(({ input }) => input));
    const computation = new WebGpuComputation(this, created, { inputs, outputs, donated }, part);
    this.computations.add(computation);
    return computation;
  }

  computationOf(graph: Graph): Computation {
    const compile = (): WebGpuComputation => this.compile({ graph, weights: new Map() }, []);
    const known = this.eager.get(textOf(graph), () => ({ computation: compile() }));
    // What the device refused once, for want of memory say, it may accept now.
    if (known.computation.hasFailed) {
      known.computation.dispose();
      known.computation = compile();
    }
    return known.computation;
  }

  /** Frees all memory. Tensors on this backend cannot be read any more. */
  dispose(): void {
    for (const computation of this.computations) computation.dispose();
    this.copies.dispose();
    this.heap.dispose();
  }

  /**
   * Runs `job` when all that was asked for before has been submitted; at once where nothing waits. What follows waits for what it
   * returns.
   */
  enqueue(ready: Promise<unknown> | undefined, job: () => Promise<void> | undefined): void {
    let next: Promise<unknown> | undefined;
    if (this.tail === undefined && ready === undefined) next = job();
    else {
      const before = this.tail ?? Promise.resolve();
      next = before.then(async () => {
        await ready?.catch(() => undefined);
        await job();
      });
    }
    if (next === undefined) return;
    // A job reports its failures where its results are read; the next one goes on.
    this.wait(next.then(() => undefined, () => undefined)); // prettier-ignore
  }

  private wait(next: Promise<void>): void {
    this.tail = next;
    void next.then(() => {
      if (this.tail === next) this.tail = undefined;
    });
  }

  storage(): DeviceStorage {
    return new DeviceStorage(this, this.forgotten);
  }

  own(storage: Storage): DeviceStorage {
    if (storage instanceof DeviceStorage && storage.backend === this) return storage;
    throw new HeddleError('DEVICE_MISMATCH', 'the data does not lie on this device', { expected: this.name });
  }

  /** What a run gives; the promise of it where whiles ask whether they go on. */
  dispatch(
    executable: Executable,
    inputs: Readonly<Record<string, DeviceTensor>>,
  ): Record<string, DeviceTensor> | Promise<Record<string, DeviceTensor>> {
    return executable.asks
      ? executable.dispatchAsync(inputs, this.heap)
      : executable.dispatch(inputs, this.heap);
  }

  /** The same, and what outputs with these names hold. Only for programs that do not ask. */
  dispatchAndRead(
    executable: Executable,
    inputs: Readonly<Record<string, DeviceTensor>>,
    names: readonly string[],
  ): { readonly made: Record<string, DeviceTensor>; readonly data: Promise<readonly TensorData[]> } {
    // prettier-ignore
    let read: ReturnType<OutputCopies['record']> | undefined;
    const made = executable.dispatch(inputs, this.heap, (encoder, outputs) => {
      read = this.copies.record(encoder, names.map((name) => outputs[name])); // prettier-ignore
    });
    return { made, data: read!(this.heap) };
  }

  free(tensor: DeviceTensor): void {
    this.heap.free(tensor);
  }

  forget(computation: WebGpuComputation): void {
    this.computations.delete(computation);
  }
}

/** What graphs without weights are told apart by. */
const textOf = ({ nodes, outputs }: Graph): string =>
  `${nodes.map(nodeKey).join('\n')}\n${outputs.map(({ name, value }) => `${name}=${value}`).join()}`;

/** The program of an eager graph; another one where the first could not be compiled. */
interface Eager {
  computation: WebGpuComputation;
}

/**
 * `device` as a place for tensors: `x.to(webgpu(device))`. Tensors of two backends do not meet, so make one for each device
 * and keep it. Throws USAGE where `device` is not an open device.
 */
export function webgpu(device: Device, options?: WebGpuOptions): WebGpuBackend {
  return named('webgpu', () => new WebGpuBackend(device, checkedOptions(options, OPTIONS)));
}

/** The names of a plan's inputs and outputs, in order, and which inputs are donated, by number. */
interface PortNames {
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly donated: ReadonlySet<number>;
}

/** Tensors of a heap by the names of ports. */
type Tensors = Readonly<Record<string, DeviceTensor>>;

class WebGpuComputation implements Computation {
  readonly ready: Promise<void>;
  private executable: Executable | undefined;
  private failure: { readonly error: unknown } | undefined;
  private disposed = false;

  constructor(
    private readonly backend: WebGpuBackend,
    created: Promise<Executable>,
    private readonly ports: PortNames,
    private readonly part?: SharedPart,
  ) {
    this.ready = created.then(
      (executable) => {
        this.executable = executable;
      },
      (error: unknown) => {
        this.failure = { error };
        throw error;
      },
    );
    // Whoever reads a result learns of it.
    this.ready.catch(() => undefined);
  }

  get hasFailed(): boolean {
    return this.failure !== undefined;
  }

  private get settled(): boolean {
    return this.executable !== undefined || this.failure !== undefined;
  }

  /** What it works with: its own, or one object for a family. */
  get memory(): { readonly bytes: number } {
    return this.part?.memory ?? this;
  }

  get bytes(): number {
    const plan = this.executable?.plan;
    return plan === undefined ? 0 : plan.arenaBytes + plan.weightBytes;
  }

  run(inputs: readonly Storage[]): readonly Storage[] {
    return this.start(inputs, (executable, tensors) => this.backend.dispatch(executable, tensors));
  }

  runAndRead(inputs: readonly Storage[], places: readonly number[]): RunAndRead {
    let resolve: (data: Promise<readonly TensorData[]>) => void;
    const data = new Promise<readonly TensorData[]>((settle) => (resolve = settle));
    // Who takes the results alone is told by them.
    data.catch(() => undefined);
    const names = places.map((place) => this.ports.outputs[place]);
    let isRead = false;
    const results = this.start(inputs, (executable, tensors) => {
      if (executable.asks) return this.backend.dispatch(executable, tensors);
      const { made, data: own } = this.backend.dispatchAndRead(executable, tensors, names);
      isRead = true;
      resolve(own);
      return made;
    }, (made) => {
      // A run that failed, or one in several submits, is read as any other.
      if (!isRead) resolve(this.backend.read(places.map((place) => made[place])));
    }); // prettier-ignore
    return { results, data };
  }

  /** `end` is called when the results are filled, or the run has failed. */
  private start(
    inputs: readonly Storage[],
    dispatch: (executable: Executable, tensors: Tensors) => ReturnType<WebGpuBackend['dispatch']>,
    end?: (results: readonly Storage[]) => void,
  ): readonly Storage[] {
    const given = inputs.map((storage) => this.backend.own(storage));
    const results = this.ports.outputs.map(() => this.backend.storage());
    const { outputs, donated } = this.ports;
    const succeed = (made: Record<string, DeviceTensor>): void => {
      for (const i of donated) given[i].spend();
      results.forEach((storage, i) => storage.fill(made[outputs[i]]));
      end?.(results);
    };
    const fail = (error: unknown): void => {
      for (const storage of results) storage.fail(error);
      for (const i of donated) given[i].release();
      end?.(results);
    };
    this.backend.enqueue(this.settled ? undefined : this.ready, () => {
      try {
        const made = this.runNow(given, dispatch);
        if (made instanceof Promise) return made.then(succeed).catch(fail);
        succeed(made);
      } catch (error) {
        fail(error);
      }
      return undefined;
    });
    return results;
  }

  private runNow(
    given: readonly DeviceStorage[],
    dispatch: (executable: Executable, tensors: Tensors) => ReturnType<WebGpuBackend['dispatch']>,
  ): ReturnType<WebGpuBackend['dispatch']> {
    if (this.failure !== undefined) throw this.failure.error;
    if (this.executable === undefined) throw new HeddleError('USAGE', 'the computation was disposed');
    return dispatch(this.executable, Object.fromEntries(this.ports.inputs.map((name, i) => [name, given[i].take()]))); // prettier-ignore
  }

  dispose(): void {
    if (this.disposed) return;
    this.disposed = true;
    this.backend.forget(this);
    // Runs that were asked for before still wait for it.
    this.backend.enqueue(this.settled ? undefined : this.ready, () => {
      this.executable?.dispose();
      this.executable = undefined;
      this.part?.lease.release();
      return undefined;
    });
  }
}
