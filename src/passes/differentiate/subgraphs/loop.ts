/**
 * The way back through a loop is a loop from the last trip to the first. It carries the cotangents of the carried values,
 * and those of the captures, to which each trip adds; those of the slices it stacks. What it needs of the trips, the loop
 * stacks for it; values that the body rematerialises are none of that.
 *
 * The order in which contributions are added is that of the loop spelled out: see `pullback`. Zeros that stand for nothing
 * are negative, for those change no sum.
 */
import { HeddleError } from '../../../base/errors.js';
import { GraphBuilder, type GraphValue } from '../../../ir/builder.js';
import { dimSub } from '../../../ir/dim.js';
import type { Graph, Node, ValueId } from '../../../ir/graph.js';
import { graphIn, loopOperands } from '../../../ir/subgraphs.js';
import type { OpAttrs } from '../../../ir/ops.js';
import { tensorType, type TensorType } from '../../../ir/types.js';
import { add, sliceAlong } from '../expressions.js';
import type { SubgraphCall, SubgraphRule } from '../rule.js';
import { isOrdered, tripBack, type TripBack } from './body.js';
import { ancestors, copyInto } from './cut.js';
import { keepResiduals } from './residuals.js';

export const loop: SubgraphRule<'loop'> = (call) => {
  const { node, cts, known } = call;
  const { trips, carries, conditional } = node.attrs;
  if (trips === Infinity)
    throw new HeddleError('GRAD_INVALID', 'a loop without a bound has no way back', {
      where: node.name,
      found: 'a number of trips that only its condition bounds',
      expected: 'a bound: what each trip leaves for the way back is kept until then',
      hint: 'give the loop a largest number of trips, or take its results out of the derivative with stopGradient',
    });
  const first = conditional ? 1 : 0;
  const own = known.map((ct, at) => {
    const i = at - first;
    const came = i >= 0 && i < carries ? cts[i] : undefined;
    return came === undefined ? undefined : ct === undefined ? came : add(call.b, ct, came);
  });
  return trips === 0 ? own : backwards(call);
};

/** A value that goes into the loop on the way back, and what stands for it in its body. */
interface Input {
  readonly value: GraphValue;
  readonly type: TensorType;
  /** The values of the trip that it is. */
  readonly id?: ValueId;
}

interface Slices extends Input {
  readonly axis: number;
  readonly step: number;
}

