/** Loops and conds in the form that plans have: see src/passes/loops.ts. Small branches are computed side by side. */
import { broadcastTo } from '../../../compose/broadcast.js';
import { orderMoving } from '../../../compose/axes.js';
import type { GraphBuilder, GraphValue } from '../../../ir/builder.js';
import type { Node } from '../../../ir/graph.js';
import { graphIn, inlineGraph, loopOperands, loopOutputs, partsOf } from '../../../ir/subgraphs.js';
import type { OpAttrs } from '../../../ir/ops.js';
import type { Target } from '../../target.js';
import { workOf } from '../../subgraphs/work.js';
import { hasUnbounded, inlineGuarded } from '../../subgraphs/guard.js';
import { rule, type RewriteContext, type Rule } from '../rule.js';

const chosen = (b: GraphBuilder, flag: GraphValue, yes: GraphValue, no: GraphValue): GraphValue =>
  b.select(broadcastTo(b, flag, yes.type.shape), yes, no);

/** A loop of one trip, or of none. */
function spellOut(b: RewriteContext, loop: Node<'loop'>): readonly GraphValue[] {
  const { trips, carries, sliceAxes } = loop.attrs;
  const { condition, carried, sliced, captures } = loopOperands(loop, b.operands(loop));
  const stacks = loop.type.parts!.slice(carries);
  if (trips === 0) return [...carried, ...stacks.map(({ dtype, shape }) => b.constant(dtype, shape, 0))];
  const slices = sliced.map((value, i) => b.reshape(value, value.type.shape.toSpliced(sliceAxes[i], 1)));
  const params = [b.constant('i32', [], 0), ...carried, ...slices, ...captures];
  const made = loopOutputs(loop, inlineGraph(b, graphIn(loop.attrs.body), params));
  const kept = (value: GraphValue, otherwise: GraphValue): GraphValue =>
    condition === undefined ? value : chosen(b, condition, value, otherwise);
  return [
    ...made.carried.map((value, i) => kept(value, carried[i])),
    ...made.slices.map((slice, i) => b.reshape(kept(slice, b.full(slice, 0)), stacks[i].shape)),
  ];
}

/** The branch that a constant chooses. */
function taken(b: RewriteContext, cond: Node<'cond'>): readonly GraphValue[] {
  const [predicate, ...captures] = b.operands(cond);
  const { branches } = cond.attrs;
  const at = Math.min(Math.max(b.splat(predicate)!, 0), branches.length - 1);
  return inlineGraph(b, graphIn(branches[at]), captures);
}

/** Every branch is computed. */
function choose(b: RewriteContext, cond: Node<'cond'>): readonly GraphValue[] {
  const [predicate, ...captures] = b.operands(cond);
  const isTaken = (at: number): GraphValue =>
    predicate.type.dtype === 'bool' ? predicate : b.binary('le', b.constant('i32', [], at), predicate);
  const last = cond.attrs.branches.length - 1;
  /** Whether no branch is taken but that at `at`. */
  const isOnly = (at: number): GraphValue => {
    const before = at === last ? undefined : b.unary('not', isTaken(at + 1));
    if (at === 0) return before ?? b.constant('bool', [], 1);
    return before === undefined ? isTaken(at) : b.binary('and', isTaken(at), before);
  };
  const branches = cond.attrs.branches.map((branch, at) =>
    hasUnbounded(graphIn(branch))
      ? inlineGuarded(b, graphIn(branch), captures, isOnly(at))
      : inlineGraph(b, graphIn(branch), captures),
  );
  return branches.reduce((before, branch, at) =>
    branch.map((value, i) => chosen(b, isTaken(at), value, before[i])),
  );
}

/** `loop` with slices along the first axis, so that each lies in one piece. */
function sliceFirst(b: RewriteContext, loop: Node<'loop'>): readonly GraphValue[] {
  const { carries, sliceAxes, stackAxes } = loop.attrs;
  const { condition, carried, sliced, captures } = loopOperands(loop, b.operands(loop));
  const move = (x: GraphValue, from: number, to: number): GraphValue =>
    from === to ? x : b.permute(x, orderMoving(x.type.shape.length, from, to));
  const moved = sliced.map((value, i) => move(value, sliceAxes[i], 0));
  const operands = [...(condition === undefined ? [] : [condition]), ...carried, ...moved, ...captures];
  const attrs = { ...loop.attrs, sliceAxes: sliceAxes.map(() => 0), stackAxes: stackAxes.map(() => 0) };
  const all = b.emit('loop', operands, attrs);
  return partsOf(b, all).map((part, i) => (i < carries ? part : move(part, 0, stackAxes[i - carries])));
}

/** A rule that gives all parts of the value of an `op` at once, where `isMeant`; `first`: its first operand, if constant. */
const partsRule = <K extends 'loop' | 'cond'>(
  op: K,
  doc: string,
  isMeant: (attrs: OpAttrs[K], first: number | undefined, target: Target) => boolean,
  make: (b: RewriteContext, node: Node<K>) => readonly GraphValue[],
): Rule =>
  rule(['result'], doc, (b, { inputs, attrs: { index } }) => {
    const node = b.node(b.value(inputs[0]));
    if (node.op !== op) return undefined;
    const first = node.inputs.length === 0 ? undefined : b.splat(b.operand(node));
    if (!isMeant(node.attrs as OpAttrs[K], first, b.target)) return undefined;
    return b.allParts(inputs[0], () => make(b, node as Node<K>))[index];
  });

/** What is known of loops and conds when a program is compiled. */
export const knownSubgraphRules = {
  'a known branch': partsRule(
    'cond',
    'A constant predicate takes the same branch always.',
    (_, first) => first !== undefined,
    taken,
  ),
  'one trip or none': partsRule(
    'loop',
    'What the trip does is what the loop does.',
    ({ trips }) => trips === 0 || trips === 1,
    spellOut,
  ),
};

/** Loops and conds as plans have them. */
export const subgraphRules = {
  'slices in one piece': partsRule(
    'loop',
    'Slices stand along the first axis: other axes are moved there, and back.',
    ({ sliceAxes, stackAxes }) => [...sliceAxes, ...stackAxes].some((axis) => axis !== 0),
    sliceFirst,
  ),
  'branches side by side': partsRule(
    'cond',
    'All branches are computed, and the results of the one that is taken are chosen, where that costs less than to run only that.',
    ({ branches }, _, target) => {
      const graphs = branches.map(graphIn);
      const work = graphs.reduce((sum, graph) => sum + workOf(graph, target), 0);
      return work <= target.launchCost || graphs.some(hasUnbounded);
    },
    choose,
  ),
};
