/**
 * Ops with graphs inside. A graph of theirs (a **body**, a **branch**) takes its params and gives its outputs by position,
 * whatever their names; it sees nothing else: what it uses from outside is an operand (a **capture**), and weights are, too.
 *
 * Such an op has several results. Its own value is a tuple, without elements; `result` takes one part out of it.
 */
import { HeddleError } from '../../base/errors.js';
import { dimEquals, isStatic, type Dim } from '../dim.js';
import { axisOf, fail } from '../infer-checks.js';
import { printType, tensorType, tupleType, typesEqual, type TensorType } from '../types.js';
import type { Family, Ints, Traits } from './family.js';

/** A graph as ops hold it: see `Graph`, and `graphIn` (../subgraphs.ts), which gives it that type back. */
export interface Subgraph {
  readonly name: string;
  readonly nodes: readonly SubgraphNode[];
  readonly outputs: readonly { readonly name: string; readonly value: number }[];
}

interface SubgraphNode {
  readonly op: string;
  readonly inputs: readonly number[];
  readonly attrs: object;
  readonly type: TensorType;
}

export interface SubgraphAttrs {
  /**
   * Runs `body` trip by trip. Operands: the condition (bool[], only where `conditional`), `carries` initial values, then the
   * stacked inputs, of which each trip sees one slice, then captures, which are the same in every trip.
   *
   * Params of the body: the number of the trip (i32[], from 0), the carried values, the slices, the captures. Its outputs:
   * whether another trip follows (bool[], only where `conditional`), the carried values, a slice of each stacked output.
   *
   * Parts of the result: the carried values after the last trip, then the stacked outputs, with `trips` slices; slices of
   * trips that are not made are zero.
   */
  loop: {
    readonly body: Subgraph;
    readonly carries: number;
    /** How many trips there are; where `conditional`, at most, and Infinity where nothing bounds them. */
    readonly trips: Dim;
    readonly conditional: boolean;
    /** The axis of each stacked input along which it is sliced. */
    readonly sliceAxes: Ints;
    /** For each stacked input: 1, or -1 where the first trip sees its last slice. */
    readonly sliceSteps: Ints;
    /** The axis of each stacked output along which its slices stand. */
    readonly stackAxes: Ints;
    /** For each stacked output: 1, or -1 where the first trip gives its last slice. */
    readonly stackSteps: Ints;
  };
  /**
   * Runs one of its branches. Operands: the predicate, then captures, which are the params of every branch. The predicate is
   * bool[], for two branches of which the second is taken where it is true, or i32[], the number of the branch, which is
   * clamped. Parts of the result: the outputs of the branch.
   */
  cond: { readonly branches: readonly Subgraph[] };
  /** Part `index` of the value of an op that has several results. */
  result: { readonly index: number };
}

/** Trips of a loop that has no bound. */
export const MAX_TRIPS = 2 ** 20;

const TRAITS: Traits = {
  class: 'subgraph',
  kernel: 'own',
  cost: 'loop',
  reuse: 'view',
  reads: 'chosen',
  flushed: 'unknown',
};

const paramTypes = ({ nodes }: Subgraph): readonly TensorType[] =>
  nodes.filter(({ op }) => op === 'param').map(({ type }) => type);
const outputTypes = ({ nodes, outputs }: Subgraph): readonly TensorType[] =>
  outputs.map(({ value }) => nodes[value].type);

const NUMBER: TensorType = tensorType('i32', []);
const FLAG: TensorType = tensorType('bool', []);

/** Throws SHAPE_MISMATCH or DTYPE_MISMATCH, with both sides, where two types differ. */
function same(op: string, what: string, found: TensorType, expected: TensorType): void {
  if (typesEqual(found, expected)) return;
  const code = found.dtype === expected.dtype ? 'SHAPE_MISMATCH' : 'DTYPE_MISMATCH';
  throw new HeddleError(code, `${op}: ${what} has the wrong type`, {
    found: printType(found),
    expected: printType(expected),
  });
}

function counted(op: string, what: string, found: number, expected: number): void {
  if (found !== expected) fail('IR_INVALID', op, `${found} ${what}`, `${expected} ${what}`);
}

function steps(axes: Ints, list: Ints): void {
  counted('loop', 'directions', list.length, axes.length);
  for (const step of list)
    if (step !== 1 && step !== -1) fail('ATTRIBUTE_INVALID', 'loop', `a step of ${step}`, '1 or -1');
}

