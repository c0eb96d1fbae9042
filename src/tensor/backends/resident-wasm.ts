/**
 * The WebAssembly engine as a backend whose tensors lie in its memory, for programs that are run over and over on much the same tensors:
 * a run copies nothing. Whoever holds a storage releases it; no collector does.
 */
import { shareOn, type SharedPart } from '../../dynamic/share.js';
import { HeddleError } from '../../base/errors.js';
import { deviceBytes, elementCount, type TensorData } from '../../base/tensor.js';
import type { Graph, Program } from '../../ir/graph.js';
import { weightsOf } from '../../ir/weights.js';
import type { Donation } from '../../passes/memory/donations.js';
import { WASM_TARGET } from '../../passes/target.js';
import type { Plan } from '../../plan/plan.js';
import { prepareChecked } from '../../prepare.js';
import type { WasmDevice } from '../../runtime/wasm/device.js';
import { WasmExecutable } from '../../runtime/wasm/executable.js';
import { fromWords, toWords } from '../../runtime/words.js';
import type { Backend, Computation, Filling, ProgramFamily, Storage } from './backend.js';

type Type = Pick<TensorData, 'dtype' | 'shape'>;

export class ResidentWasmBackend implements Backend {
  readonly name = 'wasm';
  /** Settled when all that was asked for is done: everything happens in the order of the calls. */
  private queue: Promise<unknown> = Promise.resolve();
  private readonly programs = new Set<ResidentComputation>();
  private tensorBytes = 0;

  constructor(readonly device: WasmDevice) {}

  get memory(): Backend['memory'] {
    const held = new Set(Array.from(this.programs, ({ memory }) => memory));
    const bytes = Array.from(held).reduce((sum, memory) => sum + memory.bytes, this.tensorBytes);
    return { bytes, tensorBytes: this.tensorBytes };
  }

  upload(data: TensorData): Storage {
    const { storage, fill } = this.allocate(data);
    const words = toWords(data);
    fill(0, words.length, (own) => own.set(words));
    return storage;
  }

  allocate(type: Type): Filling {
    const storage = new ResidentStorage(this, type);
    const address = this.reserve(type);
    storage.fill(address);
    return {
      storage,
      fill: (start, length, write) => {
        const first = address / 4 + start;
        write(this.device.memory.words.subarray(first, first + length));
      },
    };
  }

  read(storages: readonly Storage[]): Promise<readonly TensorData[]> {
    return this.enqueue(() => storages.map((storage) => this.copyOf(this.own(storage))));
  }

  compile(program: Program, donations: readonly Donation[]): Computation {
    return this.compileWith(program, donations);
  }

  family(): ProgramFamily {
    const share = shareOn(this.device);
    return {
      compile: (program, donations) => this.compileWith(program, donations, share()),
      // It remembers none.
      dispose: () => undefined,
    };
  }

  private compileWith(program: Program, donations: readonly Donation[], part?: SharedPart): Computation {
    const prepared = prepareChecked(program, { target: WASM_TARGET, ports: { donate: donations } });
    const { plan, module } = prepared.planned;
    const created = WasmExecutable.create(plan, module!.bytes, weightsOf(prepared.program), this.device, part?.wasm); // prettier-ignore
    const computation = new ResidentComputation(this, created, plan, part);
    this.programs.add(computation);
    return computation;
  }

  computationOf(graph: Graph): Computation {
    return this.compile({ graph, weights: new Map() }, []);
  }

  enqueue<T>(body: () => T | Promise<T>): Promise<T> {
    const result = this.queue.then(body);
    this.queue = result.catch(() => undefined);
    return result;
  }

  reserve({ shape }: Type): number {
    const bytes = deviceBytes(shape);
    const address = this.device.memory.allocate(bytes, 'a tensor');
    this.tensorBytes += bytes;
    return address;
  }

  free({ shape }: Type, address: number): void {
    this.tensorBytes -= deviceBytes(shape);
    this.device.memory.free(address);
  }

