/**
 * Loops and conds of batches. What does not depend on the batch stays as it is, inside as outside. Where the elements of a
 * batch disagree on what runs, a cond computes all branches and each element takes its own; a loop runs until the last
 * element is done, and the others keep what they had.
 */
import { GraphBuilder } from '../../ir/builder.js';
import { paramsOf, type Graph, type Node } from '../../ir/graph.js';
import type { Emitter, Value } from '../../ir/emitter.js';
import { graphIn, loopOperands, loopOutputs, type TripOutputs } from '../../ir/regions.js';
import { broadcastTo } from '../../compose/broadcast.js';
import { spread, type Operand } from './rule.js';

export interface RegionCall<K extends 'loop' | 'cond'> {
  readonly b: GraphBuilder;
  readonly node: Node<K>;
  /** At least one is batched. */
  readonly operands: readonly Operand[];
  readonly size: number;
  /** Emits a graph with `given` for its params: its outputs. */
  readonly inner: (b: GraphBuilder, graph: Graph, given: readonly Operand[]) => readonly Operand[];
}

/** The parts of the value of a loop. */
export function batchLoop(call: RegionCall<'loop'>): readonly Operand[] {
  const { b, node, operands } = call;
  const { carried, isMasked } = whatVaries(call);
  if (isMasked) return maskedLoop(call);
  const given = loopOperands(node, operands);
  const inside = openBody(call, carried);
  const { made } = inside;
  const next = made.carried.map((value, i) => (carried[i] ? whole({ ...call, b: inside.b }, value) : value));
  const body = closeBody(inside.b, [...optional(made.condition), ...next, ...made.slices]);
  const start = given.carried.map((value, i) => (carried[i] ? whole(call, value) : value));
  const value = emitLoop(
    call,
    body,
    node.attrs.carries,
    [...optional(given.condition), ...start],
    made.slices,
  );
  return [...carried, ...varies(made.slices)].map((batched, index) => ({
    value: b.emit('result', [value], { index }),
    batched,
  }));
}

/** A loop that elements leave at different times: `alive` says, for each, whether it is still in. */
function maskedLoop(call: RegionCall<'loop'>): readonly Operand[] {
  const { b, node, operands } = call;
  const { carries } = node.attrs;
  const given = loopOperands(node, operands);
  const inside = openBody(call, given.carried.map(() => true), true); // prettier-ignore
  const { made } = inside;
  const within = { ...call, b: inside.b };
  const alive = inside.alive!;
  const keep = (value: Operand, otherwise: Value): Value =>
    choose(inside.b, alive, spread(within, value), otherwise);
  const carried = made.carried.map((value, i) => keep(value, inside.given[1 + i].value));
  const slices = made.slices.map((value) => {
    const own = spread(within, value);
    return choose(inside.b, alive, own, inside.b.full(own, 0));
  });
  const stays = inside.b.binary('and', alive, spread(within, made.condition!));
  const isAny = (e: Emitter, flags: Value): Value => e.reduce('max', flags, [0]);
  const outputs = [isAny(inside.b, stays), stays, ...carried, ...slices].map(batchedOne);
  const body = closeBody(inside.b, outputs);
  const first = spread(call, given.condition!);
  const start = [isAny(b, first), first, ...given.carried.map((value) => spread(call, value))].map(
    batchedOne,
  );
  const value = emitLoop(call, body, carries + 1, start, slices.map(batchedOne));
  // Part 0 is the mask.
  return node.type.parts!.map((_, i) => ({
    value: b.emit('result', [value], { index: i + 1 }),
    batched: true,
  }));
}

/** Which carried values differ between elements in some trip, and whether elements make different numbers of trips. */
function whatVaries(call: RegionCall<'loop'>): { carried: readonly boolean[]; isMasked: boolean } {
  const { node, operands } = call;
  const given = loopOperands(node, operands);
  let carried = varies(given.carried);
  for (;;) {
    const { made } = openBody(call, carried);
    const isMasked = [given.condition, made.condition].some((flag) => flag?.batched === true);
    const next = carried.map((is, i) => is || made.carried[i].batched);
    if (isMasked || next.every((is, i) => is === carried[i])) return { carried, isMasked };
    carried = next;
  }
}

