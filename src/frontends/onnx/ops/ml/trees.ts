/** Ensembles of decision trees: all trees of all rows take a step at a time, as often as the deepest one has steps. */
import { binaryBroadcast, withScalar } from '../../../../compose/broadcast.js';
import { takeAlongAxis } from '../../../../compose/indexing.js';
import { argExtreme, reduce } from '../../../../compose/reduce.js';
import type { Value } from '../../../../ir/emitter.js';
import { typed, type NodeContext } from '../../context.js';
import type { OpTable, Resolved } from '../../registry.js';
import { convertWide } from '../../wide/convert.js';
import { floatsOf, forestById, forestByIndex, type Forest } from './forest.js';
import { classLabels, featureCount, featureRows, inputDType, integers, labelsAt, numbers } from './table.js';
import { bothScores, transformed, transformOf, TRANSFORMS } from './transform.js';

/** The leaf of each row of x [N, F] in each tree: i32 [N, trees]. */
function leavesReached(ctx: NodeContext, forest: Forest, x: Value, dtype: 'float' | 'double'): Value {
  const { b } = ctx;
  const beyond = forest.features.find((feature) => !(feature >= 0 && feature < featureCount(ctx)));
  if (beyond !== undefined)
    ctx.fail('ONNX_INVALID', 'a tree reads a feature that does not exist', { found: `${beyond}`, expected: `0 to ${featureCount(ctx) - 1}` }); // prettier-ignore
  const [rows] = ctx.extents(x.type.shape);
  const at = (table: Value, node: Value): Value => b.emit('gather', [table, node], { axis: 0 });
  const splits = numbers(ctx, dtype, [forest.splits.length], forest.splits);
  const tables = [forest.features, forest.outcomes, forest.yes, forest.no].map((list) => integers(ctx, list));
  const shape = [rows, forest.roots.length];
  let node = b.broadcast(b.reshape(integers(ctx, forest.roots), [1, shape[1]]), shape);
  for (let step = 0; step < forest.depth; step++) {
    const [features, outcomes, yes, no] = tables.map((table) => at(table, node));
    const [value, split] = [takeAlongAxis(b, x, features, 1), at(splits, node)];
    const one = (number: number): Value => b.full(node, number);
    const less = b.binary('lt', value, split);
    const ordered = b.select(b.binary('eq', value, split), one(1), b.select(b.binary('lt', split, value), one(2), one(3))); // prettier-ignore
    const bit = withScalar(b, 'and', b.binary('shr', outcomes, b.select(less, one(0), ordered)), 1);
    node = b.select(withScalar(b, 'eq', bit, 1), yes, no);
  }
  return node;
}

export const AGGREGATES = ['AVERAGE', 'SUM', 'MIN', 'MAX'] as const;
type Aggregate = (typeof AGGREGATES)[number];

/** What the leaves of a row say together: [N, targets]. A target of which no leaf speaks is 0. */
function aggregated(
  ctx: NodeContext,
  forest: Forest,
  targets: number,
  aggregate: Aggregate,
  dtype: 'float' | 'double',
): Value {
  const { b } = ctx;
  const beyond = forest.leaves.find(({ target }) => !(target >= 0 && target < targets));
  if (beyond !== undefined)
    ctx.fail('ONNX_INVALID', 'a leaf names a target that does not exist', { found: `${beyond.target}`, expected: `0 to ${targets - 1}` }); // prettier-ignore
  const reached = leavesReached(ctx, forest, featureRows(ctx, dtype), dtype);
  const [nodes, trees] = [forest.yes.length, forest.roots.length];
  const isExtreme = aggregate === 'MIN' || aggregate === 'MAX';
  const none = aggregate === 'MIN' ? Infinity : aggregate === 'MAX' ? -Infinity : 0;
  const weights = new Array<number>(nodes * targets).fill(none);
  for (const { node, target, weight } of forest.leaves) {
    const i = node * targets + target;
    weights[i] = isExtreme ? weight : weights[i] + weight;
  }
  const kind = aggregate === 'MIN' ? 'min' : aggregate === 'MAX' ? 'max' : 'sum';
  const said = b.emit('gather', [numbers(ctx, dtype, [nodes, targets], weights), reached], { axis: 0 });
  const all = reduce(b, kind, said, { axes: [1], keepDims: false });
  if (aggregate === 'AVERAGE') return withScalar(b, 'div', all, trees);
  return isExtreme ? b.select(withScalar(b, 'eq', all, none), b.full(all, 0), all) : all;
}

