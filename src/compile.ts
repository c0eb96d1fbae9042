/** From a program to something that runs: the passes, the plan and the device put together. */
import { checkArguments, instanceOf } from './base/arguments.js';
import { copyInputs } from './base/check-tensors.js';
import { ensure } from './base/errors.js';
import { INSPECT, inspectedAs } from './base/inspect.js';
import { buildPreludes, preludeTexts } from './codegen/wgsl/prelude.js';
import { writeBundle } from './codegen/bundle.js';
import { makePlan, type PlannedProgram } from './codegen/plan.js';
import { describePlan } from './plan/summary.js';
import {
  completeTarget,
  DEFAULT_TARGET,
  isTarget,
  SOFTWARE_TARGET,
  WASM_TARGET,
  type GivenTarget,
  type Target,
} from './passes/target.js';
import { inputSpecs, type Program } from './ir/graph.js';
import { checkWeights, weightsOf } from './ir/weights.js';
import { donationsOf, isDonation, type Donation, type NamedDonation } from './passes/memory/donations.js';
import { legalise, stage } from './passes/pipeline.js';
import type { StageReport } from './passes/stage-log.js';
import { checkGraph, checkProgram } from './ir/check-program.js';
import { either, flag, func, kind, listOf, oneOf, record, required, text } from './base/kinds.js';
import { checkedOptions, type OptionTable } from './base/options.js';
import { checkDevice, isAnyDevice, type AnyDevice } from './runtime/check-device.js';
import { Executable } from './runtime/executable.js';
import type { Tensors } from './runtime/inputs.js';
import type { Progress } from './runtime/pipelines.js';
import { isWasmDevice, type WasmDevice } from './runtime/wasm/device.js';
import { WasmExecutable } from './runtime/wasm/executable.js';
import { verifyExecutable, type Verification, type VerifyOptions } from './verify/verify.js';
import type { TensorData } from './base/tensor.js';

/**
 * How results are rounded. `exact`: bit for bit what the interpreter computes, on every device. (A `fast` mode with a
 * declared error bound will join it here.)
 */
export type Numerics = 'exact';

export interface PrepareOptions {
  readonly numerics?: Numerics;
  /** What kernels are shaped for. Default: the device at hand, or any GPU. It never changes a bit. */
  readonly target?: GivenTarget;
  /**
   * Keep every input and output in a buffer of its own, which the caller gives at each dispatch (see
   * {@link Executable.dispatch}), and not in the arena.
   */
  readonly residents?: boolean;
  /**
   * With `residents`: inputs whose buffers the caller gives up, each to an output that may be written in place. The
   * plan's outputs say where that was possible (`donor`); elsewhere the output has a buffer of its own.
   */
  readonly donate?: readonly NamedDonation[];
}

const PREPARE_OPTIONS: OptionTable<PrepareOptions> = {
  numerics: oneOf('exact'),
  target: kind(
    'DEFAULT_TARGET, SOFTWARE_TARGET, WASM_TARGET or another { storageBuffers, invocations, rowsAlone }, of at least 8 buffers',
    isTarget,
  ),
  residents: flag,
  donate: listOf('{ input, output }, which are names', isDonation),
};

/** A program after the passes, with its plan: everything but a device. */
export interface Prepared {
  /** The program before the passes: what {@link CompiledProgram.verify} holds the others against. */
  readonly original: Program;
  readonly program: Program;
  readonly planned: PlannedProgram;
  /** What each stage of the pipeline did; those that were run. */
  readonly log: readonly StageReport[];
}

/**
 * Optimises, fuses, lowers and plans `program`, which must be static. Needs no device and no driver. Throws WEIGHT_MISSING
 * or WEIGHT_INVALID where its weights are not those of its graph, USAGE for options that are none.
 */
export function prepare(program: Program, options: PrepareOptions = {}): Prepared {
  checkProgram('prepare', program);
  return prepareChecked(program, checkedOptions(options, PREPARE_OPTIONS, 'prepare'));
}

function prepareChecked(program: Program, options: PrepareOptions): Prepared {
  checkGraph('prepare', program.graph);
  checkWeights(program);
  const legal = legalise(program, { target: completeTarget(options.target) });
  const { program: optimized, planned, log } = plan(legal.program, options);
  return prepared(optimized, planned, [...legal.log, ...log], program);
}

/**
 * The second half of {@link prepare}, for a program that is optimised already, such as the graph in a bundle. Throws USAGE
 * where a donation names no input or output, and for options that are none.
 */
export function planProgram(program: Program, options: PrepareOptions = {}): Prepared {
  checkProgram('planProgram', program);
  checkGraph('planProgram', program.graph);
  checkWeights(program);
  return plan(program, checkedOptions(options, PREPARE_OPTIONS, 'planProgram'));
}

function plan(legal: Program, options: PrepareOptions): Prepared {
  const { residents = false, donate = [] } = options;
  ensure(residents || donate.length === 0, 'USAGE', 'only resident inputs can be donated', {
    expected: 'residents: true',
  });
  const ports = residents ? { donate: donationsOf(legal.graph, donate) } : undefined;
  return planStages(legal, completeTarget(options.target), ports);
}

/** Inputs and outputs in buffers of the caller's. */
export interface PortRequest {
  readonly donate: readonly Donation[];
  /** The inputs that are given up, to an output or to none, by their places. Default: those of `donate`. */
  readonly donated?: readonly number[];
}

