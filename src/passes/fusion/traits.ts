/** What fusion asks of an op: what its operands may be, and what computing it again costs. */
import type { Graph, ValueId } from '../../ir/graph.js';
import { traitsOf, type Op, type Policy } from '../../ir/ops.js';

const RANK: Readonly<Record<Policy, number>> = { view: 0, light: 1, any: 2 };

export const allows = (policy: Policy, needed: Policy): boolean => RANK[policy] >= RANK[needed];
export const stricter = (a: Policy, b: Policy): Policy => (RANK[a] < RANK[b] ? a : b);

/** Ops that combine many elements for one element of their result. */
export const isLoop = (op: Op): boolean => traitsOf(op).cost === 'loop';

/** Ops whose elements come from here or there: no epilogue of any one of their operands. */
export const isSelective = (op: Op): boolean => traitsOf(op).reads === 'selected';

/** Ops that their kernel is built around. */
export const isContraction = (op: Op): boolean => traitsOf(op).class === 'contraction';

/** Ops that always have a kernel of their own. */
export const isAlone = (op: Op): boolean => traitsOf(op).kernel === 'own';

/** Values that are never stored because any kernel can compute them without an operand. */
export const isFree = (op: Op): boolean => traitsOf(op).kernel === 'any';

/** Values that lie in memory before anything runs. */
export const isGiven = (op: Op): boolean => traitsOf(op).kernel === 'none';

/** The operand in whose memory `id` lies where it is stored: a reshape has none of its own, nor has a fence. */
export function liesIn(graph: Graph, id: ValueId): ValueId | undefined {
  const { op, inputs } = graph.nodes[id];
  return (op === 'reshape' || op === 'fence') && !isFree(graph.nodes[inputs[0]].op) ? inputs[0] : undefined;
}

/** The least policy under which an op may be computed inside of a consumer. */
export function neededPolicy(op: Op): Policy {
  const { cost } = traitsOf(op);
  return cost === 'view' || cost === 'light' ? cost : 'any';
}

/** The policy of an operand place, given the policy under which the op itself was accepted. */
export function operandPolicy(op: Op, operand: number, own: Policy): Policy {
  const { reuse } = traitsOf(op);
  if (typeof reuse === 'string') return stricter(own, reuse);
  return operand === 0 ? stricter(own, reuse.first) : own;
}