function backwards(call: SubgraphCall<'loop'>): readonly (GraphValue | undefined)[] {
  const { b, node, inputs, cts, known } = call;
  const { carries, trips, conditional, sliceAxes, sliceSteps, stackAxes, stackSteps } = node.attrs;
  const trip = tripBack(call);
  const given = loopOperands(node, inputs);
  const knownOf = loopOperands(node, known);
  const first = conditional ? 1 : 0;

  // What a trip gives on the way back.
  const ends = [
    ...[...trip.carried.values()].map(({ enters, leaves }) => leaves ?? negativeZeros(trip.b, enters)),
    ...[...trip.captured.values()].map(({ leaves }) => leaves!),
  ];
  const slices = [...trip.sliced.values()].map((ct) =>
    trips === 1 ? ct : add(trip.b, ct, trip.b.full(ct, 0)),
  );
  const residuals = keepResiduals(
    call,
    trip,
    [...ends, ...slices].map(({ id }) => id),
  );

  const carried: Input[] = [
    ...[...trip.carried].map(([i, { enters }]) => ({
      ...input(initial(call, trip, i) ?? negativeZeros(b, enters), enters),
    })),
    ...[...trip.captured].map(([j, { enters }]) =>
      input(knownOf.captures[j] ?? negativeZeros(b, enters), enters),
    ),
    ...residuals.carried.map(({ at, next }) => ({ ...input(result(b, call.value, at), trip.b.value(next)) })),
  ];
  const stacked: Slices[] = [
    ...[...trip.stacked].map(([k, param]) => {
      const carrier = trip.carrierOf.get(k);
      const isFirst =
        carrier !== undefined && ![...trip.carrierOf].some(([other, i]) => i === carrier && other > k);
      const value =
        carrier === undefined
          ? cts[carries + k]!
          : delayed(call, k, isFirst ? knownOf.carried[carrier] : undefined);
      return { ...input(value, param), axis: stackAxes[k], step: -stackSteps[k] };
    }),
    ...residuals.sliced.map((i) => ({
      ...input(given.sliced[i], trip.params.sliced[i]),
      axis: sliceAxes[i],
      step: -sliceSteps[i],
    })),
    ...residuals.stacked.map(({ at, id, axis, step }) => ({
      ...input(result(b, call.value, at), trip.b.value(id)),
      axis,
      step: -step,
    })),
  ];
  const captures: Input[] = [
    ...residuals.captured.map((j) => input(given.captures[j], trip.params.captures[j])),
    ...[...trip.starts].map(([i, param]) => input(knownOf.carried[i]!, param)),
  ];
  const attrs = {
    carries: carried.length,
    trips,
    conditional: false,
    sliceAxes: stacked.map(({ axis }) => axis),
    sliceSteps: stacked.map(({ step }) => step),
    stackAxes: [...trip.sliced.keys()].map((i) => sliceAxes[i]),
    stackSteps: [...trip.sliced.keys()].map((i) => -sliceSteps[i]),
  };
  const outputs = [...ends, ...residuals.carried.map(({ from }) => trip.b.value(from)), ...slices].map(
    ({ id }) => id,
  );
  const back = backwardBody(node, trip, [carried, stacked, captures], outputs, trips);
  const operands = [carried, stacked, captures].map((list) => list.map(({ value }) => value));
  const tuple =
    residuals.made === undefined
      ? b.emit('loop', operands.flat(), { ...attrs, body: back })
      : b.emit(
          'loop',
          [...operands[0], ...operands[1], result(b, call.value, residuals.made), ...operands[2]],
          {
            ...attrs,
            sliceAxes: [...attrs.sliceAxes, 0],
            sliceSteps: [...attrs.sliceSteps, -1],
            body: whereMade(back, carried.length, stacked.length),
          },
        );

  const totals: (GraphValue | undefined)[] = inputs.map(() => undefined);
  let part = 0;
  const isFixed = isOrdered(node.attrs);
  for (const [i, { isReached }] of trip.carried) {
    const ct = result(b, tuple, part++);
    const before = knownOf.carried[i];
    // Where all trips are made, the first of them has what was known already.
    if (!isFixed) totals[first + i] = before === undefined ? ct : add(b, before, ct);
    else if (isReached) totals[first + i] = ct;
  }
  const offset = first + carries + given.sliced.length;
  for (const j of trip.captured.keys()) {
    const ct = result(b, tuple, part++);
    const isMade = conditional && knownOf.captures[j] === undefined;
    totals[offset + j] = isMade ? b.select(spread(b, given.condition!, ct), ct, b.full(ct, 0)) : ct;
  }
  part += residuals.carried.length;
  for (const i of trip.sliced.keys()) {
    const ct = result(b, tuple, part++);
    const before = knownOf.sliced[i];
    totals[first + carries + i] = before === undefined ? ct : add(b, before, ct);
  }
  return totals;
}

const input = (value: GraphValue, { type, id }: GraphValue): Input => ({ value, type, id });
const result = (b: GraphBuilder, tuple: GraphValue, index: number): GraphValue =>
  b.emit('result', [b.value(tuple.id)], { index });
const negativeZeros = (b: GraphBuilder, like: GraphValue): GraphValue => b.full(like, -0);
const spread = (b: GraphBuilder, flag: GraphValue, { type: { shape } }: GraphValue): GraphValue =>
  b.broadcast(b.reshape(flag, shape.map(() => 1)), shape); // prettier-ignore

