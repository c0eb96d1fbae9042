/** Loops: functions that a program runs trip by trip. Each is called once, and is the body of a `loop` of the program. */
import { HeddleError } from '../../base/errors.js';
import { describeValue, shown } from '../../base/describe.js';
import { isFloat } from '../../base/dtype.js';
import { flag, integer, number } from '../../base/kinds.js';
import type { OptionTable } from '../../base/options.js';
import { MAX_TRIPS } from '../../ir/ops.js';
import { printType, tensorType, type TensorType } from '../../ir/types.js';
import { checkFunction, optionsOf } from '../arguments.js';
import { callWithInputs, ensureSync, flattenTensors, madeBefore, rebuild } from '../expressions/call.js';
import { asExpr, EXPRS, nextSerial, type Expr } from '../expressions/expr.js';
import { lower } from '../expressions/lower.js';
import { named } from '../tensors/core.js';
import { tensor } from '../tensors/factories.js';
import { concat } from '../tensors/functions.js';
import { isTensor, Tensor } from '../tensors/tensor.js';
import { unflatten, type Flat } from '../trees/tree.js';
import { ensureAlike } from './alike.js';
import { scalarOf } from './branches.js';
import { checkpoint } from './remat.js';

/** Throws LIMIT_EXCEEDED, at `where`, for more than `most` rounds; `raise` says how to allow them. */
export function checkRounds(rounds: number, most: number, raise: string, where?: string): void {
  const allowed = Math.min(most, MAX_TRIPS);
  if (rounds <= allowed) return;
  throw new HeddleError('LIMIT_EXCEEDED', 'a loop has too many rounds', {
    where,
    found: `${rounds} rounds`,
    expected: `at most ${allowed}`,
    hint: rounds <= MAX_TRIPS ? raise : 'run the loop in parts, which hand the state on',
  });
}

/** What `scan` is to go over. */
export interface ScanLoopOptions {
  /** From the last element to the first; results stand where their elements do. */
  readonly reverse?: boolean;
  /** Number of rounds where there is nothing to go over. */
  readonly length?: number;
  /** Rounds that there may be. Default, and the most: 2^20. */
  readonly maxRounds?: number;
  /**
   * Derivatives keep what they need of about sqrt(n) of n rounds, and not of all of them: the rounds run in chunks, of which
   * only the first carry is kept, and run again on the way back. Bits of the result stay; the derivatives by what all rounds
   * share are summed chunk by chunk.
   */
  readonly checkpoint?: boolean;
}

const SCAN_OPTIONS: OptionTable<ScanLoopOptions> = {
  reverse: flag,
  length: integer,
  maxRounds: integer,
  checkpoint: flag,
};

/**
 * A loop that carries a state over the elements of axis 0: `[carry, y] = step(carry, x)` for each x of `xs`, and the ys
 * stacked. The carry keeps its structure and types. `step` is called once (with `checkpoint` also for the rounds that chunks
 * leave over), and the size of the program does not depend on
 * the number of rounds. Where there is no element, the carry is `init` and the ys are empty.
 *
 * Throws SHAPE_MISMATCH and TREE_MISMATCH, with the place, where the next carry is not like the one before; SHAPE_MISMATCH
 * where what it goes over has no common length; ATTRIBUTE_INVALID for a wrong length; LIMIT_EXCEEDED for more than
 * `maxRounds` rounds.
 */
export function scan<C, X, Y>(
  step: (carry: C, x: X) => readonly [C, Y],
  init: C,
  xs: X,
  options?: ScanLoopOptions,
): [carry: C, ys: Y] {
  checkFunction('scan', step);
  const { reverse = false, length, maxRounds = MAX_TRIPS, checkpoint: inChunks = false } = optionsOf('scan', options, SCAN_OPTIONS); // prettier-ignore
  const trips = named('scan', () => lengthOf(flattenTensors(xs).leaves, length));
  named('scan', () => checkRounds(trips, maxRounds, `{ maxRounds: ${trips} } allows them`));
  const chunk = chunkOf(trips);
  if (inChunks && chunk > 1) return scanChunks(step, init, xs, { trips, chunk, reverse });
  const looped = loop('scan', { trips, reverse, state: { carry: init }, xs: { x: xs } }, (_, { carry }, { x }) => {
    const [next, y] = pairOf(ensureSync('scan', step(carry, x)));
    return { state: { carry: next }, ys: { y } };
  }); // prettier-ignore
  return [looped.state.carry, looped.ys.y];
}

