/** Packs plans of one program for several sizes, which share what they have in common: see src/plan/sizes.ts. */
import { canonicalJson } from '../base/safetensors/format.js';
import type { Graph } from '../ir/graph.js';
import { printGraph } from '../ir/print.js';
import { textWith, type GraphClass, type SizedGraphs } from '../plan/graphs.js';
import type { Plan, PlanPipeline } from '../plan/plan.js';
import type { PlanClass, PlanSize, SizedPlans } from '../plan/sizes.js';
import { apart, type Varying } from '../plan/varying.js';

/** A plan with the values of the symbols that it was made for. */
export interface PlanForSize {
  readonly values: readonly number[];
  readonly plan: Plan;
}

/** A class under construction: the numbers of all of its plans, in their order. */
interface Draft {
  readonly plan: unknown;
  readonly pipelines: readonly number[];
  readonly numbers: (readonly number[])[];
}

/** `plans` as bundles hold them beside the first one; their inputs, as `about` says, are the same but for extents. */
export function packPlans(
  plans: readonly PlanForSize[],
  about: Pick<SizedPlans, 'symbols' | 'inputs'>,
): SizedPlans {
  const pipelines = new Map<string, number>();
  const made: PlanPipeline[] = [];
  const numberOf = (pipeline: PlanPipeline): number => {
    const key = canonicalJson(pipeline);
    const known = pipelines.get(key) ?? made.push(pipeline) - 1;
    pipelines.set(key, known);
    return known;
  };
  const drafts = new Map<string, { readonly group: number; readonly draft: Draft }>();
  const sizes = plans.map(({ values, plan }): PlanSize => {
    const own = plan.pipelines.map(numberOf);
    const json: unknown = JSON.parse(canonicalJson({ ...plan, pipelines: [] }));
    const { blank, numbers } = apart(json);
    const key = canonicalJson([own, blank]);
    const known = drafts.get(key) ?? {
      group: drafts.size,
      draft: { plan: json, pipelines: own, numbers: [] },
    };
    drafts.set(key, known);
    const row = known.draft.numbers.push(numbers) - 1;
    return { values, extents: plan.inputs.flatMap(({ shape }) => shape), at: [known.group, row] };
  });
  const classes = [...drafts.values()].map(({ draft }) => classOf(draft));
  return { ...about, pipelines: made.slice(plans[0].plan.pipelines.length), classes, sizes };
}

const classOf = ({ plan, pipelines, numbers }: Draft): PlanClass => ({
  plan,
  pipelines,
  ...columnsOf(numbers),
});

/** Numbers that are equal in all rows stand in the first; those that change alike share a column. */
function columnsOf(numbers: readonly (readonly number[])[]): Varying {
  const columns = new Map<string, number>();
  const places: number[] = [];
  const changing = numbers[0].flatMap((first, place) => {
    const column = numbers.map((row) => row[place]);
    if (column.every((value) => value === first)) return [];
    const key = column.join();
    const known = columns.get(key) ?? places.push(place) - 1;
    columns.set(key, known);
    return [[place, known] as const];
  });
  return { changing, rows: numbers.map((row) => places.map((place) => row[place])) };
}

/** The graphs of all sizes, as bundles hold them. */
export function packGraphs(graphs: readonly Graph[]): SizedGraphs {
  const drafts = new Map<string, Omit<GraphClass, keyof Varying> & { readonly group: number; readonly numbers: number[][] }>(); // prettier-ignore
  const at = graphs.map((graph) => {
    const text = printGraph(graph);
    const names = graph.nodes.map(({ name = '' }) => name);
    const own: number[] = [];
    const blank = textWith(text, (value) => {
      own.push(value);
      return 0;
    });
    const key = canonicalJson([blank, names]);
    const known = drafts.get(key) ?? { group: drafts.size, text, names, numbers: [] };
    drafts.set(key, known);
    return [known.group, known.numbers.push(own) - 1] as const;
  });
  const classes = [...drafts.values()].map(({ text, names, numbers }) => ({ text, names, ...columnsOf(numbers) })); // prettier-ignore
  return { classes, at };
}