/** The stages of the pipeline after the rewriting ones, and code generation. */
export function planStages(legal: Program, target: Target, ports?: PortRequest): Prepared {
  const staged = stage(legal, { target, donate: ports?.donate });
  const donated = ports && (ports.donated ?? ports.donate.map(({ input }) => input));
  return prepared(staged.program, makePlan(staged, target, donated), staged.log);
}

const prepared = (
  program: Program,
  planned: PlannedProgram,
  log: readonly StageReport[],
  original = program,
): Prepared => inspectedAs({ original, program, planned, log }, () => describePlan('Prepared', planned.plan));

/** What runs a program on a device of a kind. */
export type ExecutableOn<D extends AnyDevice> = D extends WasmDevice ? WasmExecutable : Executable;

export interface CompileOptions<D extends AnyDevice = AnyDevice> extends PrepareOptions {
  readonly device: D;
  /** Called as pipelines become ready. */
  readonly onProgress?: Progress;
}

const COMPILE_OPTIONS: OptionTable<CompileOptions> = {
  device: required(
    kind(
      'an open device: await openNodeDevice(), openDevice(navigator.gpu) or openWasmDevice()',
      isAnyDevice,
    ),
  ),
  onProgress: func,
  ...PREPARE_OPTIONS,
};

interface CompileAndVerifyOptions extends CompileOptions {
  readonly onVerify?: NonNullable<VerifyOptions['onProgress']>;
}

const VERIFY_OPTIONS: OptionTable<CompileAndVerifyOptions> = { ...COMPILE_OPTIONS, onVerify: func };

/** A program on a device. */
export class CompiledProgram<E extends Executable | WasmExecutable = Executable> {
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
   * Runs interpreter and device side by side and compares, bit for bit, every value that a kernel stores, and the outputs
   * with those of the program before the passes and of an ordinary run.
   */
  verify(inputs: Tensors, options?: VerifyOptions): Promise<Verification> {
    return verifyExecutable(this.prepared, this.executable, inputs, options);
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
  return device.software === true ? SOFTWARE_TARGET : DEFAULT_TARGET;
}

/** Compiles `program` for a device: passes, plan, weights on the device, pipelines ready. */
export async function compile<D extends AnyDevice>(
  program: Program,
  given: CompileOptions<D>,
): Promise<CompiledProgram<ExecutableOn<D>>> {
  checkProgram('compile', program);
  const options: CompileOptions<D> = checkedOptions(given, COMPILE_OPTIONS as OptionTable<CompileOptions<D>>, 'compile'); // prettier-ignore
  const target = options.target ?? targetFor(options.device);
  return build(prepareChecked(program, { ...options, target }), options);
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

/** A prepared program on a device. Throws USAGE where it was prepared for one of another kind. */
async function load(
  { planned: { plan, module }, program }: Prepared,
  { device, onProgress }: CompileOptions,
): Promise<Executable | WasmExecutable> {
  const weights = weightsOf(program);
  const isWasm = isWasmDevice(device);
  ensure(isWasm === (module !== undefined), 'USAGE', 'the program was prepared for another kind of device', {
    expected: `the target ${isWasm ? 'WASM_TARGET' : 'DEFAULT_TARGET, SOFTWARE_TARGET'}, or none where it is compiled`,
    where: device.name,
  });
  if (!isWasm) return Executable.create(plan, preludeTexts(), weights, device, onProgress === undefined ? {} : { onProgress }); // prettier-ignore
  const executable = await WasmExecutable.create(plan, module!.bytes, weights, device);
  onProgress?.(plan.pipelines.length, plan.pipelines.length);
  return executable;
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
  return writeBundle(planned.plan, buildPreludes(), weightsOf(program), {
    ...(producer === undefined ? {} : { producer }),
    graph: program.graph,
    ...(wasm === undefined || module === undefined
      ? {}
      : { wasm: { plan: wasm.planned.plan, module: module.bytes, weights: weightsOf(wasm.program) } }),
  });
}

/**
 * Compiles `program`, runs it on the device and in the interpreter, and compares every value that a kernel stores, and the
 * outputs, bit for bit: right where `differences` and `outputDifferences` are empty. Throws what {@link compile} and
 * {@link Executable.run} do.
 */
export async function verify(
  program: Program,
  inputs: Tensors,
  options: CompileAndVerifyOptions,
): Promise<Verification> {
  checkProgram('verify', program);
  checkGraph('verify', program.graph);
  const { onVerify, ...rest } = checkedOptions(options, VERIFY_OPTIONS, 'verify');
  const own = copyInputs(inputSpecs(program.graph), inputs);
  const compiled = await compile(program, rest);
  try {
    return await compiled.verify(own, onVerify === undefined ? {} : { onProgress: onVerify });
  } finally {
    compiled.dispose();
  }
}

/** Throws USAGE for what was not prepared, such as a program. */
function checkPrepared(call: string, prepared: unknown): void {
  const { program, planned } = (prepared ?? {}) as Partial<Prepared>;
  ensure(Array.isArray(planned?.plan?.commands), 'USAGE', 'the program is not prepared', {
    where: call,
    expected: 'prepare(program)',
  });
  checkProgram(call, program);
  checkGraph(call, program.graph);
}
