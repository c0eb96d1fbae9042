/** From a program to something that runs: the passes, the plan and the device put together. */
import { checkArguments, instanceOf } from './base/arguments.js';
import { copyInputs } from './base/check-tensors.js';
import { ensure } from './base/errors.js';
import { INSPECT } from './base/inspect.js';
import { buildPreludes } from './codegen/wgsl/prelude.js';
import {
  checkedReadyWithin,
  DynamicProgram,
  type Binding,
  type Bound,
  type ReadyWithinOptions,
} from './dynamic/program.js';
import { samplesOf } from './dynamic/samples.js';
import { load, sharedCompiler, type ExecutableOn, type LoadOptions } from './compile-shared.js';
import { writeBundle } from './codegen/bundle.js';
import { describePlan } from './plan/summary.js';
import { DEFAULT_TARGET, SOFTWARE_TARGET, WASM_TARGET, type Target } from './passes/target.js';
import type { DimBindings } from './ir/dim.js';
import { inputSpecs, type FreeDims, type Program, type SymbolicSpec } from './ir/graph.js';
import { bindSizes, checkedFor, fixedTo, freeDimsOf, ofShapes, sizesOf } from './ir/sizes.js';
import { sizesWithin } from './ir/sizes-within.js';
import { weightsOf } from './ir/weights.js';
import { givenProgram } from './given-program.js';
import { checkGraph } from './ir/check-program.js';
import { either, func, kind, record, required, text } from './base/kinds.js';
import { checkedOptions, type OptionTable } from './base/options.js';
import { checkDevice, isAnyDevice, type AnyDevice } from './runtime/check-device.js';
import { Executable } from './runtime/executable.js';
import type { Tensors } from './runtime/inputs.js';
import { DEFAULT_BINDINGS } from './runtime/shared/bindings.js';
import { isWasmDevice } from './runtime/wasm/device.js';
import { WasmExecutable } from './runtime/wasm/executable.js';
import { VERIFY_OPTIONS, verifyExecutable, type Verification, type VerifyOptions } from './verify/verify.js';
import type { TensorData } from './base/tensor.js';
import {
  checkPrepared,
  planningOf,
  PREPARE_OPTIONS,
  prepareChecked,
  type Prepared,
  type PrepareOptions,
} from './prepare.js';

export {
  planProgram,
  planStages,
  prepare,
  type Numerics,
  type Prepared,
  type PrepareOptions,
} from './prepare.js';

export type { ExecutableOn } from './compile-shared.js';

export interface CompileOptions<D extends AnyDevice = AnyDevice> extends PrepareOptions, LoadOptions<D> {
  /** Of a program with free dimensions: for how many sizes it stays compiled. Default: 16. */
  readonly maxBindings?: number;
}

const COMPILE_OPTIONS: OptionTable<CompileOptions> = {
  device: required(
    kind(
      'an open device: await openNodeDevice(), openDevice(navigator.gpu) or openWasmDevice()',
      isAnyDevice,
    ),
  ),
  onProgress: func,
  maxBindings: kind('an integer from 1', (value) => Number.isInteger(value) && (value as number) >= 1),
  ...PREPARE_OPTIONS,
};

export interface CompileAndVerifyOptions extends CompileOptions, Pick<VerifyOptions, 'reference'> {
  readonly onVerify?: NonNullable<VerifyOptions['onProgress']>;
}

const COMPILE_AND_VERIFY_OPTIONS: OptionTable<CompileAndVerifyOptions> = {
  ...COMPILE_OPTIONS,
  reference: VERIFY_OPTIONS.reference,
  onVerify: func,
};

/** What {@link compile} gives: a program on a device, for one size of everything or for all sizes. */
export interface Compiled<E extends Executable | WasmExecutable = Executable> {
  /** The program after the passes; of one with free dimensions, for the sizes that were used last. Throws DIM_UNBOUND. */
  readonly prepared: Prepared;
  /** What runs it; of a program with free dimensions, for the sizes that were used last. Throws DIM_UNBOUND. */
  readonly executable: E;
  /** What it takes: names, dtypes and shapes, in which free dimensions are symbols. */
  readonly inputs: readonly SymbolicSpec[];
  /** What it gives. */
  readonly outputs: readonly SymbolicSpec[];
  /** Runs it; inputs and outputs by name. Free dimensions have the sizes of the inputs. */
  run(inputs: Tensors): Promise<Record<string, TensorData>>;
  /** Compares device and interpreter, value by value. */
  verify(inputs: Tensors, options?: VerifyOptions): Promise<Verification>;
  /** Compiles for the sizes that `shapes` of the inputs have, ahead of the first run, where it has free dimensions. */
  ready(shapes: Readonly<Record<string, readonly number[]>>): Promise<void>;
  /** Compiles for all sizes within ranges, ahead of runs, where it has free dimensions: see {@link DynamicProgram.readyWithin}. */
  readyWithin(options?: ReadyWithinOptions): Promise<void>;
  /** The sizes that it is compiled for now, where it has free dimensions. */
  bindings(): readonly Binding[];
  dispose(): void;
}

