/** What classifiers and regressors of ai.onnx.ml do with their scores at last. */
import { binaryBroadcast, withScalar } from '../../../../compose/broadcast.js';
import { concat } from '../../../../compose/movement.js';
import { maximum, sum } from '../../../../compose/reduce.js';
import { softmax } from '../../../../compose/softmax.js';
import type { Value } from '../../../../ir/emitter.js';
import type { NodeContext } from '../../context.js';

export const TRANSFORMS = ['NONE', 'SOFTMAX', 'LOGISTIC', 'SOFTMAX_ZERO', 'PROBIT'] as const;
export type Transform = (typeof TRANSFORMS)[number];

/** The attribute post_transform as a name. */
export const transformOf = (ctx: NodeContext): Transform =>
  ctx.attr.choice('post_transform', TRANSFORMS, 'NONE');

/** Scores [N, E], several for a row. Throws ONNX_UNSUPPORTED_FEATURE for PROBIT. */
export function transformed(ctx: NodeContext, scores: Value, transform: Transform): Value {
  const { b } = ctx;
  switch (transform) {
    case 'NONE':
      return scores;
    case 'LOGISTIC':
      return b.unary('sigmoid', scores);
    case 'SOFTMAX':
      return softmax(b, scores, 1);
    case 'SOFTMAX_ZERO':
      return softmaxZero(ctx, scores);
    case 'PROBIT':
      return ctx.fail('ONNX_UNSUPPORTED_FEATURE', 'post_transform PROBIT is not supported');
  }
}

/** Softmax over what is not 0, which takes no part, as onnxruntime computes it. */
function softmaxZero({ b }: NodeContext, x: Value): Value {
  const row = { axes: [1], keepDims: true };
  const top = maximum(b, x, row);
  const isZero = withScalar(b, 'le', b.unary('abs', x), 1e-7);
  const exponential = b.unary('exp', binaryBroadcast(b, 'sub', x, top));
  const small = binaryBroadcast(b, 'mul', x, b.unary('exp', b.unary('neg', top)));
  const total = sum(b, b.select(isZero, b.full(x, 0), exponential), row);
  return binaryBroadcast(b, 'div', b.select(isZero, small, exponential), total);
}

/**
 * Both scores [N, 2] of a classifier with two labels and one score s [N, 1]: 1 - s and s where s is a probability as it is,
 * -s and s where it is a distance, the logistic functions of these where they are asked for.
 */
export function bothScores(
  ctx: NodeContext,
  s: Value,
  kind: 'probability' | 'distance',
  transform: Transform,
): Value {
  const { b } = ctx;
  const negative = b.unary('neg', s);
  if (transform === 'PROBIT') return transformed(ctx, s, transform);
  const [first, second] =
    kind === 'probability'
      ? [b.binary('sub', b.full(s, 1), s), s]
      : transform === 'LOGISTIC'
        ? [b.unary('sigmoid', negative), b.unary('sigmoid', s)]
        : [negative, s];
  return concat(b, [first, second], 1);
}
