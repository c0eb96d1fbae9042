/** Control flow on values, which exist only when the program runs. */
import { HeddleError } from '../../base/errors.js';
import { printType } from '../../ir/types.js';
import { describeValue, shown } from '../../base/describe.js';
import { flag, integer, number, required } from '../../base/kinds.js';
import type { OptionTable } from '../../base/options.js';
import { checkFunction, checkTensors, optionsOf } from '../arguments.js';
import { ensureSync, flattenTensors } from '../expressions/call.js';
import { named } from '../tensors/core.js';
import { branch } from './branch.js';
import { tensor } from '../tensors/factories.js';
import { stack } from '../tensors/functions.js';
import type { Tensor } from '../tensors/tensor.js';
import { ensureSameStructure, unflatten, type Flat } from '../trees/tree.js';
import { treeMap } from '../trees/trees.js';

/**
 * `whenTrue(...operands)` where the bool scalar `condition` holds, `whenFalse(...operands)` where not. Both are computed,
 * and one is chosen: they have no effects, so that nothing else can be told. Both give the same structure and types. The
 * derivative is that of the branch that was chosen, whether the other one has any there or not.
 *
 * Throws USAGE, DTYPE_MISMATCH for a condition that is not one bool, TREE_MISMATCH and SHAPE_MISMATCH.
 */
export function cond<A extends unknown[], R>(
  condition: Tensor,
  whenTrue: (...operands: A) => R,
  whenFalse: (...operands: A) => R,
  ...operands: A
): R {
  checkTensors('cond', { 'the condition': condition });
  checkFunction('cond', whenTrue);
  checkFunction('cond', whenFalse);
  if (condition.dtype !== 'bool' || condition.size !== 1)
    throw new HeddleError('DTYPE_MISMATCH', 'cond: the condition is one bool', {
      found: printType(condition.expr.type),
      hint: 'compare: x.greater(0); for a choice by element use where',
    });
  const holds = condition.reshape([]);
  const yes = branch(holds, () => ensureSync('cond', whenTrue(...operands)));
  const no = branch(holds.not(), () => ensureSync('cond', whenFalse(...operands)));
  ensureSameStructure(
    'cond: the branches differ',
    flattenTensors(no).structure,
    flattenTensors(yes).structure,
  );
  return treeMap(
    (a, b) => {
      ensureSameType('cond', 'the branches differ in a type', b, a);
      return holds.where(a, b);
    },
    yes,
    no,
  );
}

/** Rounds that a loop writes into a program unless an option allows more, and those that any option allows. */
export const MAX_ROUNDS = 4096;
const MOST_ROUNDS = 2 ** 16;

/** Throws LIMIT_EXCEEDED, at `where`, for more than `most` rounds, before one is written; `raise` says how to allow them. */
export function checkRounds(rounds: number, most: number, raise: string, where?: string): void {
  const allowed = Math.min(most, MOST_ROUNDS);
  if (rounds <= allowed) return;
  throw new HeddleError('LIMIT_EXCEEDED', 'too many rounds, each of which is part of the program', {
    where,
    found: `${rounds} rounds`,
    expected: `at most ${allowed}`,
    hint:
      rounds <= MOST_ROUNDS
        ? raise
        : 'run the loop in parts, which hand the state on: no program holds more rounds',
  });
}

/** What `scan` is to go over. */
export interface ScanLoopOptions {
  /** From the last element to the first; results stand where their elements do. */
  readonly reverse?: boolean;
  /** Number of rounds, from 1, where there is nothing to go over. */
  readonly length?: number;
  /** Rounds that there may be, up to 65,536. Default 4096. */
  readonly maxRounds?: number;
}

const SCAN_OPTIONS: OptionTable<ScanLoopOptions> = { reverse: flag, length: integer, maxRounds: integer };

/**
 * A loop that carries a state over the elements of axis 0: `[carry, y] = step(carry, x)` for each x of `xs`, and the ys
 * stacked. The carry keeps its structure and types, and all ys have those of the first. The rounds are part of the program,
 * one after the other: long loops make long programs.
 *
 * Throws SHAPE_MISMATCH and TREE_MISMATCH, with the place and the round, where a carry or a y is not like the one before;
 * SHAPE_MISMATCH where there is no element, for nothing would say what the ys are; ATTRIBUTE_INVALID for a wrong length;
 * LIMIT_EXCEEDED for more than `maxRounds` rounds.
 */