/** A program on a device, all of whose shapes are numbers. */
export class CompiledProgram<E extends Executable | WasmExecutable = Executable> implements Compiled<E> {
  constructor(
    readonly prepared: Prepared,
    readonly executable: E,
  ) {
    checkPrepared('CompiledProgram', prepared);
    checkArguments(
      'CompiledProgram',
      { executable },
      {
        executable: either(
          instanceOf('an executable', Executable),
          instanceOf('an executable', WasmExecutable),
        ),
      },
    );
  }

  /** What it takes: names, dtypes and shapes. */
  get inputs(): E['inputs'] {
    return this.executable.inputs;
  }

  /** What it gives. */
  get outputs(): E['outputs'] {
    return this.executable.outputs;
  }

  /** Runs it; inputs and outputs by name. See {@link Executable.run} for the errors. */
  run(inputs: Tensors): Promise<Record<string, TensorData>> {
    return this.executable.run(inputs);
  }

  /**
   * Runs a reference, the interpreter or for much work WebAssembly, and the device side by side and compares, bit for bit, every value that a kernel stores, and the outputs
   * with those of the program before the passes and of an ordinary run.
   */
  verify(inputs: Tensors, options?: VerifyOptions): Promise<Verification> {
    return verifyExecutable(this.prepared, this.executable, inputs, options);
  }

  /** At once: it is compiled for the one size that it has. Rejects with INPUT_* for shapes of another. */
  async ready(shapes: Readonly<Record<string, readonly number[]>> = {}): Promise<void> {
    await Promise.resolve();
    sizesOf(fixedTo(this.inputs), ofShapes(this.inputs, shapes));
  }

  /** At once: it is compiled for the one size that it has. Rejects with ATTRIBUTE_INVALID for names of dimensions. */
  async readyWithin(options: ReadyWithinOptions = {}): Promise<void> {
    await Promise.resolve();
    sizesWithin(fixedTo(this.inputs), checkedReadyWithin(options).dims ?? {});
  }

  /** None: it has no free dimensions. */
  bindings(): readonly Binding[] {
    return [];
  }

  dispose(): void {
    this.executable.dispose();
  }

  /** What it takes, gives and needs. */
  toString(): string {
    const { plan, device } = this.executable;
    return `${describePlan('CompiledProgram', plan)}; on ${device.name}`;
  }

  /** What `JSON.stringify` writes: a text. */
  toJSON(): string {
    return this.toString();
  }

  /** `console.log(program)` in Node. */
  [INSPECT](): string {
    return this.toString();
  }
}

/** What kernels are shaped for on `device`. */
export function targetFor(device: AnyDevice): Target {
  if (isWasmDevice(device)) return WASM_TARGET;
  const { maxStorageBufferBindingSize: bindingBytes } = device.gpu.limits;
  return { ...(device.software === true ? SOFTWARE_TARGET : DEFAULT_TARGET), bindingBytes };
}

/**
 * Compiles `program` for a device: passes, plan, weights on the device, pipelines ready. A program with free dimensions is
 * compiled for the sizes of its inputs when it is run; weights and pipelines are the same for all sizes, where they can be.
 */
export async function compile<D extends AnyDevice>(
  program: Program,
  given: CompileOptions<D>,
): Promise<Compiled<ExecutableOn<D>>> {
  givenProgram('compile', program);
  const options: CompileOptions<D> = checkedOptions(given, COMPILE_OPTIONS as OptionTable<CompileOptions<D>>, 'compile'); // prettier-ignore
  const { device, target = targetFor(device) } = options;
  const subnormals = options.subnormals ?? (isWasmDevice(device) ? device.profile.subnormals : undefined);
  const free = program.free ?? freeDimsChecked(program);
  const forDevice = { ...options, target, ...(subnormals && { subnormals }) };
  if (free !== undefined) return compileDynamic(program, free, forDevice);
  return build(prepareChecked(program, planningOf(program, forDevice)), options);
}

