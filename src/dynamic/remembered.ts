/**
 * Plans that were made for sizes which may come again, long after what runs them was freed. Plans that differ in numbers only are one,
 * with the numbers of each: a size takes some kilobytes, and gets back the plan that was made for it, number by number. A size may have
 * weights of its own as well, and on a CPU has code of its own, so that bytes are bounded beside sizes.
 */
import { Cache } from '../base/cache.js';
import { fault } from '../base/errors.js';
import { Lease } from '../base/lease.js';
import type { TensorData } from '../base/tensor.js';
import { MAX_SIZES } from '../ir/sizes-within.js';
import type { Plan, PlanPipeline, PlanWeight } from '../plan/plan.js';
import { inspectedPlan } from '../plan/summary.js';
import { apart, withNumbers } from '../plan/varying.js';
import { haveSameWords } from '../runtime/words.js';
import { Footprint } from './footprint.js';
import { Interned } from './interned.js';

/** A plan with its weights, in the order in which it lists them. */
export interface WeighedPlan {
  readonly plan: Plan;
  readonly weights: readonly TensorData[];
  /** Its kernels, where they are WebAssembly. */
  readonly code?: WebAssembly.Module | undefined;
  /** Bytes of that module before it was compiled. */
  readonly codeBytes?: number;
}

/** Sizes of one program whose plans are remembered: as many as are compiled ahead at most, and as many again that runs bring meanwhile. */
export const MAX_REMEMBERED_SIZES = 2 * MAX_SIZES;

/** Bytes that plans of one program may be remembered with, where nobody says: those that some of them have and others do not. */
export const MAX_REMEMBERED_BYTES = 2 ** 28;

/** Memory of a compiled module for each of its bytes, roughly: its text, and the code of two tiers. */
const COMPILED_PER_BYTE = 8;

/** The same, with what holds its pipelines for as long as it is remembered. */
export interface RememberedPlan extends WeighedPlan {
  readonly keeper: Lease;
}

/** What is bounded of what is remembered. */
export type RememberedLimit = 'sizes' | 'bytes';

/** What plans that differ in numbers only have in common. */
interface Kind {
  /** A plan without pipelines and weights, all of whose numbers are 0. */
  readonly blank: unknown;
  readonly pipelines: readonly PlanPipeline[];
  /** Of its text. */
  readonly bytes: number;
}

interface Row {
  readonly kind: Kind;
  readonly numbers: Float64Array;
  readonly list: readonly PlanWeight[];
  readonly weights: readonly TensorData[];
  readonly code: WebAssembly.Module | undefined;
  /** What it is made of, with the bytes of each. */
  readonly parts: ReadonlyMap<object, number>;
  readonly keeper: Lease;
}

export class RememberedPlans {
  private readonly kinds = new Interned<Kind>((a, b) => areSame(a.pipelines, b.pipelines));
  private readonly lists = new Interned<readonly PlanWeight[]>(() => true);
  private readonly weights = new Interned<TensorData>(
    (a, b) => `${a.shape}` === `${b.shape}` && haveSameWords(a, b),
  );
  private readonly rows: Cache<string, Row>;
  private readonly footprint = new Footprint();
  private limitHit: RememberedLimit | undefined;

  /** For at most `limit` sizes and `maxBytes`, of what some plans have and others do not. What was not used for longest goes first. */
  constructor(
    limit: number,
    private readonly maxBytes: number,
  ) {
    this.rows = new Cache(limit, (row) => {
      this.limitHit = 'sizes';
      this.forget(row);
    });
  }

  /** How many kinds of plans and how many weights there are, and the bytes that are bounded. */
  get held(): { readonly kinds: number; readonly weights: number; readonly bytes: number } {
    return { kinds: this.kinds.size, weights: this.weights.size, bytes: this.footprint.bytes };
  }

  /** The limit for which a plan was forgotten last. */
  get limit(): RememberedLimit | undefined {
    return this.limitHit;
  }

  /** Whether there is a plan for `sizes`, which is no use of it. */
  has(sizes: string): boolean {
    return this.rows.has(sizes);
  }

  /** Whether there is a plan for `sizes`, which counts as a use of it. */
  renew(sizes: string): boolean {
    return this.rows.find(sizes) !== undefined;
  }

  /** Remembers a plan for `sizes`. A weight that is remembered already is one tensor with it. */
  keep(sizes: string, { plan, weights: given, code, codeBytes = 0 }: WeighedPlan): RememberedPlan {
    const { pipelines, weights: list } = plan;
    const { blank, numbers } = apart({ ...plan, pipelines: [], weights: [] });
    const keeper = new Lease();
    const text = JSON.stringify(blank);
    const bytes = pipelines.reduce((sum, each) => sum + each.code.length, text.length);
    const kind = this.kinds.take(keeper, text, { blank, pipelines, bytes });
    const own = Float64Array.from(numbers);
    const weights = list.map(({ id }, i) => this.weights.take(keeper, id, given[i]));
    const parts = new Map<object, number>([
      [kind, kind.bytes],
      [own, own.byteLength],
    ]);
    for (const tensor of weights) parts.set(tensor, tensor.data.byteLength);
    if (code !== undefined) parts.set(code, COMPILED_PER_BYTE * codeBytes);
    const earlier = this.rows.find(sizes);
    if (earlier !== undefined) this.forget(earlier);
    this.footprint.add(parts);
    const places = this.lists.take(keeper, JSON.stringify(list), list);
    this.rows.put(sizes, { kind, numbers: own, list: places, weights, code, parts, keeper });
    // The plan that was made last stays: alone it has nothing that others do not have.
    while (this.footprint.bytes > this.maxBytes) {
      this.rows.evict();
      this.limitHit = 'bytes';
    }
    return { plan, weights, code, keeper };
  }

  /** The plan for `sizes`; undefined where none is remembered. */
  find(sizes: string): RememberedPlan | undefined {
    const row = this.rows.find(sizes);
    if (row === undefined) return undefined;
    const { kind, numbers, list, weights, code, keeper } = row;
    let place = 0;
    const rest = withNumbers(kind.blank, () => numbers[place++]) as Plan;
    if (place !== numbers.length) fault('a remembered plan has another number of numbers');
    const plan = inspectedPlan({ ...rest, pipelines: kind.pipelines, weights: list });
    return { plan, weights, code, keeper };
  }

  /** Forgets all. */
  clear(): void {
    this.rows.clear();
  }

  private forget({ parts, keeper }: Row): void {
    this.footprint.remove(parts);
    keeper.release();
  }
}

const areSame = (a: readonly PlanPipeline[], b: readonly PlanPipeline[]): boolean =>
  a.length === b.length &&
  a.every((pipeline, i) => pipeline.code === b[i].code && JSON.stringify(pipeline) === JSON.stringify(b[i]));
