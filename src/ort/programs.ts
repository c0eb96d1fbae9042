/**
 * A model's programs: a program has fixed shapes, so each set of input shapes has one, compiled when it is first met. Those
 * that were not used for longest make room.
 */
import { HeddleError } from '../base/errors.js';
import type { TensorData } from '../base/tensor.js';
import { build, prepare, targetFor, type CompiledProgram } from '../compile.js';
import { importOnnx } from '../frontends/onnx/import.js';
import type { OnnxProgram } from '../frontends/onnx/program.js';
import type { AnyDevice } from '../runtime/check-device.js';
import type { Executable } from '../runtime/executable.js';
import type { WasmExecutable } from '../runtime/wasm/executable.js';
import type { ModelSource } from './source.js';

/** What a program is made for. */
export interface Shapes {
  /** Of every input. */
  readonly shapes: Readonly<Record<string, readonly number[]>>;
  /** Elements of inputs that may decide shapes. */
  readonly values: ReadonlyMap<string, TensorData>;
  /** Initializers that are inputs. */
  readonly overridden: readonly string[];
  /** 64-bit inputs whose elements need more than 32 bits. */
  readonly wide: readonly string[];
  /** Whether inputs and outputs lie in buffers of their own. */
  readonly residents: boolean;
}

/** A program with what the model says of it. */
export interface Compiled {
  readonly model: OnnxProgram;
  /** undefined: the graph computes nothing, since all is text. */
  readonly program: CompiledProgram<Executable | WasmExecutable> | undefined;
}

interface Entry {
  readonly compiled: Promise<Compiled>;
  /** Runs that are under way. */
  users: number;
  isEvicted: boolean;
}

/** Programs that are kept. */
const KEPT = 16;

export class Programs {
  /** In the order of their last use. */
  private readonly entries = new Map<string, Entry>();
  /** Whether values of inputs decide shapes: found out by the first import. */
  private needsValues = false;

  constructor(
    private readonly source: ModelSource,
    private readonly dims: Readonly<Record<string, number>>,
    private readonly device: AnyDevice,
  ) {}

  /** What `body` makes of the program for `wanted`. Throws as importOnnx, prepare and build do. */
  async use<T>(wanted: Shapes, body: (compiled: Compiled) => Promise<T>): Promise<T> {
    const entry = this.find(wanted);
    entry.users++;
    try {
      return await body(await entry.compiled);
    } finally {
      entry.users--;
      disposeUnused(entry);
    }
  }

  /** Frees all programs, when their runs are over. */
  dispose(): void {
    for (const key of [...this.entries.keys()]) this.evict(key);
  }

  private find(wanted: Shapes): Entry {
    const known = this.entries.get(this.keyOf(wanted));
    const entry = known ?? this.make(wanted);
    // Importing may have shown that values count.
    const key = this.keyOf(wanted);
    this.entries.delete(key);
    this.entries.set(key, entry);
    if (known === undefined) entry.compiled.catch(() => this.entries.delete(key));
    for (const oldest of this.entries.keys()) {
      if (this.entries.size <= KEPT) break;
      this.evict(oldest);
    }
    return entry;
  }

  private evict(key: string): void {
    const entry = this.entries.get(key)!;
    this.entries.delete(key);
    entry.isEvicted = true;
    disposeUnused(entry);
  }

  private keyOf({ shapes, values, wide, residents }: Shapes): string {
    const known = this.needsValues ? [...values].map(([name, { data }]) => [name, Array.from(data)]) : [];
    return JSON.stringify([shapes, known, wide, residents]);
  }

  private make(wanted: Shapes): Entry {
    const model = this.import(wanted);
    const { device } = this;
    if (model.text !== undefined && model.outputs.length === 0)
      return { compiled: Promise.resolve({ model, program: undefined }), users: 0, isEvicted: false };
    const prepared = prepare(model, { target: targetFor(device), residents: wanted.residents });
    const compiled = build(prepared, { device }).then((program) => ({ model, program }));
    return { compiled, users: 0, isEvicted: false };
  }

  /** Imports the model; where shapes depend on values of inputs, these are taken as constants. */
  private import({ shapes, values, overridden, wide }: Shapes): OnnxProgram {
    const { bytes, fileName, externalData } = this.source;
    const options = {
      fileName,
      inputShapes: shapes,
      dims: this.dims,
      overridable: overridden,
      wideInputs: wide,
      ...(externalData === undefined ? {} : { externalData }),
    };
    if (!this.needsValues) {
      try {
        return importOnnx(bytes, options);
      } catch (error) {
        if (!isDynamic(error) || values.size === 0) throw error;
      }
    }
    const model = importOnnx(bytes, { ...options, weights: values });
    this.needsValues = true;
    return model;
  }
}

/** Whether shapes have to be known that are not. */
export const isDynamic = (error: unknown): boolean =>
  error instanceof HeddleError && (error.code === 'ONNX_DYNAMIC_SHAPE' || error.code === 'DIM_UNBOUND');

function disposeUnused({ compiled, users, isEvicted }: Entry): void {
  if (isEvicted && users === 0)
    compiled.then(
      ({ program }) => program?.dispose(),
      () => undefined,
    );
}
