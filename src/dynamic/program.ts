/** A program whose dimensions get their values from the inputs of each run. */
import { copyInputs, type TensorSpec } from '../base/check-tensors.js';
import { HeddleError } from '../base/errors.js';
import { INSPECT } from '../base/inspect.js';
import { func } from '../base/kinds.js';
import { checkedOptions, type OptionTable } from '../base/options.js';
import type { TensorData } from '../base/tensor.js';
import { dimSubstitute, type DimBindings } from '../ir/dim.js';
import type { DimRange, FreeDims, SymbolicSpec } from '../ir/graph.js';
import { ofShapes, ofSizes, sizesOf } from '../ir/sizes.js';
import { DIMS_WITHIN, sizesWithin } from '../ir/sizes-within.js';
import { printType } from '../ir/types.js';
import type { Plan } from '../plan/plan.js';
import type { Tensors } from '../runtime/inputs.js';
import { MAX_REMEMBERED_BYTES, MAX_REMEMBERED_SIZES, type RememberedLimit } from './remembered.js';
import { Bindings } from '../runtime/shared/bindings.js';
import {
  verifyExecutable,
  type Verification,
  type VerifiedExecutable,
  type VerifiedProgram,
  type VerifyOptions,
} from '../verify/verify.js';

/** A plan for some sizes, with what runs it. */
export interface Bound<P extends VerifiedProgram, E extends VerifiedExecutable> {
  readonly plan: Plan;
  /** What the plan came of; made when it is asked for, where the plan was remembered. */
  readonly prepared: () => P;
  readonly executable: E;
  /** Pipelines that no plan before it had. */
  readonly newPipelines: number;
  /** Frees it and what it alone uses. */
  dispose(): void;
}

/** What a program has compiled for some sizes. */
export interface Binding {
  /** By the names of the dimensions. */
  readonly sizes: DimBindings;
  /** Bytes of intermediate values. */
  readonly arenaBytes: number;
  readonly kernels: number;
  /** Pipelines that no binding before it had. */
  readonly newPipelines: number;
  /** How long it took to make. */
  readonly milliseconds: number;
}

interface Entry<P extends VerifiedProgram, E extends VerifiedExecutable> extends Bound<P, E> {
  readonly sizes: DimBindings;
  readonly milliseconds: number;
}

/** How the plans of a program come about. */
export interface PlanMaker<P extends VerifiedProgram, E extends VerifiedExecutable> {
  /** Compiles for sizes, or takes what was compiled for them before. */
  bind(sizes: DimBindings): Promise<Bound<P, E>>;
  /** Whether it compiled for sizes and remembers what came of it. */
  has(sizes: DimBindings): boolean;
  /** The same, which counts as a use of what it remembers. */
  renew(sizes: DimBindings): boolean;
  /** The limit for which it forgot sizes last. */
  limit(): RememberedLimit | undefined;
  /** Forgets what was compiled. */
  dispose(): void;
}

/** For which sizes a program is compiled ahead. */
export interface ReadyWithinOptions {
  /** Sizes of free dimensions, or ranges; they go before those that the program came with. */
  readonly dims?: Readonly<Record<string, number | DimRange>>;
  /** Called after each size with the number of those that are done, and of all. */
  readonly onProgress?: (done: number, total: number) => void;
}

const READY_WITHIN_OPTIONS: OptionTable<ReadyWithinOptions> = { dims: DIMS_WITHIN, onProgress: func };

/** Throws USAGE for options that there are not. */
export const checkedReadyWithin = (given: ReadyWithinOptions): ReadyWithinOptions =>
  checkedOptions(given, READY_WITHIN_OPTIONS, 'readyWithin');

/** What is remembered at most, in words. */
const REMEMBERED: Readonly<Record<RememberedLimit, string>> = {
  sizes: `${MAX_REMEMBERED_SIZES} sizes, with those of runs meanwhile`,
  bytes: `plans of at most ${MAX_REMEMBERED_BYTES} bytes, with those of runs meanwhile`,
};

const isPowerOfTwo = (count: number): boolean => (count & (count - 1)) === 0;

const keyOf = (sizes: DimBindings): string => Object.values(sizes).join();

export class DynamicProgram<P extends VerifiedProgram, E extends VerifiedExecutable> {
  private readonly entries: Bindings<Entry<P, E>>;
  private latest: Entry<P, E> | undefined;

  /**
   * `outputs` says what it gives; it throws where that depends on the sizes. `maker` compiles for sizes, of which the `limit`
   * that were used last are kept ready to run.
   */
  constructor(
    private readonly free: FreeDims,
    private readonly outputsOf: () => readonly SymbolicSpec[],
    limit: number,
    private readonly maker: PlanMaker<P, E>,
  ) {
    this.entries = new Bindings(limit);
  }

  /** What it takes: names, dtypes and shapes, in which free dimensions are symbols. */
  get inputs(): readonly SymbolicSpec[] {
    return this.free.inputs;
  }

  /** What it gives. Throws ONNX_DYNAMIC_SHAPE where the shapes are not known without sizes. */
  get outputs(): readonly SymbolicSpec[] {
    return this.outputsOf();
  }

  /** The program of the sizes that were used last. Throws DIM_UNBOUND before the first run. */
  get prepared(): P {
    return this.bound().prepared();
  }

  /** What runs the program of the sizes that were used last. Throws DIM_UNBOUND before the first run. */
  get executable(): E {
    return this.bound().executable;
  }

