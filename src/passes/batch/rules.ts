/** How every op is batched: one table, exhaustive over the op set. */
import { HeddleError } from '../../base/errors.js';
import { BINARY_OPS, COMPARE_OPS, IDENTITY_OPS, tableOf, UNARY_OPS, type CanonicalOp } from '../../ir/ops.js';
import { conv } from './conv.js';
import { dot } from './dot.js';
import { gather, scatter, updateSlice } from './indexing.js';
import { broadcast, concat, identity, pad, permute, reshape, reverse, slice } from './movement.js';
import { random } from './random.js';
import { alongAxis, reduce, reduceWindow } from './reduction.js';
import { cond, loop } from './subgraphs.js';
import type { BatchRule, SubgraphOp, SubgraphRule } from './rule.js';
import { elementwise } from './scalar.js';

/** Without operands there is none that is batched: these are the same for all elements of the batch. */
const source: BatchRule<CanonicalOp> = ({ node }) => {
  throw new HeddleError('IR_INVALID', `${node.op} has no operand that could be batched`);
};

export const BATCH_RULES: { readonly [K in Exclude<CanonicalOp, SubgraphOp | 'result'>]: BatchRule<K> } = {
  ...tableOf(UNARY_OPS, elementwise),
  ...tableOf(BINARY_OPS, elementwise),
  ...tableOf(COMPARE_OPS, elementwise),
  ...tableOf(IDENTITY_OPS, () => identity),
  param: source,
  weight: source,
  constant: source,
  iota: source,
  random,
  cast: elementwise(),
  bitcast: elementwise(),
  select: elementwise(),
  reshape,
  permute,
  broadcast,
  slice,
  pad,
  concat,
  reverse,
  reduce,
  argreduce: alongAxis(),
  reduceWindow,
  scan: alongAxis(),
  dot,
  conv,
  gather,
  scatter,
  updateSlice,
  argsort: alongAxis(),
};

/** The ops that have several results, which `result` takes apart. */
export const SUBGRAPH_RULES: { readonly [K in SubgraphOp]: SubgraphRule<K> } = { loop, cond };