/**
 * How many of `trips` rounds make a chunk: about the square root. A number that divides them leaves no rounds over, so that what the
 * loop goes over is not cut: it is preferred where chunk and number of chunks are not far apart.
 */
function chunkOf(trips: number): number {
  const root = Math.ceil(Math.sqrt(trips));
  for (let chunk = root; chunk < 2 * root && chunk < trips; chunk++) if (trips % chunk === 0) return chunk;
  return root;
}

/** A tree like `tree`, with other tensors. */
function mapTensors<T>(tree: T, map: (x: Tensor) => Tensor): T {
  const { structure, leaves } = flattenTensors(tree);
  return rebuild(structure, leaves.map((leaf) => map(leaf).expr)) as T; // prettier-ignore
}

/** A {@link scan} of scans of `chunk` rounds each, and one of the rounds that are left over: the last that are made. */
function scanChunks<C, X, Y>(
  step: (carry: C, x: X) => readonly [C, Y],
  init: C,
  xs: X,
  { trips, chunk, reverse }: { readonly trips: number; readonly chunk: number; readonly reverse: boolean },
): [carry: C, ys: Y] {
  const chunks = Math.floor(trips / chunk);
  const left = trips - chunks * chunk;
  const [from, rest] = reverse ? [left, 0] : [0, chunks * chunk];
  const rounds = (x: Tensor, start: number, count: number): Tensor => x.slice([start, start + count]);
  const inner = checkpoint((carry: C, x: X) => scan(step, carry, x, { reverse, length: chunk }));
  const stacked = mapTensors(xs, (x) => rounds(x, from, chunks * chunk).reshape([chunks, chunk, ...x.shape.slice(1)])); // prettier-ignore
  const [middle, whole] = scan(inner, init, stacked, { reverse, length: chunks });
  const flat = mapTensors(whole, (y) => y.reshape([chunks * chunk, ...y.shape.slice(2)]));
  if (left === 0) return [middle, flat];
  const [last, ys] = scan(step, middle, mapTensors(xs, (x) => rounds(x, rest, left)), { reverse, length: left }); // prettier-ignore
  const more = flattenTensors(ys).leaves;
  let at = 0;
  return [last, mapTensors(flat, (y) => concat(reverse ? [more[at++], y] : [y, more[at++]], 0))];
}

/** Throws ATTRIBUTE_INVALID unless `value` is a number of rounds. */
function checkCount(option: string, value: number): void {
  if (Number.isSafeInteger(value) && value >= 0) return;
  throw new HeddleError('ATTRIBUTE_INVALID', `${option} is not a number of rounds`, {
    found: shown`${value}`,
    expected: 'an integer from 0',
  });
}

/** The extent along axis 0 that all of `leaves` have. Throws ATTRIBUTE_INVALID and SHAPE_MISMATCH. */
function lengthOf(leaves: readonly Tensor[], given: number | undefined): number {
  if (given !== undefined) checkCount('length', given);
  const length = given ?? leaves[0]?.shape[0];
  if (length !== undefined && leaves.every(({ shape }) => shape[0] === length)) return length;
  throw new HeddleError('SHAPE_MISMATCH', 'what it goes over has no common length', {
    found: leaves.map(({ expr }) => printType(expr.type)).join(', ') || 'no tensors',
    expected: `an extent of ${given ?? 'one number'} along axis 0`,
    hint: 'give { length } where there is nothing to go over',
  });
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
  /** Rounds that there may be, up to 2^20. Derivatives need it: what they keep of each round needs a place. Default: no bound. */
  readonly maxRounds?: number;
}

const WHILE_OPTIONS: OptionTable<WhileOptions> = { maxRounds: number };

