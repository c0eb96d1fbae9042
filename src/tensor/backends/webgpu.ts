/**
 * A WebGPU device as a backend. Programs compile in the background; runs wait for that in the order of the calls, and
 * once nothing has to be waited for they are submitted at once.
 */
import { buildPreludes } from '../../codegen/wgsl/prelude.js';
import { targetFor, prepare } from '../../compile.js';
import { HeddleError } from '../../base/errors.js';
import type { TensorData } from '../../base/tensor.js';
import { nodeKey } from '../../ir/key.js';
import type { Graph, Program } from '../../ir/graph.js';
import { weightsOf } from '../../ir/weights.js';
import { checkDevice } from '../../runtime/check-device.js';
import { func } from '../../base/kinds.js';
import { checkedOptions, type OptionTable } from '../../base/options.js';
import type { Device } from '../../runtime/device.js';
import { Executable } from '../../runtime/executable.js';
import { DeviceHeap, type DeviceTensor } from '../../runtime/heap.js';
import type { Progress } from '../../runtime/pipelines.js';
import type { Donation } from '../../passes/memory/residents.js';
import type { Backend, Computation, Storage } from './backend.js';
import { Cache } from './cache.js';
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
  private readonly forgotten = new FinalizationRegistry<DeviceStorage>((storage) => storage.free());
  /** What waits for pipelines: everything after it waits as well. */
  private tail: Promise<void> | undefined;

  constructor(
    readonly device: Device,
    private readonly options: WebGpuOptions = {},
  ) {
    checkDevice(device);
    this.name = `webgpu:${device.name}`;
    this.heap = new DeviceHeap(device);
  }

  /**
   * Bytes of device memory that are held now: `backend.memory.bytes` in all, with compiled programs and buffers that wait
   * for reuse, `backend.memory.tensorBytes` by tensors.
   */
  get memory(): Backend['memory'] {
    let bytes = this.heap.bytes;
    for (const computation of this.computations) bytes += computation.bytes;
    return { bytes, tensorBytes: this.heap.liveBytes };
  }

  upload(data: TensorData): Storage {
    const storage = this.storage();
    storage.fill(this.heap.upload(data));
    return storage;
  }

  async read(storages: readonly Storage[]): Promise<readonly TensorData[]> {
    const own = storages.map((storage) => this.own(storage));
    if (own.some(({ isPending }) => isPending)) await this.tail;
    return this.heap.read(own.map((storage) => storage.take()));
  }

  compile(program: Program, donations: readonly Donation[]): WebGpuComputation {
    const target = targetFor(this.device);
    const { planned, program: optimized } = prepare(program, { target, residents: true, donate: donations });
    const created = Executable.create(planned.plan, buildPreludes(), weightsOf(optimized), this.device, {
      ...(this.options.onProgress === undefined ? {} : { onProgress: this.options.onProgress }),
    });
    const computation = new WebGpuComputation(
      this,
      created,
      planned.plan.outputs.map(({ name }) => name),
      new Set(donations.map(({ input }) => input)),
    );
    this.computations.add(computation);
    return computation;
  }

  computationOf(graph: Graph): Computation {
    const text = `${graph.nodes.map(nodeKey).join('\n')}\n${graph.outputs.map(({ name, value }) => `${name}=${value}`).join()}`;
    const compile = (): WebGpuComputation => this.compile({ graph, weights: new Map() }, []);
    const known = this.eager.get(text, () => ({ computation: compile() }));
    // What the device refused once, for want of memory say, it may accept now.
    if (known.computation.hasFailed) known.computation = compile();
    return known.computation;
  }

  /** Frees all memory. Tensors on this backend cannot be read any more. */
  dispose(): void {
    for (const computation of this.computations) computation.dispose();
    this.heap.dispose();
  }

  /** Runs `job` when all that was asked for before has been submitted; at once where nothing waits. */
  enqueue(ready: Promise<unknown> | undefined, job: () => void): void {
    if (this.tail === undefined && ready === undefined) return job();
    const before = this.tail ?? Promise.resolve();
    // A job reports its failures where its results are read; the next one goes on.
    const next = before
      .then(async () => {
        await ready?.catch(() => undefined);
        job();
      })
      .catch(() => undefined);
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

  /** The memory of `storage`, whose content is ordered by the queue. */
  dispatch(
    executable: Executable,
    inputs: Readonly<Record<string, DeviceTensor>>,
  ): Record<string, DeviceTensor> {
    return executable.dispatch(inputs, this.heap);
  }

  release(tensor: DeviceTensor): void {
    this.heap.free(tensor);
  }

  forget(computation: WebGpuComputation): void {
    this.computations.delete(computation);
  }
}