function inferLoop(inputs: readonly TensorType[], attrs: SubgraphAttrs['loop']): TensorType {
  const { body, carries, trips, conditional, sliceAxes, sliceSteps, stackAxes, stackSteps } = attrs;
  const first = conditional ? 1 : 0;
  const slices = sliceAxes.length;
  if (!Number.isSafeInteger(carries) || carries < 0)
    fail('ATTRIBUTE_INVALID', 'loop', `${carries} carried values`, 'an integer >= 0');
  if (inputs.length < first + carries + slices)
    fail('IR_INVALID', 'loop', `${inputs.length} operands`, `at least ${first + carries + slices}`);
  if (isStatic(trips) && !(Number.isSafeInteger(trips) && trips >= 0) && !(trips === Infinity && conditional))
    fail('ATTRIBUTE_INVALID', 'loop', `${trips} trips`, conditional ? 'an integer >= 0, or Infinity' : 'an integer >= 0'); // prettier-ignore
  if (trips === Infinity && slices + stackAxes.length > 0)
    fail('ATTRIBUTE_INVALID', 'loop', 'stacked values and an unbounded number of trips', 'a bound: trips');
  steps(sliceAxes, sliceSteps);
  steps(stackAxes, stackSteps);
  if (conditional) same('loop', 'the condition', inputs[0], FLAG);
  const given = inputs.slice(first).map((type, i) => {
    const at = i - carries;
    if (at < 0 || at >= slices) return type;
    const axis = axisOf('loop', sliceAxes[at], type.shape.length);
    if (!dimEquals(type.shape[axis], trips))
      fail('SHAPE_MISMATCH', 'loop', `stacked input ${at}: ${printType(type)}`, `an extent of ${String(trips)} along axis ${axis}`); // prettier-ignore
    return tensorType(type.dtype, type.shape.toSpliced(axis, 1));
  });
  const params = paramTypes(body);
  const expected = [NUMBER, ...given];
  counted('loop', 'params of the body', params.length, expected.length);
  params.forEach((type, i) => same('loop', `param ${i} of the body`, type, expected[i]));
  const made = outputTypes(body);
  counted('loop', 'outputs of the body', made.length, first + carries + stackAxes.length);
  if (conditional) same('loop', 'the condition that the body gives', made[0], FLAG);
  const carried = made.slice(first, first + carries);
  carried.forEach((type, i) => same('loop', `carried value ${i} after a trip`, type, given[i]));
  const stacks = made.slice(first + carries).map((type, i) => {
    const axis = axisOf('loop', stackAxes[i], type.shape.length + 1);
    return tensorType(type.dtype, type.shape.toSpliced(axis, 0, trips));
  });
  return tupleType([...carried, ...stacks]);
}

function inferCond(inputs: readonly TensorType[], { branches }: SubgraphAttrs['cond']): TensorType {
  if (inputs.length === 0) fail('IR_INVALID', 'cond', 'no operands', 'a predicate, then captures');
  const [predicate, ...captures] = inputs;
  const isFlag = predicate.dtype === 'bool';
  same('cond', 'the predicate', predicate, isFlag ? FLAG : NUMBER);
  if (isFlag) counted('cond', 'branches', branches.length, 2);
  if (branches.length === 0) fail('IR_INVALID', 'cond', 'no branches', 'at least one');
  const expected = outputTypes(branches[0]);
  branches.forEach((branch, at) => {
    const params = paramTypes(branch);
    counted('cond', `params of branch ${at}`, params.length, captures.length);
    params.forEach((type, i) => same('cond', `param ${i} of branch ${at}`, type, captures[i]));
    const made = outputTypes(branch);
    counted('cond', `outputs of branch ${at}`, made.length, expected.length);
    made.forEach((type, i) => same('cond', `output ${i} of branch ${at}`, type, expected[i]));
  });
  return tupleType(expected);
}

export const SUBGRAPH: Family<SubgraphAttrs> = {
  loop: {
    attrs: {
      carries: 'number',
      trips: 'dim',
      conditional: 'boolean',
      sliceAxes: 'numbers',
      sliceSteps: 'numbers',
      stackAxes: 'numbers',
      stackSteps: 'numbers',
      body: 'graph',
    },
    traits: TRAITS,
    type: inferLoop,
  },
  cond: { attrs: { branches: 'graphs' }, traits: TRAITS, type: inferCond },
  result: {
    attrs: { index: 'number' },
    traits: TRAITS,
    type: (inputs, { index }) => {
      counted('result', 'operands', inputs.length, 1);
      const { parts } = inputs[0];
      if (parts === undefined) fail('IR_INVALID', 'result', printType(inputs[0]), 'a loop or a cond');
      const part = parts.at(Number.isInteger(index) && index >= 0 ? index : parts.length);
      return part ?? fail('ATTRIBUTE_INVALID', 'result', `part ${index}`, `a part below ${parts.length}`);
    },
  },
};