function withBase(ctx: NodeContext, scores: Value, targets: number, dtype: 'float' | 'double'): Value {
  const base = floatsOf(ctx, 'base_values');
  if (base.length === 0) return scores;
  if (base.length !== 1 && base.length !== targets)
    ctx.fail('ONNX_INVALID', 'there is one base value, or one for each target', { found: `${base.length}` });
  return binaryBroadcast(ctx.b, 'add', scores, numbers(ctx, dtype, [base.length], base));
}

const asFloat = ({ b }: NodeContext, x: Value): Value => b.cast(x, 'f32');

function regressor(ctx: NodeContext): Resolved {
  const { attr } = ctx;
  const dtype = inputDType(ctx);
  const targets = attr.required('n_targets', attr.int('n_targets'));
  const aggregate = attr.choice('aggregate_function', AGGREGATES, 'SUM');
  const scores = aggregated(ctx, forestById(ctx, 'target'), targets, aggregate, dtype);
  const based = asFloat(ctx, withBase(ctx, scores, targets, dtype));
  return typed(transformed(ctx, based, transformOf(ctx)), 'float');
}

/**
 * Labels and scores. Where two labels share one class of leaves, its score is a probability if no weight is negative, and the
 * second label wins from above 0.5; else a distance, and it wins from above 0. Of several scores the first of the greatest wins.
 */
function classifier(ctx: NodeContext): readonly Resolved[] {
  const { b } = ctx;
  const dtype = inputDType(ctx);
  const labels = classLabels(ctx, 'classlabels_int64s');
  const transform = transformOf(ctx);
  const forest = forestById(ctx, 'class');
  const classes = new Set(forest.leaves.map(({ target }) => target));
  if (labels.length === 2 && classes.size === 1) {
    const single = { ...forest, leaves: forest.leaves.map((leaf) => ({ ...leaf, target: 0 })) };
    const base = floatsOf(ctx, 'base_values');
    const sum = aggregated(ctx, single, 1, 'SUM', dtype);
    const score = asFloat(ctx, base.length === 0 ? sum : binaryBroadcast(b, 'add', sum, numbers(ctx, dtype, [1], base.slice(-1)))); // prettier-ignore
    const isProbability = forest.leaves.every(({ weight }) => weight >= 0);
    const isSecond = b.binary('lt', b.full(score, isProbability ? 0.5 : 0), score);
    const index = b.cast(b.reshape(isSecond, score.type.shape.slice(0, 1)), 'i32');
    const kind = isProbability ? 'probability' : 'distance';
    return [labelsAt(ctx, labels, index), typed(bothScores(ctx, score, kind, transform), 'float')];
  }
  const sums = aggregated(ctx, forest, labels.length, 'SUM', dtype);
  const scores = asFloat(ctx, withBase(ctx, sums, labels.length, dtype));
  const index = argExtreme(b, 'max', scores, 1, { keepDims: false, last: false });
  return [labelsAt(ctx, labels, index), typed(transformed(ctx, scores, transform), 'float')];
}

function ensemble(ctx: NodeContext): Resolved {
  const { attr } = ctx;
  const dtype = inputDType(ctx);
  const named = <T>(name: string, list: readonly T[], otherwise: number): T => {
    const code = attr.int(name, otherwise);
    return list[code] ?? ctx.fail('ONNX_INVALID', `attribute ${name} has no such value`, { found: `${code}`, expected: `0 to ${list.length - 1}` }); // prettier-ignore
  };
  const aggregate = named('aggregate_function', AGGREGATES, 1);
  const targets = attr.int('n_targets', 1);
  const scores = aggregated(ctx, forestByIndex(ctx), targets, aggregate, dtype);
  const y = transformed(ctx, scores, named('post_transform', TRANSFORMS, 0));
  const given = ctx.input(0).dtype;
  return typed(convertWide(ctx.b, y, dtype, given), given);
}

export const trees: OpTable = [
  { op: 'TreeEnsembleRegressor', domain: 'ai.onnx.ml', since: [1, 3, 5], emit: regressor },
  { op: 'TreeEnsembleClassifier', domain: 'ai.onnx.ml', since: [1, 3, 5], emit: classifier },
  { op: 'TreeEnsemble', domain: 'ai.onnx.ml', since: [5], emit: ensemble },
];