  own(storage: Storage): ResidentStorage {
    if (storage instanceof ResidentStorage && storage.backend === this) return storage;
    throw new HeddleError('DEVICE_MISMATCH', 'the data does not lie on this device', { expected: this.name });
  }

  forget(computation: ResidentComputation): void {
    this.programs.delete(computation);
  }

  /** Ends the engine's threads, when what was asked for is over. */
  dispose(): void {
    void this.enqueue(() => this.device.dispose());
  }

  private copyOf(storage: ResidentStorage): TensorData {
    const { dtype, shape } = storage.type;
    const start = storage.take() / 4;
    const words = new Uint32Array(elementCount(shape));
    words.set(this.device.memory.words.subarray(start, start + words.length));
    return { dtype, shape: [...shape], data: fromWords(dtype, words) };
  }
}

/** A tensor in the engine's memory, or the promise of one. */
class ResidentStorage implements Storage {
  readonly isHost = false;
  private address: number | undefined;
  private failure: unknown;

  constructor(
    readonly backend: ResidentWasmBackend,
    readonly type: Type,
  ) {}

  acquire(): void {}
  donate(): void {}

  fill(address: number): void {
    this.address = address;
  }

  fail(error: unknown): void {
    this.failure = error;
  }

  /** Its address, when its turn has come. Throws what made its run fail. */
  take(): number {
    if (this.address !== undefined) return this.address;
    if (this.failure !== undefined) throw this.failure as Error;
    throw new HeddleError('TENSOR_DISPOSED', 'the data of this tensor is gone');
  }

  /** The memory is another's now. */
  spend(): void {
    this.address = undefined;
  }

  release(): void {
    void this.backend.enqueue(() => {
      if (this.address !== undefined) this.backend.free(this.type, this.address);
      this.address = undefined;
    });
  }
}

class ResidentComputation implements Computation {
  readonly ready: Promise<void>;

  constructor(
    private readonly backend: ResidentWasmBackend,
    private readonly created: Promise<WasmExecutable>,
    private readonly plan: Plan,
    private readonly part?: SharedPart,
  ) {
    this.ready = created.then(() => undefined);
    this.ready.catch(() => undefined);
  }

  /** What it works with: its own, or one object for a family. */
  get memory(): { readonly bytes: number } {
    return this.part?.memory ?? this;
  }

  get bytes(): number {
    return this.plan.arenaBytes + this.plan.weightBytes;
  }

  run(inputs: readonly Storage[]): readonly Storage[] {
    const given = inputs.map((storage) => this.backend.own(storage));
    const results = this.plan.outputs.map((port) => new ResidentStorage(this.backend, port));
    void this.backend.enqueue(async () => {
      try {
        await this.runNow(await this.created, given, results);
      } catch (error) {
        for (const result of results) result.fail(error);
      }
    });
    return results;
  }

  private async runNow(
    executable: WasmExecutable,
    given: readonly ResidentStorage[],
    results: readonly ResidentStorage[],
  ): Promise<void> {
    const { plan } = this;
    const ports = given.map((storage) => storage.take());
    const made: Type[] = [];
    try {
      plan.outputs.forEach(({ region }, i) => {
        if (region.space !== 'port' || region.port < ports.length) return;
        ports.push(this.backend.reserve(results[i].type));
        made.push(results[i].type);
      });
      await executable.runAt(ports);
    } catch (error) {
      made.forEach((type, i) => this.backend.free(type, ports[given.length + i]));
      plan.inputs.forEach(({ donated }, i) => {
        if (donated === true) given[i].release();
      });
      throw error;
    }
    const taken = new Set<number>();
    plan.outputs.forEach(({ region }, i) => {
      if (region.space !== 'port') return;
      results[i].fill(ports[region.port]);
      taken.add(region.port);
    });
    plan.inputs.forEach(({ donated }, i) => {
      if (donated !== true) return;
      if (!taken.has(i)) this.backend.free(given[i].type, ports[i]);
      given[i].spend();
    });
  }

  dispose(): void {
    this.backend.forget(this);
    void this.backend.enqueue(async () => {
      (await this.created.catch(() => undefined))?.dispose();
      this.part?.lease.release();
    });
  }
}
