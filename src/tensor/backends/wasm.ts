/**
 * The WebAssembly engine as a backend. Tensors lie on the host, where its memory does, too: a run copies its inputs in and its
 * outputs out. Runs wait for what their inputs are made of, and need no other order.
 */
import { prepare } from '../../compile.js';
import { HeddleError } from '../../base/errors.js';
import type { TensorData } from '../../base/tensor.js';
import { nodeKey } from '../../ir/key.js';
import { paramsOf, type Graph, type Program } from '../../ir/graph.js';
import { weightsOf } from '../../ir/weights.js';
import type { SubnormalMode } from '../../numerics/subnormals.js';
import { WASM_TARGET } from '../../passes/target.js';
import { checkWasmDevice, openWasmDevice, type WasmDevice } from '../../runtime/wasm/device.js';
import { WasmExecutable } from '../../runtime/wasm/executable.js';
import { hostDataOf } from '../tensors/host.js';
import { named } from '../tensors/core.js';
import type { Backend, Computation, Storage } from './backend.js';
import { Cache } from '../../base/cache.js';

/** Compiled eager graphs that are kept. */
const EAGER_PROGRAMS = 256;

/** Tensors that are computed by the WebAssembly engine. Made by {@link wasm}. */
export class WasmBackend implements Backend {
  readonly name = 'wasm';
  private readonly eager = new Cache<string, WasmComputation>(EAGER_PROGRAMS, (old) => old.dispose());
  private readonly computations = new Set<WasmComputation>();

  private readonly device: Promise<WasmDevice>;
  private readonly subnormals: SubnormalMode;

  constructor(device?: WasmDevice) {
    if (device !== undefined) checkWasmDevice(device);
    this.subnormals = device?.profile.subnormals ?? 'preserve';
    this.device = device === undefined ? openWasmDevice() : Promise.resolve(device);
    // Whoever reads a result learns of it.
    this.device.catch(() => undefined);
  }

  /** Bytes of the engine's memory that compiled programs hold. Tensors lie on the host, and count as none. */
  get memory(): Backend['memory'] {
    let bytes = 0;
    for (const computation of this.computations) bytes += computation.bytes;
    return { bytes, tensorBytes: 0 };
  }

  upload(data: TensorData): Storage {
    return new WasmStorage(this, Promise.resolve(data));
  }

  read(storages: readonly Storage[]): Promise<readonly TensorData[]> {
    return Promise.all(storages.map((storage) => this.dataOf(storage)));
  }

  compile(program: Program): WasmComputation {
    const { subnormals } = this;
    const { planned, program: optimized } = prepare(program, { target: WASM_TARGET, subnormals });
    const created = this.device.then((device) =>
      WasmExecutable.create(planned.plan, planned.module!.bytes, weightsOf(optimized), device),
    );
    const inputs = paramsOf(program.graph).map(({ node }) => node.attrs.name);
    const outputs = program.graph.outputs.map(({ name }) => name);
    const bytes = planned.plan.arenaBytes + planned.plan.weightBytes;
    const computation = new WasmComputation(this, created, { inputs, outputs, bytes });
    this.computations.add(computation);
    return computation;
  }

  computationOf(graph: Graph): Computation {
    const outputs = graph.outputs.map(({ name, value }) => `${name}=${value}`).join();
    const text = `${graph.nodes.map(nodeKey).join('\n')}\n${outputs}`;
    return this.eager.get(text, () => this.compile({ graph, weights: new Map() }));
  }

  /** Frees the memory of compiled programs, when the runs that were asked for are over, and ends the engine's threads. */
  async dispose(): Promise<void> {
    await Promise.all([...this.computations].map(({ ended }) => ended));
    (await this.device).dispose();
  }

  dataOf(storage: Storage): Promise<TensorData> {
    if (storage instanceof WasmStorage && storage.backend === this) return storage.data;
    const data = hostDataOf(storage);
    if (data !== undefined && storage.backend === undefined) return Promise.resolve(data);
    throw new HeddleError('DEVICE_MISMATCH', 'the data does not lie on this device', { expected: this.name });
  }

  forget(computation: WasmComputation): void {
    this.computations.delete(computation);
  }
}

/** A tensor on the host, or the promise of one. The memory belongs to the garbage collector. */
class WasmStorage implements Storage {
  readonly isHost = true;

  constructor(
    readonly backend: WasmBackend,
    readonly data: Promise<TensorData>,
  ) {
    data.catch(() => undefined);
  }
  acquire(): void {}
  release(): void {}
  donate(): void {}
}

class WasmComputation implements Computation {
  readonly ready: Promise<void>;
  /** Settled when all runs so far are over. */
  private runs: Promise<unknown> = Promise.resolve();
  private disposal: Promise<void> | undefined;

  constructor(
    private readonly backend: WasmBackend,
    private readonly created: Promise<WasmExecutable>,
    private readonly ports: {
      readonly inputs: readonly string[];
      readonly outputs: readonly string[];
      readonly bytes: number;
    },
  ) {
    this.ready = created.then(() => undefined);
    this.ready.catch(() => undefined);
  }

  get bytes(): number {
    return this.ports.bytes;
  }

  run(given: readonly Storage[]): readonly Storage[] {
    if (this.disposal !== undefined) throw new HeddleError('USAGE', 'the computation was disposed');
    const { inputs, outputs } = this.ports;
    const result = this.runNow(
      given.map((storage) => this.backend.dataOf(storage)),
      inputs,
    );
    this.runs = Promise.allSettled([this.runs, result]);
    return outputs.map(
      (name) =>
        new WasmStorage(
          this.backend,
          result.then((tensors) => tensors[name]),
        ),
    );
  }

  private async runNow(
    given: readonly Promise<TensorData>[],
    names: readonly string[],
  ): Promise<Readonly<Record<string, TensorData>>> {
    const [executable, ...data] = await Promise.all([this.created, ...given]);
    return executable.run(Object.fromEntries(names.map((name, i) => [name, data[i]])));
  }

  dispose(): void {
    this.disposal ??= this.end();
  }

  /** Settled when its memory is given back. */
  get ended(): Promise<void> {
    this.dispose();
    return this.disposal!;
  }

  private async end(): Promise<void> {
    this.backend.forget(this);
    await this.runs;
    await this.created.then((executable) => executable.dispose(), () => undefined); // prettier-ignore
  }
}

/**
 * The WebAssembly engine as a place for tensors: `x.to(wasm())`, in Node and browsers. `device` is one that `openWasmDevice` opened;
 * without it, one is opened when the first program runs. Tensors of two backends do not meet, so make one and keep it. Throws
 * USAGE where `device` is not such an engine; what it is computed for rejects with DEVICE_NOT_FOUND where the host has none.
 */
export function wasm(device?: WasmDevice): WasmBackend {
  return named('wasm', () => new WasmBackend(device));
}
