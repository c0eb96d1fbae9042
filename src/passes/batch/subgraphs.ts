/** Ops with graphs inside. Their graphs are batched in turn, by what is batched of what they are given. */
import { GraphBuilder } from '../../ir/builder.js';
import type { Emitter, Value } from '../../ir/emitter.js';
import type { Graph, Node } from '../../ir/graph.js';
import { graphIn, loopOperands, loopOutputs, partsOf } from '../../ir/subgraphs.js';
import { tensorType, type TensorType } from '../../ir/types.js';
import { spread, type Operand, type SubgraphCall, type SubgraphRule } from './rule.js';

const flags = (operands: readonly Operand[]): readonly boolean[] => operands.map(({ batched }) => batched);
const BATCHED = (): boolean => true;

/**
 * A carried value is batched where it starts so, or where a trip makes it so. Where the condition is batched, the loop goes on
 * until all elements are done, and those that are done stay as they are.
 */
export const loop: SubgraphRule<'loop'> = (call) => {
  const { node, operands } = call;
  const given = loopOperands(node, operands);
  let carried = flags(given.carried);
  for (;;) {
    const body = batchedBody(call, carried);
    const made = loopOutputs(node, body.outputs);
    if (given.condition?.batched === true || made.condition?.batched === true) return untilAllAreDone(call);
    const next = carried.map((batched, i) => batched || made.carried[i].batched);
    if (next.every((batched, i) => batched === carried[i])) return together(call, body, carried);
    carried = next;
  }
};

/** A graph under construction, and what it gives. */
interface Inner {
  readonly b: GraphBuilder;
  readonly params: readonly Operand[];
  readonly outputs: readonly Operand[];
}

/** The body of a loop, whose carried values are batched where `carried` says so. */
function batchedBody(
  { node, operands, size, nested }: SubgraphCall<'loop'>,
  carried: readonly boolean[],
  before: readonly TensorType[] = [],
): Inner {
  const body = graphIn(node.attrs.body);
  const { sliced, captures } = loopOperands(node, operands);
  const batched = [false, ...carried, ...flags(sliced), ...flags(captures)];
  const types = body.nodes.filter(({ op }) => op === 'param').map(({ type }) => type);
  const b = new GraphBuilder(body.name);
  const declare = ({ dtype, shape }: TensorType, i: number): Value => b.param(`p${i}`, dtype, shape);
  const [trip, ...rest] = types.map((type, i) => (batched[i] ? tensorType(type.dtype, [size, ...type.shape]) : type)); // prettier-ignore
  const values = [trip, ...before, ...rest].map(declare);
  const own = values.toSpliced(1, before.length).map((value, i) => ({ value, batched: batched[i] }));
  const extra = values.slice(1, 1 + before.length).map((value) => ({ value, batched: true }));
  return { b, params: [...extra, ...own.slice(1)], outputs: nested(b, body, own) };
}

/** The attributes of a loop whose slices and stacks are batched where these say so. */
const movedAxes = (
  { attrs }: Node<'loop'>,
  sliced: readonly boolean[],
  stacked: readonly boolean[],
): Node<'loop'>['attrs'] => ({
  ...attrs,
  sliceAxes: attrs.sliceAxes.map((axis, i) => (sliced[i] ? axis + 1 : axis)),
  stackAxes: attrs.stackAxes.map((axis, i) => (stacked[i] ? axis + 1 : axis)),
});

/** All elements make the same trips. */
function together(
  call: SubgraphCall<'loop'>,
  { b: body, outputs }: Inner,
  carried: readonly boolean[],
): readonly Operand[] {
  const { b, node, operands, size } = call;
  const given = loopOperands(node, operands);
  const condition = given.condition === undefined ? [] : [given.condition.value];
  const stacked = flags(loopOutputs(node, outputs).slices);
  const batched = [...condition.map(() => false), ...carried, ...stacked];
  outputs.forEach((output, i) =>
    body.output(`r${i}`, batched[i] ? spread({ b: body, size }, output) : output.value),
  );
  const inputs = [
    ...condition,
    ...given.carried.map((one, i) => (carried[i] ? spread(call, one) : one.value)),
    ...[...given.sliced, ...given.captures].map(({ value }) => value),
  ];
  const attrs = { ...movedAxes(node, flags(given.sliced), stacked), body: body.build() };
  return operandsOf(b, b.emit('loop', inputs, attrs), [...carried, ...stacked]);
}