/** The bound of a while. Throws ATTRIBUTE_INVALID and LIMIT_EXCEEDED. */
function boundOf(name: string, options: WhileOptions | undefined): number {
  const { maxRounds } = optionsOf(name, options, WHILE_OPTIONS);
  if (maxRounds === undefined) return Infinity;
  named(name, () => {
    checkCount('maxRounds', maxRounds);
    checkRounds(maxRounds, MAX_TRIPS, '');
  });
  return maxRounds;
}

/** How a {@link whileLoop} ended. */
export interface Looped<S> {
  readonly state: S;
  /** i32: rounds that ran. */
  readonly rounds: Tensor;
  /** bool: whether the condition ended it, and not `maxRounds`. */
  readonly finished: Tensor;
}

/**
 * A loop that runs while a condition on its state holds: `while (condition(state)) state = body(state)`. The state keeps its
 * structure and types. `body` is called once, and the size of the program does not depend on the rounds. Without `maxRounds` it
 * fails with LIMIT_EXCEEDED where the condition still holds after 2^20 rounds. A device makes rounds in batches, of which those after
 * the condition failed change nothing, and is asked between batches whether the condition holds. Derivatives need `maxRounds`, and
 * flow through the rounds that ran and no other.
 *
 * Throws DTYPE_MISMATCH for a condition that is not one bool, SHAPE_MISMATCH and TREE_MISMATCH for a state that changes,
 * ATTRIBUTE_INVALID and LIMIT_EXCEEDED for a wrong `maxRounds`.
 */
export function whileLoop<S>(
  condition: (state: S) => Tensor,
  body: (state: S) => S,
  init: S,
  options?: WhileOptions,
): Looped<S> {
  checkFunction('whileLoop', condition);
  checkFunction('whileLoop', body);
  const trips = boundOf('whileLoop', options);
  const holds = (state: S): Tensor => scalarOf('whileLoop', 'what the condition returns', ensureSync('whileLoop', condition(state)), 'bool'); // prettier-ignore
  const start = { state: init, running: holds(init), rounds: tensor(0, { dtype: 'i32' }) };
  const { state } = loop('whileLoop', { trips, state: start, xs: {}, while: ({ running }) => running }, (trip, { state }) => {
    const next = ensureSync('whileLoop', body(state));
    return { state: { state: next, running: holds(next), rounds: trip.add(1) }, ys: {} };
  }); // prettier-ignore
  return { state: state.state, rounds: state.rounds, finished: state.running.not() };
}

/**
 * A loop over the integers from `lower` up to `upper`, without it: `for (i = lower; i < upper; i++) state = body(i, state)`.
 * `body` gets i as an i32 scalar; it is called once. The bounds are integers, or i32 scalars where they are known only when the
 * program runs; derivatives then need `maxRounds`, as in {@link whileLoop}.
 *
 * Throws ATTRIBUTE_INVALID for a bound that is not an integer, DTYPE_MISMATCH for one that is not one i32, SHAPE_MISMATCH and
 * TREE_MISMATCH for a state that changes, LIMIT_EXCEEDED for too many rounds.
 */
export function foriLoop<S>(
  lower: number | Tensor,
  upper: number | Tensor,
  body: (i: Tensor, state: S) => S,
  init: S,
  options?: WhileOptions,
): S {
  checkFunction('foriLoop', body);
  const bound = boundOf('foriLoop', options);
  const next = (i: Tensor, state: S): S => ensureSync('foriLoop', body(i, state));
  if (typeof lower === 'number' && typeof upper === 'number') {
    for (const limit of [lower, upper]) indexOf(limit);
    const trips = Math.max(upper - lower, 0);
    named('foriLoop', () => checkRounds(trips, bound, `{ maxRounds: ${trips} } allows them`));
    const { state } = loop('foriLoop', { trips, state: { state: init }, xs: {} }, (trip, { state }) => ({
      state: { state: next(trip.add(lower), state) },
      ys: {},
    }));
    return state.state;
  }
  const end = indexOf(upper);
  const start = { i: indexOf(lower), state: init };
  const { state } = loop('foriLoop', { trips: bound, state: start, xs: {}, while: ({ i }) => i.less(end) }, (_, { i, state }) => ({
    state: { i: i.add(1), state: next(i, state) },
    ys: {},
  })); // prettier-ignore
  return state.state;
}

