/** What fusion knows of an op: what its operands may be, and what computing it again costs. */
import { isView, type ViewOp } from '../../ir/index-map.js';
import type { Op } from '../../ir/ops.js';

/**
 * What may stand in an operand place inside of a kernel: only index maps of materialised values (the place is read many
 * times), also cheap scalar code, or anything.
 */
export type Policy = 'view' | 'light' | 'any';
const RANK: Readonly<Record<Policy, number>> = { view: 0, light: 1, any: 2 };

export const allows = (policy: Policy, needed: Policy): boolean => RANK[policy] >= RANK[needed];
export const stricter = (a: Policy, b: Policy): Policy => (RANK[a] < RANK[b] ? a : b);

/** Ops that combine many elements for one element of their result. */
export type LoopOp = 'reduce' | 'argreduce' | 'reduceWindow' | 'dot' | 'conv' | 'scatter';
const LOOPS: ReadonlySet<Op> = new Set<Op>(['reduce', 'argreduce', 'reduceWindow', 'dot', 'conv', 'scatter']);
export const isLoop = (op: Op): op is LoopOp => LOOPS.has(op);

/** Whether computing one element of an op again costs tens of operations. Views cost none, loops always more. */
const HEAVY: Readonly<Record<Exclude<Op, ViewOp | LoopOp>, boolean>> = {
  param: false,
  weight: false,
  constant: false,
  iota: false,
  random: true,
  neg: false,
  abs: false,
  sign: false,
  floor: false,
  ceil: false,
  round: false,
  trunc: false,
  sqrt: false,
  exp: true,
  log: true,
  sin: true,
  cos: true,
  tanh: true,
  erf: true,
  sigmoid: true,
  not: false,
  add: false,
  sub: false,
  mul: false,
  div: false,
  rem: true,
  pow: true,
  min: false,
  max: false,
  and: false,
  or: false,
  xor: false,
  shl: false,
  shr: false,
  eq: false,
  lt: false,
  le: false,
  cast: false,
  bitcast: false,
  select: false,
  pad: false,
  concat: false,
  gather: false,
  scan: false,
  argsort: false,
};

/** Ops whose elements come from here or there: no epilogue of any one of their operands. */
export const isSelective = (op: Op): boolean => op === 'pad' || op === 'concat' || op === 'gather';

/** Ops that always have a kernel of their own. */
export const isAlone = (op: Op): boolean => op === 'scan' || op === 'argsort';

/** The least policy under which an op may be computed inside of a consumer. */
export function neededPolicy(op: Op): Policy {
  if (isView(op)) return 'view';
  return isLoop(op) || HEAVY[op] ? 'any' : 'light';
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