/** The loop carries which elements go on. Everything that it carries and stacks is batched. */
function untilAllAreDone(call: SubgraphCall<'loop'>): readonly Operand[] {
  const { b, node, operands, size } = call;
  const given = loopOperands(node, operands);
  const inner = batchedBody(call, given.carried.map(BATCHED), [tensorType('bool', [size])]); // prettier-ignore
  const { b: body, params } = inner;
  const made = loopOutputs(node, inner.outputs);
  const [{ value: active }, ...before] = params;
  const whole = (operand: Operand): Value => spread({ b: body, size }, operand);
  const keep = (value: Value, otherwise: Value): Value => chosen(body, active, value, otherwise);
  const goesOn = body.binary('and', active, whole(made.condition!));
  const outputs = [
    body.reduce('max', goesOn, [0]),
    goesOn,
    ...made.carried.map((value, i) => keep(whole(value), before[i].value)),
    ...made.slices.map((slice) => keep(whole(slice), body.full(whole(slice), 0))),
  ];
  outputs.forEach((value, i) => body.output(`r${i}`, value));
  const condition = spread(call, given.condition!);
  const inputs = [
    b.reduce('max', condition, [0]),
    condition,
    ...given.carried.map((one) => spread(call, one)),
    ...[...given.sliced, ...given.captures].map(({ value }) => value),
  ];
  const attrs = movedAxes(node, flags(given.sliced), made.slices.map(BATCHED));
  const tuple = b.emit('loop', inputs, { ...attrs, carries: attrs.carries + 1, body: body.build() });
  return operandsOf(b, tuple, tuple.type.parts!.map(BATCHED)).slice(1);
}

/** Where the predicate is batched, all branches are computed, and the results of those that are taken are chosen. */
export const cond: SubgraphRule<'cond'> = (call) => {
  const { b, node, operands, size, nested } = call;
  const [predicate, ...captures] = operands;
  const branches = node.attrs.branches.map(graphIn);
  if (!predicate.batched) return sameBranch(call);
  const isTaken = (at: number): Value =>
    predicate.value.type.dtype === 'bool'
      ? predicate.value
      : b.binary('le', b.full(predicate.value, at), predicate.value);
  return branches
    .map((branch) => nested(b, branch, captures))
    .reduce((before, branch, at) =>
      branch.map((operand, i) => ({
        value: chosen(b, isTaken(at), spread({ b, size }, operand), spread({ b, size }, before[i])),
        batched: true,
      })),
    )
    .map((operand) => ({ value: spread({ b, size }, operand), batched: true }));
};

/** All elements take the same branch. A result is batched where it is in some branch. */
function sameBranch({ b, node, operands, size, nested }: SubgraphCall<'cond'>): readonly Operand[] {
  const [predicate, ...captures] = operands;
  const inner = node.attrs.branches.map((held) => {
    const branch: Graph = graphIn(held);
    const own = new GraphBuilder(branch.name);
    const given = captures.map(({ value: { type }, batched }, i) => ({ value: own.param(`p${i}`, type.dtype, type.shape), batched })); // prettier-ignore
    return { b: own, outputs: nested(own, branch, given) };
  });
  const batched = inner[0].outputs.map((_, i) => inner.some(({ outputs }) => outputs[i].batched));
  const branches = inner.map(({ b: own, outputs }) => {
    outputs.forEach((output, i) =>
      own.output(`r${i}`, batched[i] ? spread({ b: own, size }, output) : output.value),
    );
    return own.build();
  });
  const inputs = [predicate, ...captures].map(({ value }) => value);
  return operandsOf(b, b.emit('cond', inputs, { branches }), batched);
}

/** `flag` [size] ? `yes` : `no`, by the elements of the batch. */
function chosen(b: Emitter, flag: Value, yes: Value, no: Value): Value {
  const { shape } = yes.type;
  const column = b.reshape(flag, shape.map((extent, axis) => (axis === 0 ? extent : 1))); // prettier-ignore
  return b.select(b.broadcast(column, shape), yes, no);
}

const operandsOf = (b: GraphBuilder, tuple: Value, batched: readonly boolean[]): readonly Operand[] =>
  partsOf(b, tuple).map((value, i) => ({ value, batched: batched[i] }));
