/** From a program to a plan: the passes and code generation put together, without a device. */
import { ensure } from './base/errors.js';
import { inspectedAs } from './base/inspect.js';
import { flag, kind, listOf, oneOf } from './base/kinds.js';
import { checkedOptions, type OptionTable } from './base/options.js';
import type { Kernel } from './codegen/kernel/body.js';
import { KernelFamilies } from './codegen/kernel/families.js';
import { kernelsOf, makePlan, type PlannedProgram, type Sharing } from './codegen/plan.js';
import { givenProgram } from './given-program.js';
import { checkGraph } from './ir/check-program.js';
import type { Program } from './ir/graph.js';
import { MAX_TRIPS } from './ir/ops.js';
import { checkWeights } from './ir/weights.js';
import type { SubnormalMode } from './numerics/subnormals.js';
import { donationsOf, isDonation, type NamedDonation, type PortRequest } from './passes/memory/donations.js';
import { legalise, stage, type PipelineRequest } from './passes/pipeline.js';
import type { StageReport } from './passes/stage-log.js';
import { completeTarget, isTarget, type GivenTarget } from './passes/target.js';
import { describePlan } from './plan/summary.js';

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
   * What becomes of subnormals, where the target is WASM_TARGET. `flush` gives the bits of devices that flush them, at a price.
   * Default: what the device at hand does, or preserve.
   */
  readonly subnormals?: SubnormalMode;
  /**
   * Keep every input and output in a buffer of its own, which the caller gives at each dispatch (see
   * `Executable.dispatch`), and not in the arena.
   */
  readonly residents?: boolean;
  /**
   * With `residents`: inputs whose buffers the caller gives up, each to an output that may be written in place. Where that
   * was possible the output has the port of the input in the plan; elsewhere it has a buffer of its own.
   */
  readonly donate?: readonly NamedDonation[];
  /**
   * Trips after which a while without a bound is stopped, with LIMIT_EXCEEDED; an odd number stands for the next even one.
   * Default: 2^20.
   */
  readonly maxTrips?: number;
}

export const PREPARE_OPTIONS: OptionTable<PrepareOptions> = {
  numerics: oneOf('exact'),
  target: kind(
    'DEFAULT_TARGET, SOFTWARE_TARGET, WASM_TARGET or another { storageBuffers, invocations, rowsAlone }, of at least 8 buffers',
    isTarget,
  ),
  subnormals: oneOf('preserve', 'flush'),
  residents: flag,
  donate: listOf('{ input, output }, which are names', isDonation),
  maxTrips: kind(`a number of trips up to ${MAX_TRIPS}`, isTripCount),
};

function isTripCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && Number(value) > 0 && Number(value) <= MAX_TRIPS;
}

/** A program after the passes, with its plan: everything but a device. */
export interface Prepared {
  /** The program before the passes: what `CompiledProgram.verify` holds the others against. */
  readonly original: Program;
  readonly program: Program;
  readonly planned: PlannedProgram;
  /** What each stage of the pipeline did; those that were run. */
  readonly log: readonly StageReport[];
}

/**
 * Optimises, fuses, lowers and plans `program`, all of whose shapes must be numbers (else DIM_UNBOUND). Needs no device and no driver. Throws WEIGHT_MISSING
 * or WEIGHT_INVALID where its weights are not those of its graph, USAGE for options that are none.
 */
export function prepare(program: Program, options: PrepareOptions = {}): Prepared {
  givenProgram('prepare', program);
  checkGraph('prepare', program.graph);
  return prepareChecked(program, planningOf(program, checkedOptions(options, PREPARE_OPTIONS, 'prepare')));
}

/** What {@link PrepareOptions} say about a plan, with inputs and outputs by their places. */
export interface Planning extends Omit<PrepareOptions, 'numerics' | 'residents' | 'donate'> {
  /** Set where inputs and outputs lie in buffers of the caller's. */
  readonly ports?: PortRequest | undefined;
}

/** Throws USAGE where a donation names no input or output of `program`, or inputs are not resident. */
export function planningOf(
  { graph }: Program,
  { target, subnormals, maxTrips, residents = false, donate = [] }: PrepareOptions,
): Planning {
  ensure(residents || donate.length === 0, 'USAGE', 'only resident inputs can be donated', {
    expected: 'residents: true',
  });
  const ports = residents ? { donate: donationsOf(graph, donate) } : undefined;
  return {
    ...(target && { target }),
    ...(subnormals && { subnormals }),
    ...(maxTrips && { maxTrips }),
    ports,
  };
}

/** {@link prepare} of a graph and with options that are checked. */
export function prepareChecked(program: Program, planning: Planning, sharing?: Sharing): Prepared {
  checkWeights(program);
  const legal = legalise(program, { target: completeTarget(planning.target) });
  const { program: optimized, planned, log } = planStages(legal.program, planning, sharing);
  return prepared(optimized, planned, [...legal.log, ...log], program);
}

/** Other sizes of a program, which show what depends on them. */
export type SampleSource = () => readonly Program[];

/** How the plan of a program for some sizes shares kernels with those for others. */
export type KernelSharer = (planning: Planning, samples: SampleSource) => Sharing;

/** What the plans of one program for several sizes share; undefined where the engine of `given` shares no kernels. */
export function kernelSharing(given: GivenTarget | undefined): KernelSharer | undefined {
  if (completeTarget(given).maxParams === 0) return undefined;
  const families = new KernelFamilies();
  return (planning, samples) => ({
    share: (kernels, target) =>
      families.share(kernels, target, () => samples().map((sample) => kernelsFor(sample, planning))),
    code: (body, print) => families.code(body, print),
  });
}

/** The kernels of a program, as it would be prepared. */
function kernelsFor(program: Program, planning: Planning): readonly Kernel[] {
  const request = requestOf(planning);
  return kernelsOf(stage(legalise(program, request).program, request), request.target);
}

/**
 * The second half of {@link prepare}, for a program that is optimised already, such as the graph in a bundle. Throws USAGE
 * where a donation names no input or output, and for options that are none.
 */
export function planProgram(program: Program, options: PrepareOptions = {}): Prepared {
  givenProgram('planProgram', program);
  checkGraph('planProgram', program.graph);
  checkWeights(program);
  return planStages(program, planningOf(program, checkedOptions(options, PREPARE_OPTIONS, 'planProgram')));
}

/** The stages of the pipeline after the rewriting ones, and code generation. */
export function planStages(legal: Program, planning: Planning, sharing?: Sharing): Prepared {
  const request = requestOf(planning);
  const staged = stage(legal, request);
  const planned = makePlan(staged, request.target, { subnormals: planning.subnormals, sharing });
  return prepared(staged.program, planned, staged.log);
}

const requestOf = ({ target, ports, maxTrips }: Planning): PipelineRequest => ({
  target: completeTarget(target),
  ports,
  ...(maxTrips === undefined ? {} : { maxTrips }),
});

const prepared = (
  program: Program,
  planned: PlannedProgram,
  log: readonly StageReport[],
  original = program,
): Prepared => inspectedAs({ original, program, planned, log }, () => describePlan('Prepared', planned.plan));

/** Throws USAGE for what was not prepared, such as a program. */
export function checkPrepared(call: string, prepared: unknown): void {
  const { program, planned } = (prepared ?? {}) as Partial<Prepared>;
  ensure(Array.isArray(planned?.plan?.commands), 'USAGE', 'the program is not prepared', {
    where: call,
    expected: 'prepare(program)',
  });
  givenProgram(call, program);
  checkGraph(call, program.graph);
}