/** The cotangent of a carried value after the last trip; undefined where nothing flows. */
function initial({ b, node, cts }: SubgraphCall<'loop'>, trip: TripBack, i: number): GraphValue | undefined {
  const { carries, trips, stackAxes, stackSteps } = node.attrs;
  const lasts = [...trip.stacked.keys()]
    .filter((k) => trip.carrierOf.get(k) === i)
    .map((k) => {
      const stack = cts[carries + k]!;
      const [axis, extent] = [stackAxes[k], Number(trips)];
      const slice = sliceAlong(b, stack, axis, stackSteps[k] > 0 ? extent - 1 : 0, 1);
      return b.reshape(slice, stack.type.shape.toSpliced(axis, 1));
    });
  const all = cts[i] === undefined ? lasts : [cts[i], ...lasts];
  return all.length === 0 ? undefined : all.reduce((x, y) => add(b, x, y));
}

/** The cotangents of a stack one trip later; trip 0 has `start`. */
function delayed(
  { b, node, cts }: SubgraphCall<'loop'>,
  k: number,
  start: GraphValue | undefined,
): GraphValue {
  const { carries, stackAxes, stackSteps } = node.attrs;
  const stack = cts[carries + k]!;
  const axis = stackAxes[k];
  const rest = dimSub(stack.type.shape[axis], 1);
  const shape = stack.type.shape.with(axis, 1);
  const row = start === undefined ? b.constant(stack.type.dtype, shape, -0) : b.reshape(start, shape);
  if (rest === 0) return row;
  const isForward = stackSteps[k] > 0;
  const others = sliceAlong(b, stack, axis, isForward ? 0 : 1, rest);
  return b.emit('concat', isForward ? [row, others] : [others, row], { axis });
}

/** The graph of a trip on the way back. */
function backwardBody(
  { attrs: { body } }: Node<'loop'>,
  trip: TripBack,
  inputs: readonly (readonly Input[])[],
  outputs: readonly ValueId[],
  trips: OpAttrs['loop']['trips'],
): Graph {
  const b = new GraphBuilder(`${graphIn(body).name}'`);
  const values = new Map<ValueId, GraphValue>();
  const round = b.param('trip', 'i32', []);
  inputs.flat().forEach(({ type, id }, i) => values.set(id!, b.param(`p${i}`, type.dtype, type.shape)));
  const { id } = trip.trip;
  const isCounted = ancestors(trip.b, outputs, (one) => values.has(one)).includes(id);
  if (isCounted && !values.has(id))
    values.set(id, b.binary('sub', b.constant('i32', [], Number(trips) - 1), round));
  copyInto(b, trip.b, outputs, values).forEach((value, i) => b.output(`r${i}`, value));
  return b.build();
}

/** A trip on the way back that only trips that were made have; the others hand on what they get, and their slices are zero. */
function whereMade(body: Graph, carries: number, slices: number): Graph {
  const b = new GraphBuilder(body.name);
  const params = body.nodes.filter(({ op }) => op === 'param').map(({ type }) => type);
  const at = 1 + carries + slices;
  const own = [...params.slice(0, at), tensorType('bool', []), ...params.slice(at)].map(
    ({ dtype, shape }, i) => b.param(`p${i}`, dtype, shape),
  );
  const none = new GraphBuilder('not made');
  const idle = params.map(({ dtype, shape }, i) => none.param(`p${i}`, dtype, shape));
  const outputs = body.outputs.map(({ value }) => body.nodes[value].type);
  outputs.forEach(({ dtype, shape }, i) =>
    none.output(`r${i}`, i < carries ? idle[1 + i] : none.constant(dtype, shape, 0)),
  );
  const tuple = b.emit('cond', [own[at], ...own.toSpliced(at, 1)], { branches: [none.build(), body] });
  outputs.forEach((_, i) => b.output(`r${i}`, result(b, tuple, i)));
  return b.build();
}
