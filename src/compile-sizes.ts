/** Bundles of programs with free dimensions: every size within given ranges is compiled ahead of time. */
import { ensure, HeddleError } from './base/errors.js';
import { func, text } from './base/kinds.js';
import { checkedOptions, type OptionTable } from './base/options.js';
import { writeBundle } from './codegen/bundle.js';
import { packGraphs, packPlans } from './codegen/sizes.js';
import { buildPreludes } from './codegen/wgsl/prelude.js';
import { givenProgram } from './given-program.js';
import { checkGraph } from './ir/check-program.js';
import type { DimBindings } from './ir/dim.js';
import type { DimRange, FreeDims, Program } from './ir/graph.js';
import { bindSizes, forSizes, freeDimsOf } from './ir/sizes.js';
import { DIMS_WITHIN, sizesWithin } from './ir/sizes-within.js';
import { weightsOf } from './ir/weights.js';
import { completeTarget } from './passes/target.js';
import { kernelSharing, planningOf, PREPARE_OPTIONS, prepareChecked, type Prepared, type PrepareOptions } from './prepare.js'; // prettier-ignore

export interface DynamicBundleOptions extends Pick<PrepareOptions, 'numerics' | 'target' | 'maxTrips'> {
  /** Sizes of free dimensions, or the ranges for which to compile; they go before those that the program came with. */
  readonly dims?: Readonly<Record<string, number | DimRange>>;
  /** Name and version of what writes the bundle. */
  readonly producer?: string;
  /** Called after each size with the number of those that are done, and of all. */
  readonly onProgress?: (done: number, total: number) => void;
}

const OPTIONS: OptionTable<DynamicBundleOptions> = {
  numerics: PREPARE_OPTIONS.numerics,
  target: PREPARE_OPTIONS.target,
  maxTrips: PREPARE_OPTIONS.maxTrips,
  dims: DIMS_WITHIN,
  producer: text,
  onProgress: func,
};

/** A bundle for several sizes, and what is in it. */
export interface DynamicBundle {
  readonly bytes: Uint8Array;
  /** The sizes that it has plans for, by the names of the dimensions. */
  readonly sizes: readonly DimBindings[];
  /** Of the first of them. */
  readonly prepared: Prepared;
  /** Plans that differ in more than numbers. */
  readonly classes: number;
  /** Pipelines of all plans together. */
  readonly pipelines: number;
  /** The largest arena. */
  readonly arenaBytes: number;
}

/**
 * A bundle with a plan for every combination of sizes within the ranges of the program's free dimensions, which
 * `loadDynamicBundle` of `heddle/runtime/dynamic` runs; for `loadBundle` it is one of its first sizes. Each plan is that of
 * the program for these sizes, so that bits are, too; they share weights and, where kernels differ in numbers only, pipelines.
 * Needs no device. Throws USAGE for a program without free dimensions, DIM_UNBOUND where one has no range, LIMIT_EXCEEDED for
 * more than 1024 combinations, and what `prepare` throws for one of them.
 */
export async function toDynamicBundle(
  program: Program,
  given: DynamicBundleOptions = {},
): Promise<DynamicBundle> {
  givenProgram('toDynamicBundle', program);
  const { dims = {}, producer, onProgress, ...options } = checkedOptions(given, OPTIONS, 'toDynamicBundle');
  const isWasm = completeTarget(options.target).code === 'wasm';
  ensure(!isWasm, 'USAGE', 'bundles for several sizes have kernels for WebGPU', { where: 'toDynamicBundle' });
  const free = freeDimsIn(program);
  const sizes = sizesWithin(free, dims);
  const sharing = kernelSharing(options.target);
  const samples = (): Program[] => spread(sizes).flatMap((each) => refusing(() => free.bind(each)));
  const prepared = sizes.map((each, i) => {
    const made = forSizes(free, each, () => {
      const bound = bindSizes(free, each);
      const planning = planningOf(bound, options);
      checkGraph('prepare', bound.graph);
      return prepareChecked(bound, planning, sharing?.(planning, samples));
    });
    onProgress?.(i + 1, sizes.length);
    return made;
  });
  const symbols = free.symbols;
  const plans = prepared.map(({ planned: { plan }, program: own }) => ({ plan, weights: weightsOf(own) }));
  const [first] = plans;
  const packed = packPlans(
    plans.map(({ plan }, i) => ({ plan, values: symbols.map((name) => sizes[i][name]) })),
    {
      symbols,
      inputs: free.inputs.map(({ name, dtype, shape }) => ({ name, dtype, axes: shape.map(String) })),
    },
  );
  const graphs = packGraphs(prepared.map((each) => each.program.graph));
  const bytes = await writeBundle(first.plan, buildPreludes(), first.weights, {
    ...(producer === undefined ? {} : { producer }),
    graph: prepared[0].program.graph,
    sized: { sizes: packed, plans, graphs },
  });
  return {
    bytes,
    sizes,
    prepared: prepared[0],
    classes: packed.classes.length,
    pipelines: first.plan.pipelines.length + packed.pipelines.length,
    arenaBytes: plans.reduce((most, { plan }) => Math.max(most, plan.arenaBytes), 0),
  };
}

function freeDimsIn(program: Program): FreeDims {
  if (program.free === undefined) checkGraph('toDynamicBundle', program.graph);
  const free = freeDimsOf(program);
  ensure(free !== undefined, 'USAGE', 'the program has no free dimensions', {
    where: 'toDynamicBundle',
    hint: 'toBundle(prepare(program))',
  });
  return free;
}

/** Sizes that show what changes, at most. */
const MAX_SAMPLES = 16;

/** Some of all sizes, the first and the last among them. */
function spread(sizes: readonly DimBindings[]): readonly DimBindings[] {
  if (sizes.length <= MAX_SAMPLES) return sizes;
  const step = (sizes.length - 1) / (MAX_SAMPLES - 1);
  return Array.from({ length: MAX_SAMPLES }, (_, i) => sizes[Math.floor(i * step)]);
}

/** What `make` gives; nothing where it throws a HeddleError, which the size itself will say. */
function refusing<T>(make: () => T): T[] {
  try {
    return [make()];
  } catch (error) {
    if (error instanceof HeddleError) return [];
    throw error;
  }
}
