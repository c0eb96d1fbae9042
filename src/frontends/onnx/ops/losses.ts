/** Losses of classification: classes are axis 1. */
import { moveToEnd } from '../../../compose/movement.js';
import { binaryBroadcast, broadcastTo, withScalar } from '../../../compose/broadcast.js';
import { isClass } from '../../../compose/cross-entropy.js';
import { range } from '../../../compose/axes.js';
import { mean, sum } from '../../../compose/reduce.js';
import { logSoftmax } from '../../../compose/softmax.js';
import type { Value } from '../../../ir/emitter.js';
import { printShape } from '../../../ir/types.js';
import type { NodeContext } from '../context.js';
import type { OpTable, Result } from '../registry.js';
import { checkInput, demand } from './checks.js';

const [SCORES, LABELS, WEIGHTS] = [0, 1, 2];

/**
 * -weight[label] * log[label] for each example, reduced as the attribute says; log-probabilities [N, C, ...]. A mean is
 * over the weights of the labels. Labels that are ignored count nowhere.
 */
function lossOf(ctx: NodeContext, logs: Value): Value {
  const { b, attr } = ctx;
  const shape = ctx.extents(logs.type.shape);
  demand(ctx, shape.length >= 2, '[N, C, ...]', printShape(shape));
  const [batch, classes, ...places] = shape;
  checkInput(ctx, LABELS, 'a label for each example', [batch, ...places]);
  checkInput(ctx, WEIGHTS, 'a weight for each class', [classes]);
  const reduction = attr.choice('reduction', ['mean', 'none', 'sum'], 'mean');
  const ignored = attr.int('ignore_index');
  const labels = b.index(ctx.value(LABELS));
  const surprisals = moveToEnd(b, b.unary('neg', logs), 1);
  const isLabel = isClass(b, surprisals, labels);
  const counted =
    ignored === undefined || Math.abs(ignored) >= 2 ** 31
      ? undefined
      : b.unary('not', withScalar(b, 'eq', labels, ignored));
  const along = { axes: [surprisals.type.shape.length - 1], keepDims: false };
  /** The element of each label, of values that broadcast to the surprisals; 0 for labels that do not count. */
  const chosen = (values: Value): Value => {
    const whole = broadcastTo(b, values, surprisals.type.shape);
    const picked = sum(b, b.select(isLabel, whole, b.full(whole, 0)), along);
    return counted === undefined ? picked : b.select(counted, picked, b.full(picked, 0));
  };
  const weights = ctx.optional(WEIGHTS);
  const weighed = weights === undefined ? surprisals : binaryBroadcast(b, 'mul', surprisals, weights);
  const losses = chosen(weighed);
  if (reduction === 'none') return losses;
  const all = { axes: range(0, shape.length - 1), keepDims: false };
  if (reduction === 'sum') return sum(b, losses, all);
  if (weights === undefined && counted === undefined) return mean(b, losses, all);
  const total = chosen(weights ?? b.full(surprisals, 1));
  return b.binary('div', sum(b, losses, all), sum(b, total, all));
}

function softmaxCrossEntropy(ctx: NodeContext): readonly Result[] {
  demand(ctx, ctx.rank(SCORES) >= 2, '[N, C, ...]', printShape(ctx.input(SCORES).shape));
  const logs = logSoftmax(ctx.b, ctx.value(SCORES), 1);
  return [lossOf(ctx, logs), logs];
}

export const losses: OpTable = [
  { op: 'NegativeLogLikelihoodLoss', since: [12, 13, 22], emit: (ctx) => lossOf(ctx, ctx.value(SCORES)) },
  { op: 'SoftmaxCrossEntropyLoss', since: [12, 13], emit: softmaxCrossEntropy },
];
