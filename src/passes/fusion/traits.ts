/** What fusion knows of an op: what its operands may be, and what computing it again costs. */
import { isView } from '../../ir/index-map.js';
import type { Op, UnaryOp } from '../../ir/ops.js';

/**
 * What may stand in an operand place inside of a kernel: only index maps of materialised values (the place is read many
 * times), also cheap scalar code, or anything.
 */
export type Policy = 'view' | 'light' | 'any';
const RANK: Readonly<Record<Policy, number>> = { view: 0, light: 1, any: 2 };

export const allows = (policy: Policy, needed: Policy): boolean => RANK[policy] >= RANK[needed];
export const stricter = (a: Policy, b: Policy): Policy => (RANK[a] < RANK[b] ? a : b);

/** Scalar functions whose evaluation costs tens of operations. */
const HEAVY: ReadonlySet<Op> = new Set<Op>([
  'exp',
  'log',
  'sin',
  'cos',
  'tanh',
  'erf',
  'sigmoid',
  'pow',
  'rem',
  'random',
] satisfies (UnaryOp | 'pow' | 'rem' | 'random')[]);

/** Ops that combine many elements for one element of their result. */
export type LoopOp = 'reduce' | 'argreduce' | 'reduceWindow' | 'dot' | 'conv' | 'scatter';
const LOOPS: ReadonlySet<Op> = new Set<Op>(['reduce', 'argreduce', 'reduceWindow', 'dot', 'conv', 'scatter']);
export const isLoop = (op: Op): op is LoopOp => LOOPS.has(op);

/** Ops that always have a kernel of their own. */
export const isAlone = (op: Op): boolean => op === 'scan' || op === 'argsort';

/** The least policy under which an op may be computed inside of a consumer. */
export function neededPolicy(op: Op): Policy {
  if (isView(op)) return 'view';
  if (HEAVY.has(op) || isLoop(op)) return 'any';
  return 'light';
}

/** The policy of an operand place, given the policy under which the op itself was accepted. */
export function operandPolicy(op: Op, operand: number, own: Policy): Policy {
  if (isView(op)) return own;
  switch (op) {
    case 'gather':
      return operand === 0 ? 'view' : own;
    case 'pad':
    case 'concat':
      return stricter(own, 'light');
    case 'reduceWindow':
    case 'dot':
    case 'conv':
    case 'scatter':
    case 'argsort':
      return 'view';
    default:
      return own;
  }
}

/** Values that are never stored because any kernel makes them from nothing. */
export const isFree = (op: Op): boolean => op === 'iota' || op === 'constant';

/** Values that lie in memory before anything runs. */
export const isResident = (op: Op): boolean => op === 'param' || op === 'weight';
