/** Loops and conds spelled out: trips one after the other, branches side by side. */
import { HeddleError } from '../../../base/errors.js';
import { broadcastTo } from '../../../compose/broadcast.js';
import { GraphBuilder, type GraphValue } from '../../../ir/builder.js';
import { paramsOf, type Node } from '../../../ir/graph.js';
import { graphIn, inlineGraph, loopOperands, loopOutputs } from '../../../ir/regions.js';
import type { TensorType } from '../../../ir/types.js';
import { rule, type RewriteContext, type Rule } from '../rule.js';

/** Nodes that a loop may become. */
const MAX_UNROLLED = 1 << 18;

const chosen = (b: GraphBuilder, flag: GraphValue, yes: GraphValue, no: GraphValue): GraphValue =>
  b.select(broadcastTo(b, flag, yes.type.shape), yes, no);

/** The slice of `stacked` at `at` along `axis`, without that axis. */
function sliceAt(b: RewriteContext, stacked: GraphValue, axis: number, at: number): GraphValue {
  const { shape } = stacked.type;
  const starts = shape.map((_, i) => (i === axis ? at : 0));
  const sizes = shape.map((extent, i) => (i === axis ? 1 : extent));
  const taken = b.emit('slice', [stacked], { starts, sizes, strides: shape.map(() => 1) });
  return b.reshape(taken, shape.toSpliced(axis, 1));
}

/** The slices in the order of the trips, along an axis of their own. */
function stack(
  b: RewriteContext,
  type: TensorType,
  axis: number,
  step: number,
  slices: readonly GraphValue[],
): GraphValue {
  if (slices.length === 0) return b.constant(type.dtype, type.shape, 0);
  const parts = slices.map((slice) => b.reshape(slice, slice.type.shape.toSpliced(axis, 0, 1)));
  return b.emit('concat', step > 0 ? parts : parts.toReversed(), { axis });
}

function unroll(b: RewriteContext, loop: Node<'loop'>, trips: number): readonly GraphValue[] {
  const { sliceAxes, sliceSteps, stackAxes, stackSteps, carries } = loop.attrs;
  const body = graphIn(loop.attrs.body);
  if (trips * body.nodes.length > MAX_UNROLLED)
    throw new HeddleError('LIMIT_EXCEEDED', 'a loop has too many trips to be spelled out', {
      where: loop.name,
      found: `${trips} trips of ${body.nodes.length} operations`,
      expected: `at most ${MAX_UNROLLED} operations`,
    });
  const given = loopOperands(loop, b.operands(loop));
  let { condition } = given;
  let { carried } = given;
  const stacked: GraphValue[][] = stackAxes.map(() => []);
  for (let trip = 0; trip < trips; trip++) {
    const at = (step: number): number => (step > 0 ? trip : trips - 1 - trip);
    const slices = given.sliced.map((value, i) => sliceAt(b, value, sliceAxes[i], at(sliceSteps[i])));
    const params = [b.constant('i32', [], trip), ...carried, ...slices, ...given.captures];
    const made = loopOutputs(loop, inlineGraph(b, body, params));
    const going = condition;
    const keep = (value: GraphValue, otherwise: GraphValue): GraphValue =>
      going === undefined ? value : chosen(b, going, value, otherwise);
    made.slices.forEach((slice, i) => stacked[i].push(keep(slice, b.full(slice, 0))));
    carried = made.carried.map((value, i) => keep(value, carried[i]));
    if (going !== undefined) condition = b.binary('and', going, made.condition!);
  }
  const types = loop.type.parts!.slice(carries);
  return [...carried, ...stacked.map((list, i) => stack(b, types[i], stackAxes[i], stackSteps[i], list))];
}

/** Every branch is computed. */
function choose(b: RewriteContext, cond: Node<'cond'>): readonly GraphValue[] {
  const [predicate, ...captures] = b.operands(cond);
  const branches = cond.attrs.branches.map((branch) => inlineGraph(b, graphIn(branch), captures));
  const isTaken = (at: number): GraphValue =>
    predicate.type.dtype === 'bool' ? predicate : b.binary('le', b.constant('i32', [], at), predicate);
  return branches.reduce((before, branch, at) =>
    branch.map((value, i) => chosen(b, isTaken(at), value, before[i])),
  );
}

