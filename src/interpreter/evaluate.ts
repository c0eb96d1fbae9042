/** The definition of every op: one table, exhaustive over the op set. */
import { HeddleError } from '../base/errors.js';
import type { TensorData } from '../base/tensor.js';
import type { Node } from '../ir/graph.js';
import { limitedSize } from '../ir/infer-checks.js';
import {
  BINARY_OPS,
  COMPARE_OPS,
  IDENTITY_OPS,
  traitsOf,
  tableOf,
  UNARY_OPS,
  type Op,
  type OpClass,
} from '../ir/ops.js';
import { staticShape } from '../ir/types.js';
import type { SubnormalMode } from '../numerics/subnormals.js';
import { F32Arithmetic } from './arithmetic.js';
import { conv, splitKConv } from './conv.js';
import { dot, splitKDot } from './dot.js';
import { binaryRule, bitcast, cast, compareRule, select, unaryRule } from './elementwise.js';
import { gather, scatter, updateSlice } from './indexing.js';
import { roundLanesToF16, toLanes, toTensorData, type Operand } from './lanes.js';
import { broadcast, concat, identity, pad, permute, reshape, reverse, slice } from './movement.js';
import { argreduce, argsort } from './order.js';
import { reduce } from './reduce.js';
import { runCond, runLoop, type Evaluate } from './subgraph.js';
import type { EvalRule, Sources } from './rule.js';
import { scan } from './scan.js';
import { constant, iota, param, weight } from './sources.js';
import { random } from './threefry.js';
import { reduceWindow } from './window.js';

/** Ops whose result is one tensor. */
type PlainOp = Exclude<Op, 'loop' | 'cond'>;

const RULES: { readonly [K in PlainOp]: EvalRule<K> } = {
  ...tableOf(UNARY_OPS, unaryRule),
  ...tableOf(BINARY_OPS, binaryRule),
  ...tableOf(COMPARE_OPS, compareRule),
  ...tableOf(IDENTITY_OPS, () => identity),
  param,
  weight,
  constant,
  iota,
  random,
  cast,
  bitcast,
  select,
  reshape,
  permute,
  broadcast,
  slice,
  pad,
  concat,
  reverse,
  reduce,
  argreduce,
  reduceWindow,
  scan,
  dot,
  conv,
  splitKDot,
  splitKConv,
  gather,
  scatter,
  updateSlice,
  argsort,
  trip: () => {
    throw new HeddleError('IR_INVALID', 'a trip has no number outside of a plan');
  },
  result: ({ attrs, inputs }) => inputs[0].parts![attrs.index].lanes,
};

/** A value and the number of its f32 operations that may depend on the subnormal mode (see F32Arithmetic.count). */
export interface Evaluated<T> {
  readonly value: T;
  readonly subnormals: number;
}

/** The result of one node. Throws DIM_UNBOUND while its shape is symbolic, LIMIT_EXCEEDED where it is too large. */
export function evaluateOperand(
  node: Node,
  inputs: readonly Operand[],
  mode: SubnormalMode,
  sources: Sources,
): Evaluated<Operand> {
  if (node.op !== 'loop' && node.op !== 'cond') return evaluatePlain(node, inputs, mode, sources);
  let subnormals = 0;
  const evaluate: Evaluate = (inner, operands, innerSources) => {
    const result = evaluateOperand(inner, operands, mode, innerSources);
    subnormals += result.subnormals;
    return result.value;
  };
  const parts = node.op === 'loop' ? runLoop(node, inputs, evaluate) : runCond(node, inputs, evaluate);
  return { value: { dtype: 'bool', shape: [0], lanes: new Uint8Array(0), parts }, subnormals };
}

function evaluatePlain<K extends PlainOp>(
  node: Node<K>,
  inputs: readonly Operand[],
  mode: SubnormalMode,
  sources: Sources,
): Evaluated<Operand> {
  const { op, attrs, type } = node;
  const { dtype } = type;
  const shape = staticShape(type.shape);
  limitedSize(op, type);
  const f32 = new F32Arithmetic(mode);
  const rule: EvalRule<K> = RULES[op];
  const lanes = rule({ attrs, inputs, dtype, shape, f32, sources });
  if (dtype === 'f16' && mayLeaveGrid(op)) roundLanesToF16(lanes);
  return { value: { dtype, shape, lanes }, subnormals: f32.count };
}

/** These only pass on elements that are on the f16 grid already (and may share memory with others). */
const mayLeaveGrid = (op: Op): boolean => !ON_GRID.has(traitsOf(op).class);
const ON_GRID: ReadonlySet<OpClass> = new Set(['source', 'movement', 'subgraph']);

const NO_SOURCES: Sources = {
  param: (name) => notConstant(`param "${name}"`),
  weight: (id) => notConstant(`weight "${id}"`),
};

function notConstant(what: string): never {
  throw new HeddleError('IR_INVALID', `${what} has no value outside of a program`);
}

/**
 * The result of one node on host tensors, for folding constants: with `subnormals` 0 it holds on every device, else
 * only on those of the given mode. Throws IR_INVALID for a param or weight. The result may share memory with an input.
 */
export function evaluateNode(
  node: Node,
  inputs: readonly TensorData[],
  mode: SubnormalMode = 'preserve',
): Evaluated<TensorData> {
  const operands = inputs.map((input) => ({ dtype: input.dtype, shape: input.shape, lanes: toLanes(input) }));
  const { value, subnormals } = evaluateOperand(node, operands, mode, NO_SOURCES);
  return { value: toTensorData(value), subnormals };
}
