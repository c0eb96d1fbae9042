/** Every op of the IR as ONNX. */
import { BINARY_OPS, COMPARE_OPS, UNARY_OPS, type Op } from '../../../ir/ops.js';
import type { ExportRule } from './rule.js';
import { binaryRule, compareRule, select } from './rules/binary.js';
import { conv } from './rules/conv.js';
import { bitcast, cast } from './rules/conversion.js';
import { dot } from './rules/dot.js';
import { argsort, gather, scatter } from './rules/indexing.js';
import { barrier, broadcast, concat, pad, permute, reshape, reverse, slice } from './rules/movement.js';
import { random } from './rules/random.js';
import { argreduce, reduce } from './rules/reduction.js';
import { scan } from './rules/scan.js';
import { constant, iota, param, weight } from './rules/source.js';
import { unaryRule } from './rules/unary.js';
import { reduceWindow } from './rules/window.js';

const tableOf = <K extends string, R>(keys: readonly K[], rule: (key: K) => R): Record<K, R> =>
  Object.fromEntries(keys.map((key) => [key, rule(key)])) as Record<K, R>;

export const EXPORT_RULES: { readonly [K in Op]: ExportRule<K> } = {
  ...tableOf(UNARY_OPS, unaryRule),
  ...tableOf(BINARY_OPS, binaryRule),
  ...tableOf(COMPARE_OPS, compareRule),
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
  barrier,
  reduce,
  argreduce,
  reduceWindow,
  scan,
  dot,
  conv,
  gather,
  scatter,
  argsort,
};