/** `loop` with a flag carried along, which says whether the trips still count: where they do not, they change nothing. */
function masked(b: RewriteContext, loop: Node<'loop'>): readonly GraphValue[] {
  const { carries } = loop.attrs;
  const { condition, carried, sliced, captures } = loopOperands(loop, b.operands(loop));
  const inner = new GraphBuilder(loop.attrs.body.name);
  const given = (value: GraphValue, i: number): GraphValue =>
    inner.param(`a${i}`, value.type.dtype, value.type.shape);
  const params = paramsOf(graphIn(loop.attrs.body)).map(({ id }) => ({
    id,
    type: loop.attrs.body.nodes[id].type,
  }));
  const trip = given(params[0], 0);
  const held = params.slice(1, 1 + carries).map((value, i) => given(value, 1 + i));
  const going = inner.param('going', 'bool', []);
  const rest = params.slice(1 + carries).map((value, i) => given(value, 1 + carries + i));
  const made = loopOutputs(loop, inlineGraph(inner, graphIn(loop.attrs.body), [trip, ...held, ...rest]));
  const outputs = [
    ...made.carried.map((value, i) => chosen(inner, going, value, held[i])),
    inner.binary('and', going, made.condition!),
    ...made.slices.map((slice) => chosen(inner, going, slice, inner.full(slice, 0))),
  ];
  outputs.forEach((value, i) => inner.output(`r${i}`, value));
  const attrs = { ...loop.attrs, conditional: false, carries: carries + 1, body: inner.build() };
  const all = b.emit('loop', [...carried, condition!, ...sliced, ...captures], attrs);
  const parts = loop.type.parts!.map((_, i) => (i < carries ? i : i + 1));
  return parts.map((index) => b.emit('result', [all], { index }));
}

/** `x` with its axis `from` at the place `to`. */
function moveAxis(b: RewriteContext, x: GraphValue, from: number, to: number): GraphValue {
  const order = x.type.shape
    .map((_, axis) => axis)
    .toSpliced(from, 1)
    .toSpliced(to, 0, from);
  return from === to ? x : b.permute(x, order);
}

/** `loop` with slices along the first axis, so that each lies in one piece. */
function sliceFirst(b: RewriteContext, loop: Node<'loop'>): readonly GraphValue[] {
  const { carries, sliceAxes, stackAxes } = loop.attrs;
  const { condition, carried, sliced, captures } = loopOperands(loop, b.operands(loop));
  const moved = sliced.map((value, i) => moveAxis(b, value, sliceAxes[i], 0));
  const operands = [...(condition === undefined ? [] : [condition]), ...carried, ...moved, ...captures];
  const attrs = { ...loop.attrs, sliceAxes: sliceAxes.map(() => 0), stackAxes: stackAxes.map(() => 0) };
  const all = b.emit('loop', operands, attrs);
  return loop.type.parts!.map((_, index) => {
    const part = b.emit('result', [all], { index });
    return index < carries ? part : moveAxis(b, part, 0, stackAxes[index - carries]);
  });
}

/** A rule for the parts of a loop's value. */
const loopRule = (
  doc: string,
  apply: (b: RewriteContext, loop: Node<'loop'>) => readonly GraphValue[] | undefined,
): Rule =>
  rule(['result'], doc, (b, node) => {
    const loop = b.producer(node, 'loop');
    return loop && apply(b, loop)?.[node.attrs.index];
  });

export const regionRules = {
  'trips one by one': loopRule(
    'What the trips do, one after the other, is what the loop does. Of a single trip no loop is needed.',
    (b, loop) =>
      loop.attrs.trips === 0 || loop.attrs.trips === 1 ? unroll(b, loop, loop.attrs.trips) : undefined,
  ),
  'trips that may end early': loopRule(
    'All trips are made; a flag goes along, and where it is down, nothing changes.',
    (b, loop) => (loop.attrs.conditional && loop.attrs.trips !== Infinity ? masked(b, loop) : undefined),
  ),
  'slices in one piece': loopRule(
    'Slices stand along the first axis: other axes are moved there, and back.',
    (b, loop) =>
      [...loop.attrs.sliceAxes, ...loop.attrs.stackAxes].some((axis) => axis !== 0)
        ? sliceFirst(b, loop)
        : undefined,
  ),
  'branches side by side': rule(
    ['result'],
    'All branches are computed, and the results of the one that is taken are chosen.',
    (b, node) => {
      const cond = b.producer(node, 'cond');
      return cond && choose(b, cond)[node.attrs.index];
    },
  ),
};
