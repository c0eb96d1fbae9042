/** Linear models of ai.onnx.ml. */
import { binaryBroadcast, withScalar } from '../../../../compose/broadcast.js';
import { matmul } from '../../../../compose/matmul.js';
import { argExtreme } from '../../../../compose/reduce.js';
import type { Value } from '../../../../ir/emitter.js';
import { typed, type NodeContext } from '../../context.js';
import type { OpTable, Resolved } from '../../registry.js';
import { classLabels, featureCount, featureRows, labelsAt, numbers } from './table.js';
import { bothScores, transformed, transformOf } from './transform.js';

/** x [N, F] times the rows of `coefficients` [targets, F], and a number for each target: [N, targets]. */
function lines(ctx: NodeContext, targets: number): Value {
  const { b, attr } = ctx;
  const count = featureCount(ctx);
  const coefficients = attr.floats('coefficients') ?? [];
  const intercepts = attr.floats('intercepts') ?? [];
  if (coefficients.length !== targets * count || (intercepts.length !== 0 && intercepts.length !== targets))
    ctx.fail(
      'ONNX_INVALID',
      'there are as many coefficients as targets times features, and intercepts as targets',
      {
        // prettier-ignore
        found: `${coefficients.length} coefficients and ${intercepts.length} intercepts for ${targets} and ${count}`,
      },
    );
  const rows = numbers(ctx, 'float', [targets, count], coefficients);
  const product = matmul(b, featureRows(ctx, 'float'), b.permute(rows, [1, 0]));
  return intercepts.length === 0
    ? product
    : binaryBroadcast(b, 'add', product, numbers(ctx, 'float', [targets], intercepts));
}

function linearRegressor(ctx: NodeContext): Resolved {
  return typed(transformed(ctx, lines(ctx, ctx.attr.int('targets', 1)), transformOf(ctx)), 'float');
}

/** The label of the greatest score, the first of equal ones; of two labels with one score, the second where that is above 0. */
function linearClassifier(ctx: NodeContext): readonly Resolved[] {
  const { b } = ctx;
  const labels = classLabels(ctx, 'classlabels_ints');
  const transform = transformOf(ctx);
  const targets = Math.max(
    1,
    (ctx.attr.floats('coefficients') ?? []).length / Math.max(1, featureCount(ctx)),
  );
  const scores = lines(ctx, targets);
  if (targets === 1 && labels.length === 2) {
    const index = b.cast(b.reshape(withScalar(b, 'lt', b.unary('neg', scores), 0), scores.type.shape.slice(0, 1)), 'i32'); // prettier-ignore
    const kind = transform === 'LOGISTIC' ? 'distance' : 'probability';
    return [labelsAt(ctx, labels, index), typed(bothScores(ctx, scores, kind, transform), 'float')];
  }
  if (targets !== labels.length)
    ctx.fail('ONNX_INVALID', 'there is a score for each label', { found: `${targets} scores, ${labels.length} labels` }); // prettier-ignore
  const index = argExtreme(b, 'max', scores, 1, { keepDims: false, last: false });
  return [labelsAt(ctx, labels, index), typed(transformed(ctx, scores, transform), 'float')];
}

export const linears: OpTable = [
  { op: 'LinearRegressor', domain: 'ai.onnx.ml', since: [1], emit: linearRegressor },
  { op: 'LinearClassifier', domain: 'ai.onnx.ml', since: [1], emit: linearClassifier },
];