/** The parts of the value of a cond. */
export function batchCond(call: RegionCall<'cond'>): readonly Operand[] {
  const { b, node, operands, inner, size } = call;
  const [predicate, ...captures] = operands;
  const branches = node.attrs.branches.map(graphIn);
  if (predicate.batched) {
    const isTaken = (at: number): Value =>
      predicate.value.type.dtype === 'bool'
        ? predicate.value
        : b.binary('le', b.constant('i32', [size], at), predicate.value);
    return branches
      .map((branch) => inner(b, branch, captures).map((value) => whole(call, value)))
      .reduce((before, branch, at) =>
        branch.map(({ value }, i) => batchedOne(choose(b, isTaken(at), value, before[i].value))),
      );
  }
  const made = branches.map((branch) => {
    const inside = new GraphBuilder(branch.name);
    return {
      inside,
      outputs: inner(inside, branch, emitParams(inside, paramsOf(branch), varies(captures), size)),
    };
  });
  const batched = node.type.parts!.map((_, i) => made.some(({ outputs }) => outputs[i].batched));
  const graphs = made.map(({ inside, outputs }) =>
    closeBody(
      inside,
      outputs.map((value, i) => (batched[i] ? whole({ b: inside, size }, value) : value)),
    ),
  );
  const value = b.emit('cond', valuesOf(operands), { branches: graphs });
  return batched.map((is, index) => ({ value: b.emit('result', [value], { index }), batched: is }));
}

// -- parts --

const varies = (operands: readonly Operand[]): readonly boolean[] => operands.map(({ batched }) => batched);
const valuesOf = (operands: readonly Operand[]): readonly Value[] => operands.map(({ value }) => value);
const optional = (operand: Operand | undefined): readonly Operand[] =>
  operand === undefined ? [] : [operand];
const batchedOne = (value: Value): Operand => ({ value, batched: true });
const whole = (where: { readonly b: Emitter; readonly size: number }, operand: Operand): Operand =>
  batchedOne(spread(where, operand));

/** For each element of the batch the one value or the other. */
function choose(b: Emitter, flags: Value, yes: Value, no: Value): Value {
  const { shape } = yes.type;
  const columns = b.reshape(flags, shape.map((extent, axis) => (axis === 0 ? extent : 1))); // prettier-ignore
  return b.select(broadcastTo(b, columns, shape), yes, no);
}

function emitParams(
  b: GraphBuilder,
  params: ReturnType<typeof paramsOf>,
  batched: readonly boolean[],
  size: number,
): readonly Operand[] {
  return params.map(({ node: { attrs } }, i) => ({
    value: b.param(attrs.name, attrs.dtype, batched[i] ? [size, ...attrs.shape] : attrs.shape),
    batched: batched[i],
  }));
}

interface Inside {
  readonly b: GraphBuilder;
  /** For the params of the body. */
  readonly given: readonly Operand[];
  /** Outputs of the body. */
  readonly made: TripOutputs<Operand>;
  /** With a mask: the first carried value. */
  readonly alive: Value | undefined;
}

/** The body of a loop in a graph of its own, which has no outputs yet; `carried` says which values are batched. */
function openBody(call: RegionCall<'loop'>, carried: readonly boolean[], masked = false): Inside {
  const { node, operands, size } = call;
  const { sliced, captures } = loopOperands(node, operands);
  const body = graphIn(node.attrs.body);
  const b = new GraphBuilder(body.name);
  const params = paramsOf(body);
  const trip = emitParams(b, params.slice(0, 1), [false], size);
  // A body may be that of a masked loop already, and have a param more.
  const alive = masked ? b.param(`alive:${params.length}`, 'bool', [size]) : undefined;
  const batched = [...carried, ...varies(sliced), ...varies(captures)];
  const given = [...trip, ...emitParams(b, params.slice(1), batched, size)];
  return { b, given, made: loopOutputs(node, call.inner(b, body, given)), alive };
}

function closeBody(b: GraphBuilder, outputs: readonly Operand[]): Graph {
  outputs.forEach(({ value }, i) => b.output(`y${i}`, value));
  return b.build();
}

function emitLoop(
  { b, node, operands }: RegionCall<'loop'>,
  body: Graph,
  carries: number,
  start: readonly Operand[],
  slices: readonly Operand[],
): Value {
  const { sliced, captures } = loopOperands(node, operands);
  const { attrs } = node;
  const moved = (axes: readonly number[], of: readonly Operand[]): number[] =>
    axes.map((axis, i) => (of[i].batched ? axis + 1 : axis));
  return b.emit('loop', valuesOf([...start, ...sliced, ...captures]), {
    ...attrs,
    body,
    carries,
    sliceAxes: moved(attrs.sliceAxes, sliced),
    stackAxes: moved(attrs.stackAxes, slices),
  });
}
