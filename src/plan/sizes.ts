/**
 * Plans of one program for several sizes, as a bundle holds them: those that differ in numbers only are one plan, with the numbers
 * of each. Nothing is computed from sizes when they are read, so that each plan is the one that was made for them.
 */
import { count, list, must, object, oneOf, same, text, type Check } from '../base/fields.js';
import { DTYPES, type DType } from '../base/dtype.js';
import type { Plan, PlanPipeline } from './plan.js';
import { checkRows, numbersOf, pair, withNumbers, type Varying } from './varying.js';

/** Plans that differ in numbers only. */
export interface PlanClass extends Varying {
  /** The plan for the first of its sizes, without pipelines, as JSON has it. */
  readonly plan: unknown;
  /** Its pipelines, by their places among those of the bundle's own plan and {@link SizedPlans.pipelines}, end to end. */
  readonly pipelines: readonly number[];
}

/** All plans of a bundle. */
export interface SizedPlans {
  /** What free dimensions are called. */
  readonly symbols: readonly string[];
  readonly inputs: readonly SizedInput[];
  /** Pipelines that the bundle's own plan does not have. */
  readonly pipelines: readonly PlanPipeline[];
  readonly classes: readonly PlanClass[];
  /** The sizes that there are: values of the symbols, shapes of all inputs end to end, and where the plan is. */
  readonly sizes: readonly PlanSize[];
}

export interface SizedInput {
  readonly name: string;
  readonly dtype: DType;
  /** Its axes as people read them: numbers, and dimensions as text. */
  readonly axes: readonly string[];
}

export interface PlanSize {
  readonly values: readonly number[];
  readonly extents: readonly number[];
  /** Its class, and its row there. */
  readonly at: readonly [group: number, row: number];
}

/** The plan of a size, as JSON has it: `checkPlan` says whether it is one. `base`: the bundle's own. */
export function planOf(
  { classes, pipelines }: SizedPlans,
  base: Plan,
  { at: [group, row] }: PlanSize,
): object {
  const { plan, pipelines: own, ...varying } = classes[group];
  const made = withNumbers(plan, numbersOf(varying, row));
  const all = [...base.pipelines, ...pipelines];
  return { ...(made as object), pipelines: own.map((pipeline) => all[pipeline]) };
}

const anything: Check<unknown> = (value) => value;
const counts = list(count);
/** Numbers of plans, of which `checkPlan` knows more. */
const amounts = list((value: unknown, path): number => {
  must(typeof value === 'number', 'a field has a wrong value', path, typeof value, 'a number');
  return value;
});

const fields: Check<SizedPlans> = object<SizedPlans>({
  symbols: list(text),
  inputs: list(object<SizedInput>({ name: text, dtype: oneOf(...DTYPES), axes: list(text) })),
  pipelines: list(anything as Check<PlanPipeline>),
  classes: list(
    object<PlanClass>({ plan: anything, pipelines: counts, changing: list(pair), rows: list(amounts) }),
  ),
  sizes: list(object<PlanSize>({ values: counts, extents: counts, at: pair })),
});

/**
 * Throws FILE_CORRUPT unless every reference in `value` is good. What plans say of themselves is not looked at. `base`: the bundle's
 * own plan.
 */
export const checkSizedPlans =
  (base: Plan): Check<SizedPlans> =>
  (value, path) => {
    const sized = fields(value, path);
    const { symbols, inputs, classes, sizes } = sized;
    const pipelines = base.pipelines.length + sized.pipelines.length;
    classes.forEach(({ plan, pipelines: own, ...varying }, i) => {
      const where = `${path}.classes[${i}]`;
      must(typeof plan === 'object' && plan !== null, 'a class has no plan', where);
      for (const pipeline of own) must(pipeline < pipelines, 'the pipeline is out of range', where, pipeline);
      checkRows(varying, where);
    });
    const axes = inputs.reduce((sum, input) => sum + input.axes.length, 0);
    must(sizes.length > 0, 'there are no sizes', path);
    sizes.forEach(({ values, extents, at: [group, row] }, i) => {
      const where = `${path}.sizes[${i}]`;
      same(values.length, symbols.length, 'wrong number of values', where);
      same(extents.length, axes, 'wrong number of extents', where);
      must(group < classes.length && row < classes[group].rows.length, 'there is no such plan', where);
    });
    return sized;
  };