/** The program of an eager graph; another one where the first could not be compiled. */
interface Eager {
  computation: WebGpuComputation;
}

/**
 * `device` as a place for tensors: `x.to(webgpu(device))`. Tensors of two backends do not meet, so make one for each device
 * and keep it. Throws USAGE where `device` is no open device.
 */
export function webgpu(device: Device, options?: WebGpuOptions): WebGpuBackend {
  return named('webgpu', () => new WebGpuBackend(device, checkedOptions(options, OPTIONS)));
}

/** A tensor on the device, or the promise of one. */
class DeviceStorage implements Storage {
  readonly isHost = false;
  private tensor: DeviceTensor | undefined;
  private failure: unknown;
  private state: 'pending' | 'filled' | 'failed' | 'freed' = 'pending';

  constructor(
    readonly backend: WebGpuBackend,
    private readonly forgotten: FinalizationRegistry<DeviceStorage>,
  ) {}

  get isPending(): boolean {
    return this.state === 'pending';
  }

  adopt(owner: object): void {
    this.forgotten.register(owner, this, this);
  }

  disown(): void {
    this.forgotten.unregister(this);
  }

  fill(tensor: DeviceTensor): void {
    if (this.state === 'freed') this.backend.release(tensor);
    else [this.tensor, this.state] = [tensor, 'filled'];
  }

  fail(error: unknown): void {
    if (this.state !== 'freed') [this.failure, this.state] = [error, 'failed'];
  }

  /** The tensor, when its turn in the queue has come. Throws what made its run fail. */
  take(): DeviceTensor {
    if (this.tensor !== undefined && this.state === 'filled') return this.tensor;
    if (this.state === 'failed') throw this.failure;
    throw new HeddleError('TENSOR_DISPOSED', 'the data of this tensor is gone');
  }

  /** The tensor is a computation's now, and not this storage's to free. */
  surrender(): void {
    this.state = 'freed';
    this.tensor = undefined;
  }

  /** In the order of the queue: runs that were asked for before still find the data. */
  free(): void {
    this.backend.enqueue(undefined, () => {
      if (this.state === 'filled' && this.tensor !== undefined) this.backend.release(this.tensor);
      this.tensor = undefined;
      this.state = 'freed';
    });
  }
}

class WebGpuComputation implements Computation {
  readonly ready: Promise<void>;
  private executable: Executable | undefined;
  private failure: { readonly error: unknown } | undefined;
  private disposed = false;

  constructor(
    private readonly backend: WebGpuBackend,
    created: Promise<Executable>,
    private readonly outputs: readonly string[],
    private readonly donated: ReadonlySet<string>,
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

  get bytes(): number {
    const plan = this.executable?.plan;
    return plan === undefined ? 0 : plan.arenaBytes + plan.weightBytes;
  }

  run(inputs: Readonly<Record<string, Storage>>): Readonly<Record<string, Storage>> {
    const given = Object.entries(inputs).map(([name, storage]) => [name, this.backend.own(storage)] as const);
    const results = Object.fromEntries(this.outputs.map((name) => [name, this.backend.storage()]));
    this.backend.enqueue(this.settled ? undefined : this.ready, () => {
      try {
        const tensors = this.runNow(given);
        for (const [name, storage] of Object.entries(results)) storage.fill(tensors[name]);
      } catch (error) {
        for (const storage of Object.values(results)) storage.fail(error);
        for (const [name, storage] of given) if (this.donated.has(name)) storage.free();
      }
    });
    return results;
  }

  private runNow(given: readonly (readonly [string, DeviceStorage])[]): Record<string, DeviceTensor> {
    if (this.failure !== undefined) throw this.failure.error;
    if (this.executable === undefined) throw new HeddleError('USAGE', 'the computation was disposed');
    const tensors = Object.fromEntries(given.map(([name, storage]) => [name, storage.take()]));
    const outputs = this.backend.dispatch(this.executable, tensors);
    for (const [name, storage] of given) if (this.donated.has(name)) storage.surrender();
    return outputs;
  }

  dispose(): void {
    if (this.disposed) return;
    this.disposed = true;
    this.backend.forget(this);
    // Runs that were asked for before still wait for it.
    this.backend.enqueue(this.settled ? undefined : this.ready, () => {
      this.executable?.dispose();
      this.executable = undefined;
    });
  }
}
