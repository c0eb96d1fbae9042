/** Every op of the IR as ONNX. */
import {
  BINARY_OPS,
  COMPARE_OPS,
  IDENTITY_OPS,
  tableOf,
  UNARY_OPS,
  type CanonicalOp,
} from '../../../ir/ops.js';
import type { ExportRule } from './rule.js';
import { binaryRule, compareRule, select } from './rules/binary.js';
import { conv } from './rules/conv.js';
import { bitcast, cast } from './rules/conversion.js';
import { dot } from './rules/dot.js';
import { argsort, gather, scatter, updateSlice } from './rules/indexing.js';
import { broadcast, concat, identity, pad, permute, reshape, reverse, slice } from './rules/movement.js';
import { random } from './rules/random.js';
import { argreduce, reduce } from './rules/reduction.js';
import { cond, loop, result } from './rules/subgraph.js';
import { scan } from './rules/scan.js';
import { constant, iota, param, weight } from './rules/source.js';
import { unaryRule } from './rules/unary.js';
import { reduceWindow } from './rules/window.js';

export const EXPORT_RULES: { readonly [K in CanonicalOp]: ExportRule<K> } = {
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
  gather,
  scatter,
  updateSlice,
  argsort,
  loop,
  cond,
  result,
};
