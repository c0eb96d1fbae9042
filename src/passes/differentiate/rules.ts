/** How every op is differentiated: one table, exhaustive over the op set. docs/numerics.md has what they define. */
import { COMPARE_OPS, tableOf, type CanonicalOp } from '../../ir/ops.js';
import { binaryRules } from './binary.js';
import { bitcast, cast, select } from './choice.js';
import { conv } from './conv.js';
import { dot } from './dot.js';
import { gather, scatter, updateSlice } from './indexing.js';
import { broadcast, concat, identity, pad, permute, reshape, reverse, slice } from './movement.js';
import { reduce } from './reduce.js';
import { cond } from './subgraphs/cond.js';
import { loop } from './subgraphs/loop.js';
import { noGradient, type SubgraphOp, type SubgraphRule, type VjpRule } from './rule.js';
import { scan } from './scan.js';
import { unaryRules } from './unary.js';
import { reduceWindow } from './window.js';

export const VJP_RULES: { readonly [K in Exclude<CanonicalOp, SubgraphOp>]: VjpRule<K> } = {
  ...unaryRules,
  ...binaryRules,
  ...tableOf(COMPARE_OPS, () => noGradient),
  param: noGradient,
  weight: noGradient,
  constant: noGradient,
  iota: noGradient,
  random: noGradient,
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
  stopGradient: noGradient,
  rematBegin: identity,
  rematEnd: identity,
  fence: identity,
  copy: identity,
  reduce,
  argreduce: noGradient,
  reduceWindow,
  scan,
  dot,
  conv,
  gather,
  scatter,
  updateSlice,
  argsort: noGradient,
  result: noGradient,
};

/** The ops that have several results. The walk hands what comes to a `result` on to them. */
export const SUBGRAPH_RULES: { readonly [K in SubgraphOp]: SubgraphRule<K> } = { loop, cond };