/** A bound of a {@link foriLoop} as an i32 scalar. */
function indexOf(bound: number | Tensor): Tensor {
  if (isTensor(bound)) return scalarOf('foriLoop', 'a bound', bound, 'i32');
  if (typeof bound === 'number' && bound === (bound | 0)) return tensor(bound, { dtype: 'i32' });
  return named('foriLoop', () => {
    throw new HeddleError('ATTRIBUTE_INVALID', 'a bound is not an i32', {
      found: describeValue(bound),
      expected: 'an integer below 2^31, or an i32 scalar',
    });
  });
}

// -- the op --

interface Around<S, X> {
  /** How many trips there are; with `while`, at most. */
  readonly trips: number;
  /** Whether the first trip sees the last slices. */
  readonly reverse?: boolean;
  readonly state: S;
  /** Each trip sees a slice of these along axis 0. */
  readonly xs: X;
  /** A bool scalar: whether another trip follows. */
  readonly while?: (state: S) => Tensor;
}

const TRIP: TensorType = tensorType('i32', []);

/** A `loop` with `trip` as its body. Errors name places by the keys of the trees. Throws where the state changes. */
function loop<S, X, Y>(
  name: string,
  { trips, reverse = false, state, xs, while: more }: Around<S, X>,
  trip: (number: Tensor, state: S, x: X) => { readonly state: S; readonly ys: Y },
): { readonly state: S; readonly ys: Y } {
  const [init, stacked] = [flattenTensors(state), flattenTensors(xs)];
  const carries = init.leaves.length;
  const slices = stacked.leaves.map(({ dtype, shape }) => tensorType(dtype, shape.slice(1)));
  let ys: Flat<Tensor> = flattenTensors([]);
  const start = nextSerial();
  const call = callWithInputs(name, [TRIP, ...typesOf(init), ...slices], ([at, ...given]) => {
    const x = unflatten(stacked.structure, given.slice(carries)) as X;
    const made = trip(at, unflatten(init.structure, given.slice(0, carries)) as S, x);
    const next = flattenTensors(made.state);
    ensureAlike(name, 'the state changes its', next, init);
    ys = flattenTensors(made.ys);
    return [...(more === undefined ? [] : [more(made.state)]), ...next.leaves, ...ys.leaves];
  });
  try {
    const condition = more === undefined ? [] : ['while'];
    const names = {
      params: ['trip', ...init.paths, ...stacked.paths],
      outputs: [...condition, ...init.paths, ...ys.paths],
    };
    const { graph, captured } = lower({ name, params: call.inputs, outputs: call.results, names, capture: madeBefore(start) }); // prettier-ignore
    const step = reverse ? -1 : 1;
    const first = more === undefined ? [] : [more(state)];
    const given = [...first, ...init.leaves, ...stacked.leaves].map(({ expr }) => expr);
    const operands = [
      ...given,
      ...captured.map((expr) => (first.length === 0 ? expr : entering(expr, first[0]))),
    ];
    const made = EXPRS.emit('loop', operands, {
      body: graph,
      carries,
      trips,
      conditional: more !== undefined,
      sliceAxes: stacked.leaves.map(() => 0),
      sliceSteps: stacked.leaves.map(() => step),
      stackAxes: ys.leaves.map(() => 0),
      stackSteps: ys.leaves.map(() => step),
    });
    const parts: readonly Expr[] = asExpr(made).parts;
    return {
      state: rebuild(init.structure, parts.slice(0, carries)) as S,
      ys: rebuild(ys.structure, parts.slice(carries)) as Y,
    };
  } finally {
    // Not before: the loop holds from here on what the trace held so far.
    call.trace.release();
  }
}

const typesOf = ({ leaves }: Flat<Tensor>): readonly TensorType[] => leaves.map(({ expr }) => expr.type);

/**
 * A capture of a loop that may make no trip: its derivative is 0 then, and not a product of 0 with that of what is computed
 * from it, which is NaN for a root at 0.
 */
function entering(expr: Expr, isEntered: Tensor): Expr {
  if (expr.traces.length === 0 || !isFloat(expr.type.dtype)) return expr;
  const value = new Tensor(expr);
  return isEntered.where(value, value.stopGradient()).expr;
}