  /**
   * Runs it for the sizes that `inputs` have, which it compiles for where they are new. Runs queue up. Rejects with INPUT_* for
   * inputs that do not fit or disagree about a dimension, and with what compiling throws.
   */
  async run(inputs: Tensors): Promise<Record<string, TensorData>> {
    const { sizes, own } = this.taken(inputs);
    return this.enqueue(sizes, async ({ executable }) => ({ ...(await executable.run(own)) }));
  }

  /** Compares device and interpreter, as for a program without free dimensions. */
  async verify(inputs: Tensors, options?: VerifyOptions): Promise<Verification> {
    const { sizes, own } = this.taken(inputs);
    return this.enqueue(sizes, ({ prepared, executable }) =>
      verifyExecutable(prepared(), executable, own, options),
    );
  }

  /** Compiles for the sizes that `shapes` of the inputs have, ahead of the first run. Rejects as that would. */
  async ready(shapes: Readonly<Record<string, readonly number[]>>): Promise<void> {
    await this.enqueue(sizesOf(this.free, ofShapes(this.free.inputs, shapes)), () => Promise.resolve());
  }

  /**
   * Compiles for all sizes within ranges, ahead of runs, which may come between any two of them; each then takes its plan as it is. It is
   * no use of a size: none of the bindings that runs use makes room for it, and `prepared` and `executable` stay as they are. Rejects
   * with ATTRIBUTE_INVALID, DIM_UNBOUND and LIMIT_EXCEEDED where `dims` do not say which sizes, or too many (more than 1024, or, with
   * those of runs meanwhile, than are remembered), and with what compiling for one of them throws.
   */
  async readyWithin(given: ReadyWithinOptions = {}): Promise<void> {
    const { dims = {}, onProgress } = checkedReadyWithin(given);
    const sizes = sizesWithin(this.free, dims);
    for (const [i, each] of sizes.entries()) {
      const isMade = (): boolean => this.maker.renew(each);
      await this.entries.ahead(keyOf(each), isMade, () => this.entryFor(each));
      this.checkRemembered(sizes, i + 1);
      onProgress?.(i + 1, sizes.length);
      // Whatever else the host has to do, runs among it, comes first.
      await new Promise((resolve) => setTimeout(resolve));
    }
  }

  /** The sizes that it is compiled for now; those that were used last come last. */
  bindings(): readonly Binding[] {
    return this.entries.values().map(({ sizes, plan, newPipelines, milliseconds }) => ({
      sizes,
      arenaBytes: plan.arenaBytes,
      kernels: plan.commands.length,
      newPipelines,
      milliseconds,
    }));
  }

  /** Frees all that it has on the device, after the runs that were asked for. Runs after this fail. */
  dispose(): void {
    this.entries.dispose(() => this.maker.dispose());
  }

  /** What it takes, and what it is compiled for. */
  toString(): string {
    const inputs = this.inputs.map((input) => `${input.name}: ${printType(input)}`).join(', ');
    return `DynamicProgram (${inputs}), compiled for ${this.entries.values().length} bindings`;
  }

  /** What `JSON.stringify` writes: a text. */
  toJSON(): string {
    return this.toString();
  }

  /** `console.log(program)` in Node. */
  [INSPECT](): string {
    return this.toString();
  }

  private bound(): Entry<P, E> {
    if (this.latest !== undefined) return this.latest;
    throw new HeddleError('DIM_UNBOUND', 'the program is not compiled for any sizes yet', {
      found: this.free.symbols.join(', '),
      hint: 'await program.ready({ NAME: shape }), or run it',
    });
  }

  /** The sizes that the inputs have, and copies of them, which the caller cannot change any more. */
  private taken(inputs: Tensors): { readonly sizes: DimBindings; readonly own: Tensors } {
    const sizes = sizesOf(this.free, inputs);
    const specs = this.free.inputs.map(({ name, dtype, shape }): TensorSpec => ({
      name,
      dtype,
      shape: shape.map((dim) => Number(dimSubstitute(dim, sizes))),
    }));
    return { sizes, own: copyInputs(specs, inputs) };
  }

  /**
   * Throws LIMIT_EXCEEDED where some of the first `done` sizes are forgotten. It looks when these are all or twice as many as last time,
   * so that the work is linear in the number of sizes.
   */
  private checkRemembered(sizes: readonly DimBindings[], done: number): void {
    if (done < sizes.length && !isPowerOfTwo(done)) return;
    const left = sizes
      .slice(0, done)
      .filter((each) => this.maker.has(each) || this.entries.has(keyOf(each))).length;
    if (left === done) return;
    throw new HeddleError('LIMIT_EXCEEDED', 'the plans of all sizes are more than is remembered', {
      found: `${sizes.length} sizes`,
      expected: `${REMEMBERED[this.maker.limit() ?? 'sizes']}, which leaves ${left} of the first ${done} sizes`,
      hint: 'ranges of fewer sizes, or a step that leaves sizes out',
    });
  }

  private enqueue<T>(sizes: DimBindings, body: (entry: Entry<P, E>) => Promise<T>): Promise<T> {
    return this.entries.use(
      keyOf(sizes),
      () => this.entryFor(sizes),
      (entry) => body((this.latest = entry)),
    );
  }

  private async entryFor(sizes: DimBindings): Promise<Entry<P, E>> {
    const start = performance.now();
    const bound = await this.maker.bind(sizes).catch((error: unknown) => {
      throw ofSizes(this.free, sizes, error);
    });
    return { ...bound, sizes, milliseconds: performance.now() - start };
  }
}
