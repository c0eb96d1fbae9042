/**
 * Plans that were made for sizes which may come again, long after what runs them was freed. Plans that differ in numbers only are one,
 * with the numbers of each: a size takes some kilobytes, and gets back the plan that was made for it, number by number.
 */
import { Cache } from '../base/cache.js';
import { fault } from '../base/errors.js';
import { Lease } from '../base/lease.js';
import type { TensorData } from '../base/tensor.js';
import type { Plan, PlanPipeline, PlanWeight } from '../plan/plan.js';
import { inspectedPlan } from '../plan/summary.js';
import { apart, withNumbers } from '../plan/varying.js';
import { haveSameWords } from '../runtime/words.js';
import { Interned } from './interned.js';

/** A plan with its weights, in the order in which it lists them. */
export interface WeighedPlan {
  readonly plan: Plan;
  readonly weights: readonly TensorData[];
}

/** The same, with what holds its pipelines for as long as it is remembered. */
export interface RememberedPlan extends WeighedPlan {
  readonly keeper: Lease;
}

/** What plans that differ in numbers only have in common. */
interface Kind {
  /** A plan without pipelines and weights, all of whose numbers are 0. */
  readonly blank: unknown;
  readonly pipelines: readonly PlanPipeline[];
}

interface Row {
  readonly kind: Kind;
  readonly numbers: Float64Array;
  readonly list: readonly PlanWeight[];
  readonly weights: readonly TensorData[];
  readonly keeper: Lease;
}

export class RememberedPlans {
  private readonly kinds = new Interned<Kind>((a, b) => areSame(a.pipelines, b.pipelines));
  private readonly lists = new Interned<readonly PlanWeight[]>(() => true);
  private readonly weights = new Interned<TensorData>(
    (a, b) => `${a.shape}` === `${b.shape}` && haveSameWords(a, b),
  );
  private readonly rows: Cache<string, Row>;

  constructor(limit: number) {
    this.rows = new Cache(limit, ({ keeper }) => keeper.release());
  }

  /** How many kinds of plans and how many weights there are. */
  get held(): { readonly kinds: number; readonly weights: number } {
    return { kinds: this.kinds.size, weights: this.weights.size };
  }

  /** Remembers a plan for `sizes`. A weight that is remembered already is one tensor with it. */
  keep(sizes: string, { plan, weights: given }: WeighedPlan): RememberedPlan {
    const { pipelines, weights: list } = plan;
    const { blank, numbers } = apart({ ...plan, pipelines: [], weights: [] });
    const keeper = new Lease();
    const row = {
      kind: this.kinds.take(keeper, JSON.stringify(blank), { blank, pipelines }),
      numbers: Float64Array.from(numbers),
      list: this.lists.take(keeper, JSON.stringify(list), list),
      weights: list.map(({ id }, i) => this.weights.take(keeper, id, given[i])),
      keeper,
    };
    this.rows.find(sizes)?.keeper.release();
    this.rows.put(sizes, row);
    return { plan, weights: row.weights, keeper };
  }

  /** The plan for `sizes`; undefined where none is remembered. */
  find(sizes: string): RememberedPlan | undefined {
    const row = this.rows.find(sizes);
    if (row === undefined) return undefined;
    const { kind, numbers, list, weights, keeper } = row;
    let place = 0;
    const rest = withNumbers(kind.blank, () => numbers[place++]) as Plan;
    if (place !== numbers.length) fault('a remembered plan has another number of numbers');
    const plan = inspectedPlan({ ...rest, pipelines: kind.pipelines, weights: list });
    return { plan, weights, keeper };
  }

  /** Forgets all. */
  clear(): void {
    this.rows.clear();
  }
}

const areSame = (a: readonly PlanPipeline[], b: readonly PlanPipeline[]): boolean =>
  a.length === b.length &&
  a.every((pipeline, i) => pipeline.code === b[i].code && JSON.stringify(pipeline) === JSON.stringify(b[i]));