function freeDimsChecked(program: Program): FreeDims | undefined {
  checkGraph('compile', program.graph);
  return freeDimsOf(program);
}

function compileDynamic<D extends AnyDevice>(
  program: Program,
  free: FreeDims,
  options: CompileOptions<D>,
): DynamicProgram<Prepared, ExecutableOn<D>> {
  const outputs = (): SymbolicSpec[] =>
    program.graph.outputs.map(({ name, value }) => ({ name, ...program.graph.nodes[value].type }));
  const shared = sharedCompiler(options);
  const keyOf = (sizes: DimBindings): string => Object.values(sizes).join();
  // Samples cost as much as sizes do. Once there are some, those that come show what changes as well.
  let isFirst = true;
  const bind = async (sizes: DimBindings): Promise<Bound<Prepared, ExecutableOn<D>>> => {
    const bound = await shared.compile({
      program: () => bindSizes(free, sizes),
      options,
      samples: isFirst ? () => samplesOf(free, sizes) : undefined,
      key: keyOf(sizes),
    });
    isFirst = false;
    return bound;
  };
  const maker = {
    bind,
    has: (sizes: DimBindings) => shared.has(keyOf(sizes)),
    renew: (sizes: DimBindings) => shared.renew(keyOf(sizes)),
    limit: () => shared.limit(),
    dispose: () => shared.dispose(),
  };
  return new DynamicProgram(free, outputs, options.maxBindings ?? DEFAULT_BINDINGS, maker);
}

/** The second half of {@link compile}, for a program that is prepared already. */
export async function build<D extends AnyDevice>(
  prepared: Prepared,
  options: CompileOptions<D>,
): Promise<CompiledProgram<ExecutableOn<D>>> {
  checkPrepared('build', prepared);
  checkArguments('build', { options }, { options: required(record) });
  checkDevice(options.device);
  return new CompiledProgram(prepared, (await load(prepared, options)) as ExecutableOn<D>);
}

/**
 * A prepared program as a bundle: one file that `heddle/runtime` loads without the compiler. The same program gives the
 * same bytes, always. Needs no device. With `wasm`, the same program prepared for WASM_TARGET, the bundle has kernels for
 * WebAssembly as well; weights that both have are in it once. Throws USAGE where either was prepared for the other's kind of device.
 */
export function toBundle(prepared: Prepared, producer?: string, wasm?: Prepared): Promise<Uint8Array> {
  checkPrepared('toBundle', prepared);
  checkArguments('toBundle', { producer }, { producer: text });
  if (wasm !== undefined) checkPrepared('toBundle', wasm);
  const { program, planned } = prepared;
  const module = wasm?.planned.module;
  ensure(
    planned.module === undefined && (wasm === undefined) === (module === undefined),
    'USAGE',
    'the program was prepared for another kind of device',
    { where: 'toBundle', expected: 'toBundle(prepared for a GPU, producer, prepared for WASM_TARGET)' },
  );
  ensure(module?.subnormals !== 'flush', 'USAGE', 'bundles hold no kernels that flush subnormals', {
    where: 'toBundle',
    expected: "subnormals: 'preserve', or none",
  });
  return writeBundle(planned.plan, buildPreludes(), weightsOf(program), {
    ...(producer === undefined ? {} : { producer }),
    graph: program.graph,
    ...(wasm === undefined || module === undefined
      ? {}
      : { wasm: { plan: wasm.planned.plan, module: module.bytes, weights: weightsOf(wasm.program) } }),
  });
}

/**
 * Compiles `program`, runs it on the device and in a reference (see {@link VerifyOptions}), and compares every value that a
 * kernel stores, and the outputs, bit for bit: right where `differences` and `outputDifferences` are empty. Free dimensions have
 * the sizes of the inputs. Throws what {@link compile} and
 * {@link Executable.run} do.
 */
export async function verify(
  program: Program,
  inputs: Tensors,
  options: CompileAndVerifyOptions,
): Promise<Verification> {
  const { onVerify, reference, ...rest } = checkedOptions(options, COMPILE_AND_VERIFY_OPTIONS, 'verify');
  const bound = checkedFor('verify', program, inputs);
  const own = copyInputs(inputSpecs(bound.graph), inputs);
  const compiled = await compile(bound, rest);
  try {
    return await compiled.verify(own, {
      ...(reference === undefined ? {} : { reference }),
      ...(onVerify === undefined ? {} : { onProgress: onVerify }),
    });
  } finally {
    compiled.dispose();
  }
}