export function scan<C, X, Y>(
  step: (carry: C, x: X) => readonly [C, Y],
  init: C,
  xs: X,
  options?: ScanLoopOptions,
): [carry: C, ys: Y] {
  checkFunction('scan', step);
  const { reverse = false, length, maxRounds = MAX_ROUNDS } = optionsOf('scan', options, SCAN_OPTIONS);
  const flat = flattenTensors(xs);
  if (length !== undefined && (!Number.isSafeInteger(length) || length < 1))
    throw new HeddleError('ATTRIBUTE_INVALID', 'scan: the length is not a number of rounds', {
      found: shown`${length}`,
      expected: 'an integer from 1',
    });
  const rounds = length ?? flat.leaves[0]?.shape[0];
  if (rounds === undefined || flat.leaves.some(({ shape }) => shape[0] !== rounds))
    throw new HeddleError('SHAPE_MISMATCH', 'scan: what it goes over has no common length', {
      found: flat.leaves.map(({ expr }) => printType(expr.type)).join(', ') || 'no tensors',
      hint: 'give { length } where there is nothing to go over',
    });
  if (rounds === 0)
    throw new HeddleError('SHAPE_MISMATCH', 'scan: the inputs have no elements', {
      found: flat.leaves.map(({ expr }) => printType(expr.type)).join(', '),
      expected: 'at least one element along axis 0',
      hint: 'the ys take their shapes from the first round',
    });
  named('scan', () => checkRounds(rounds, maxRounds, `{ maxRounds: ${rounds} } allows them`));
  let carry = init;
  const ys = new Array<Y>(rounds);
  let like: Flat<Tensor> | undefined;
  for (let round = 0; round < rounds; round++) {
    const i = reverse ? rounds - 1 - round : round;
    const x = unflatten(
      flat.structure,
      flat.leaves.map((leaf) => leaf.at(i)),
    ) as X;
    const [next, y] = pairOf(ensureSync('scan', step(carry, x)));
    checkAlike('scan', 'carry', round, flattenTensors(next), flattenTensors(carry));
    const result = flattenTensors(y);
    like ??= result;
    checkAlike('scan', 'y', round, result, like);
    [carry, ys[i]] = [next, y];
  }
  return [carry, stackTrees(ys)];
}

/** What a step returned. Throws USAGE unless it is a list of two. */
function pairOf<C, Y>(result: readonly [C, Y]): readonly [C, Y] {
  if (Array.isArray(result) && result.length === 2) return result;
  return named('scan', () => {
    throw new HeddleError('USAGE', 'a step returns a list of the next carry and a y', {
      found: describeValue(result),
      expected: '[carry, y]; null for y where there is none',
    });
  });
}

export interface WhileOptions {
  /** Rounds that are part of the program, up to 65,536. */
  readonly maxRounds: number;
}

const WHILE_OPTIONS: OptionTable<WhileOptions> = { maxRounds: required(number) };

/** How a {@link whileLoop} ended. */
export interface Looped<S> {
  readonly state: S;
  /** i32: rounds that ran. */
  readonly rounds: Tensor;
  /** bool: whether the condition ended it, and not `maxRounds`. */
  readonly finished: Tensor;
}

/**
 * A loop that runs while a condition on its state holds: `while (condition(state)) state = body(state)`. A program has a
 * fixed length: the body stands in it `maxRounds` times, and rounds after the condition failed change nothing; `finished`
 * tells whether that was enough. The state keeps its structure and types. Derivatives flow through the rounds that ran, and through
 * no other.
 */
export function whileLoop<S>(
  condition: (state: S) => Tensor,
  body: (state: S) => S,
  init: S,
  options: WhileOptions,
): Looped<S> {
  checkFunction('whileLoop', condition);
  checkFunction('whileLoop', body);
  const { maxRounds } = optionsOf('whileLoop', options, WHILE_OPTIONS);
  if (!Number.isSafeInteger(maxRounds) || maxRounds < 0)
    throw new HeddleError('ATTRIBUTE_INVALID', 'whileLoop: maxRounds is not a number of rounds', {
      found: shown`${maxRounds}`,
    });
  named('whileLoop', () => checkRounds(maxRounds, MOST_ROUNDS, ''));
  const holds = (state: S): Tensor => {
    const result = ensureSync('whileLoop', condition(state));
    checkTensors('whileLoop', { 'what the condition returns': result });
    if (result.dtype === 'bool' && result.size === 1) return result.reshape([]);
    throw new HeddleError('DTYPE_MISMATCH', 'whileLoop: the condition is one bool', {
      found: printType(result.expr.type),
    });
  };
  let [state, running, rounds] = [init, holds(init), tensor(0, { dtype: 'i32' })];
  for (let i = 0; i < maxRounds; i++) {
    const active = running;
    // A round that does not run works on the state at the start, so that numbers stay ordinary.
    const entered = treeMap((now, first) => active.where(now, first), state, init);
    const next = branch(active, () => ensureSync('whileLoop', body(entered)));
    checkAlike('whileLoop', 'state', i, flattenTensors(next), flattenTensors(state));
    state = treeMap((after, before) => active.where(after, before), next, state);
    rounds = rounds.add(active.cast('i32'));
    running = active.and(holds(state));
  }
  return { state, rounds, finished: running.not() };
}

function ensureSameType(place: string, what: string, found: Tensor, expected: Tensor): void {
  const [is, wanted] = [printType(found.expr.type), printType(expected.expr.type)];
  if (is === wanted) return;
  named(place, () => {
    throw new HeddleError('SHAPE_MISMATCH', what, { found: is, expected: wanted });
  });
}

/** Throws unless what a round makes has the structure and the types of what was there before. */
function checkAlike(
  name: string,
  what: string,
  round: number,
  found: Flat<Tensor>,
  expected: Flat<Tensor>,
): void {
  ensureSameStructure(`${name}: the ${what} of round ${round} has another structure`, found.structure, expected.structure); // prettier-ignore
  found.leaves.forEach((leaf, i) => {
    const path = found.paths[i];
    const place = `${name}, ${path === '' ? what : `${what}.${path}`} of round ${round}`;
    ensureSameType(place, `the ${what} changes its type`, leaf, expected.leaves[i]);
  });
}

function stackTrees<Y>(trees: readonly Y[]): Y {
  const flats = trees.map(flattenTensors);
  const [first] = flats;
  return unflatten(
    first.structure,
    first.leaves.map((_, i) => stack(flats.map(({ leaves }) => leaves[i]))),
  ) as Y;
}
