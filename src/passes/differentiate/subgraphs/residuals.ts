/** What a trip leaves for the way back: which values are kept, and which are made again. */
import { GraphBuilder, type GraphValue } from '../../../ir/builder.js';
import { dimProduct, isStatic } from '../../../ir/dim.js';
import type { ValueId } from '../../../ir/graph.js';
import { traitsOf } from '../../../ir/ops.js';
import { graphIn } from '../../../ir/subgraphs.js';
import type { TensorType } from '../../../ir/types.js';
import type { SubgraphCall } from '../rule.js';
import type { TripBack } from './body.js';
import { ancestors } from './cut.js';

/** What the way back needs of the trips, by where it comes from. */
export interface Residuals {
  readonly sliced: readonly number[];
  readonly captured: readonly number[];
  /** Stacked by the loop: parts of its value. */
  readonly stacked: readonly {
    readonly at: number;
    readonly id: ValueId;
    readonly axis: number;
    readonly step: number;
  }[];
  /** What a trip gave to the one after it, which has been there: carried from there. */
  readonly carried: readonly { readonly at: number; readonly next: ValueId; readonly from: ValueId }[];
  /** The part that tells which trips were made, where not all are. */
  readonly made: number | undefined;
}

/** Lets the loop of a call stack what `outputs`, of the way back, need of it. */
export function keepResiduals(
  { b, node, value }: SubgraphCall<'loop'>,
  trip: TripBack,
  outputs: readonly ValueId[],
): Residuals {
  const { attrs } = node;
  const isForward = (id: ValueId): boolean => {
    if (id < trip.size) return true;
    const { op, inputs } = trip.b.node(trip.b.value(id));
    return op === 'result' && isForward(inputs[0]);
  };
  const indexOf = (list: readonly GraphValue[], id: ValueId): number =>
    list.findIndex((one) => one.id === id);
  const isOutside = (id: ValueId): boolean =>
    indexOf([...trip.params.sliced, ...trip.params.captures], id) >= 0;
  const isCounted = isStatic(attrs.trips);
  const needed = ancestors(trip.b, outputs, isForward).filter(isForward);
  const kept = [...keptValues(trip.b, needed, (id) => isOutside(id) || (isCounted && id === trip.trip.id))];
  const used = new Set(ancestors(trip.b, needed, (id) => kept.includes(id)));

  const body = new GraphBuilder(graphIn(attrs.body).name);
  const values = new Map<ValueId, GraphValue>();
  const copy = (id: ValueId): void => {
    const { op, inputs, attrs: own, name, type } = trip.b.node(trip.b.value(id));
    const operands = inputs.map((one) => values.get(one)!);
    values.set(
      id,
      op === 'param' ? body.param(`p${id}`, type.dtype, type.shape) : body.emit(op, operands, own, name),
    );
  };
  for (let id = 0; id < trip.size; id++) copy(id);
  graphIn(attrs.body).outputs.forEach(({ name }, i) => {
    const all = [
      ...(trip.outputs.condition === undefined ? [] : [trip.outputs.condition]),
      ...trip.outputs.carried,
      ...trip.outputs.slices,
    ];
    body.output(name, values.get(all[i].id)!);
  });
  const stackAxes = [...attrs.stackAxes];
  const stackSteps = [...attrs.stackSteps];
  const stack = (inner: GraphValue): number => {
    body.output(`kept:${stackAxes.length}`, inner);
    stackAxes.push(0);
    stackSteps.push(1);
    return attrs.carries + stackAxes.length - 1;
  };
  const carried: { at: number; next: ValueId; from: ValueId }[] = [];
  const stacked: { at: number; id: ValueId; axis: number; step: number }[] = [];
  for (const id of kept) {
    const i = indexOf(trip.outputs.carried, id);
    const from = i < 0 ? undefined : trip.params.carried[i].id;
    if (from !== undefined && from !== id && kept.includes(from)) {
      carried.push({ at: i, next: id, from });
      continue;
    }
    const k = indexOf(trip.outputs.slices, id);
    if (k >= 0) {
      stacked.push({ at: attrs.carries + k, id, axis: stackAxes[k], step: stackSteps[k] });
      continue;
    }
    if (!values.has(id)) copy(id);
    stacked.push({ at: stack(values.get(id)!), id, axis: 0, step: 1 });
  }
  const made = attrs.conditional ? stack(body.constant('bool', [], 1)) : undefined;
  if (stackAxes.length > attrs.stackAxes.length)
    b.extendLoop(b.value(value.id), { ...attrs, body: body.build(), stackAxes, stackSteps });
  const indices = (list: readonly GraphValue[]): number[] =>
    list.flatMap(({ id }, i) => (used.has(id) ? [i] : []));
  return {
    sliced: indices(trip.params.sliced),
    captured: indices(trip.params.captures),
    stacked,
    carried,
    made,
  };
}

/**
 * Which of the forward values have to be kept so that all of `needed` are at hand. `isGiven` holds for those that the way
 * back has anyway. What a few operations make of values that are at hand is made again, with the same bits; so are views of
 * what is not larger, which is kept in their place.
 */
function keptValues(
  b: GraphBuilder,
  needed: readonly ValueId[],
  isGiven: (id: ValueId) => boolean,
): ReadonlySet<ValueId> {
  const kept = new Set<ValueId>();
  const known = new Map<ValueId, boolean>();
  /** Whether a value can be made from what is given and kept so far at little cost. */
  const isAtHand = (id: ValueId): boolean => {
    if (isGiven(id) || kept.has(id)) return true;
    const before = known.get(id);
    if (before !== undefined) return before;
    const { op, inputs } = b.node(b.value(id));
    const { cost } = traitsOf(op);
    const cheap = op !== 'param' && (cost === 'view' || cost === 'light') && inputs.every(isAtHand);
    // What is not at hand now may be later.
    if (cheap) known.set(id, true);
    return cheap;
  };
  const keep = (id: ValueId): void => {
    if (isAtHand(id)) return;
    const { op, inputs, type } = b.node(b.value(id));
    const missing = inputs.filter((input) => !isAtHand(input));
    const types = missing.map((input) => b.value(input).type);
    if (
      op !== 'param' &&
      traitsOf(op).cost === 'view' &&
      types.every(({ parts }) => parts === undefined) &&
      isNoLarger(types, type)
    )
      missing.forEach(keep);
    else kept.add(id);
  };
  needed.forEach(keep);
  return kept;
}

function isNoLarger(types: readonly TensorType[], than: TensorType): boolean {
  const sizes = types.map(({ shape }) => dimProduct(shape));
  const most = dimProduct(than.shape);
  if (typeof most !== 'number') return false;
  return sizes.every((size) => typeof size === 'number') && sizes.reduce((x, y) => Number(x) + Number(y), 0) <= most; // prettier-ignore
}
