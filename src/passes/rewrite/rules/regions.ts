/** Loops and conds spelled out: trips one after the other, branches side by side. */
import { HeddleError } from '../../../base/errors.js';
import { broadcastTo } from '../../../compose/broadcast.js';
import type { GraphValue } from '../../../ir/builder.js';
import { isStatic } from '../../../ir/dim.js';
import type { Node } from '../../../ir/graph.js';
import { graphIn, inlineGraph, loopOperands, loopOutputs } from '../../../ir/regions.js';
import type { TensorType } from '../../../ir/types.js';
import { rule, type RewriteContext } from '../rule.js';

/** Nodes that a loop may become. */
const MAX_UNROLLED = 1 << 18;

const chosen = (b: RewriteContext, flag: GraphValue, yes: GraphValue, no: GraphValue): GraphValue =>
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

export const regionRules = {
  'trips one by one': rule(
    ['result'],
    'What the trips do, one after the other, is what the loop does; where it may end early, the trips after that change nothing.',
    (b, node) => {
      const loop = b.producer(node, 'loop');
      if (loop === undefined || !isStatic(loop.attrs.trips) || loop.attrs.trips === Infinity)
        return undefined;
      return unroll(b, loop, loop.attrs.trips)[node.attrs.index];
    },
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
