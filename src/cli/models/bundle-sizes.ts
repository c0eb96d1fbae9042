/** The sizes of a bundle that has several: which one is meant, and what each of them needs. */
import { HeddleError } from '../../base/errors.js';
import { parseJson } from '../../base/fields.js';
import { canonicalJson } from '../../base/safetensors/format.js';
import { checkPlan } from '../../plan/check.js';
import { metadataKey } from '../../plan/container.js';
import { checkSizedGraphs, graphOf } from '../../plan/graphs.js';
import { weightsOf, type Bundle } from '../../plan/read-bundle.js';
import { planOf, type PlanSize, type SizedPlans } from '../../plan/sizes.js';
import type { Dims } from '../terminal/options.js';

/** What one size needs. */
export interface SizeCost {
  /** By the names of the dimensions. */
  readonly sizes: Readonly<Record<string, number>>;
  /** The number of its kind of plan: those of one kind differ in numbers only. */
  readonly kind: number;
  readonly kernels: number;
  /** Pipelines that it uses. */
  readonly pipelines: number;
  /** Pipelines that no size before it in the list uses. */
  readonly newPipelines: number;
  readonly arenaBytes: number;
}

export const namedSizes = ({ symbols }: SizedPlans, { values }: PlanSize): Record<string, number> =>
  Object.fromEntries(symbols.map((symbol, i) => [symbol, values[i]]));

/**
 * The plans for sizes that `--dim` leaves, at least one, of the bundle at `path`. Throws USAGE for a range, ATTRIBUTE_INVALID for a dimension
 * that there is not, INPUT_SHAPE for a size that the bundle was not compiled for; their place is the option.
 */
export function sizesWith(sized: SizedPlans, dims: Dims = {}, path: string): SizedPlans {
  let left = sized.sizes;
  for (const [name, value] of Object.entries(dims)) {
    const at = sized.symbols.indexOf(name);
    const where = `--dim ${name}, ${path}`;
    if (at < 0)
      throw new HeddleError('ATTRIBUTE_INVALID', 'the bundle has no dimension of that name', {
        where,
        found: name,
        expected: `one of ${sized.symbols.join(', ')}`,
      });
    if (typeof value !== 'number')
      throw new HeddleError('USAGE', 'a bundle is looked at and run for one size', {
        where,
        expected: `--dim ${name}=VALUE`,
      });
    const fitting = left.filter(({ values }) => values[at] === value);
    if (fitting.length === 0)
      throw new HeddleError('INPUT_SHAPE', 'the bundle was not compiled for this size', {
        where,
        found: `${value}`,
        expected: [...new Set(left.map(({ values }) => values[at]))].join(', '),
      });
    left = fitting;
  }
  return { ...sized, sizes: left };
}

/** The bundle as it would be for this size alone. */
export function forSize(bundle: Bundle, sized: SizedPlans, size: PlanSize): Bundle {
  const at = sized.sizes.indexOf(size);
  if (at === 0) return bundle;
  const plan = checkPlan(planOf(sized, bundle.plan, size), metadataKey('sizes'));
  const { container } = bundle;
  const found = graphIn(container.metadata, sized, at);
  const metadata = found === undefined ? container.metadata : { ...container.metadata, [metadataKey('names')]: canonicalJson(found.names) }; // prettier-ignore
  const weights = weightsOf(plan, container);
  return { ...bundle, plan, graph: found?.text, container: { ...container, metadata }, weights };
}

/** The graph of size number `at`, where the bundle has it. */
function graphIn(
  metadata: Bundle['container']['metadata'],
  sized: SizedPlans,
  at: number,
): ReturnType<typeof graphOf> | undefined {
  const key = metadataKey('graphs');
  if (!Object.hasOwn(metadata, key)) return undefined;
  return graphOf(parseJson(metadata[key], checkSizedGraphs(sized.sizes.length), key), at);
}

/** What each size needs, in the order of the bundle. */
export function costsOf(bundle: Bundle, sized: SizedPlans): readonly SizeCost[] {
  const seen = new Set<number>();
  return sized.sizes.map((size) => {
    const { arenaBytes, commands } = checkPlan(planOf(sized, bundle.plan, size), metadataKey('sizes'));
    const [kind] = size.at;
    const { pipelines } = sized.classes[kind];
    const fresh = pipelines.filter((pipeline) => !seen.has(pipeline));
    for (const pipeline of fresh) seen.add(pipeline);
    return {
      sizes: namedSizes(sized, size),
      kind,
      kernels: commands.length,
      pipelines: pipelines.length,
      newPipelines: fresh.length,
      arenaBytes,
    };
  });
}
