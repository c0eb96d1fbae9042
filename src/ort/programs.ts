/**
 * A model's programs: a program has fixed shapes, so each set of input shapes has one, compiled when it is first met. They have
 * weights, arena and pipelines in common; which numbers of kernels change with shapes, the shapes that come show. Those that were not used for longest make room;
 * their plans are remembered.
 */
import { Cache } from '../base/cache.js';
import { HeddleError } from '../base/errors.js';
import type { TensorData } from '../base/tensor.js';
import { sharedCompiler, type ExecutableOn, type SharedCompiler } from '../compile-shared.js';
import { targetFor } from '../compile.js';
import { importOnnx } from '../frontends/onnx/import.js';
import type { OnnxProgram } from '../frontends/onnx/program.js';
import type { AnyDevice } from '../runtime/check-device.js';
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

/** What runs a program, with what the model says of it. */
export interface Compiled {
  readonly model: OnnxProgram;
  /** undefined: the graph computes nothing, since all is text. */
  readonly executable: ExecutableOn<AnyDevice> | undefined;
}

interface Entry extends Compiled {
  dispose(): void;
}

/** Programs that are kept. */
const KEPT = 16;

export class Programs {
  private readonly entries = new Cache<string, Entry>(KEPT, (old) => old.dispose());
  private readonly shared: SharedCompiler<AnyDevice>;
  /** Settled when all that was asked for is done: programs work in one arena. */
  private queue: Promise<unknown> = Promise.resolve();
  /** Whether values of inputs decide shapes: found out by the first import. */
  private needsValues = false;

  constructor(
    private readonly source: ModelSource,
    private readonly dims: Readonly<Record<string, number>>,
    private readonly device: AnyDevice,
  ) {
    this.shared = sharedCompiler({ device, target: targetFor(device) });
  }

  /** What `body` makes in its turn of the program for `wanted`. Throws as importOnnx and compile do. */
  use<T>(wanted: Shapes, body: (compiled: Compiled) => Promise<T>): Promise<T> {
    const result = this.queue.then(async () => body(await this.find(wanted)));
    this.queue = result.catch(() => undefined);
    return result;
  }

  /** Frees all programs, when their runs are over. */
  dispose(): void {
    void this.queue.then(() => {
      this.entries.clear();
      this.shared.dispose();
    });
  }

  private async find(wanted: Shapes): Promise<Compiled> {
    const known = this.entries.find(this.keyOf(wanted));
    if (known !== undefined) return known;
    const made = await this.make(wanted);
    return this.entries.put(this.keyOf(wanted), made);
  }

  private keyOf({ shapes, values, wide, residents }: Shapes): string {
    const known = this.needsValues ? [...values].map(([name, { data }]) => [name, Array.from(data)]) : [];
    return JSON.stringify([shapes, known, wide, residents]);
  }

  private async make(wanted: Shapes): Promise<Entry> {
    const model = this.import(wanted);
    if (model.text !== undefined && model.outputs.length === 0)
      return { model, executable: undefined, dispose: () => undefined };
    const { residents } = wanted;
    const { executable, dispose } = await this.shared.compile({
      program: () => model,
      options: { target: targetFor(this.device), residents },
      // Importing has shown whether values count.
      key: this.keyOf(wanted),
    });
    return { model, executable, dispose };
  }

  /** Imports the model; where shapes depend on values of inputs, these are taken as constants. */
  private import({ shapes, values, overridden, wide }: Shapes): OnnxProgram {
    const { bytes, fileName, externalData, imageDecoders } = this.source;
    const options = {
      fileName,
      inputShapes: shapes,
      dims: this.dims,
      overridable: overridden,
      wideInputs: wide,
      imageDecoders,
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
