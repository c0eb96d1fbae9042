/** Layer normalizations as onnxruntime writes them: of sums, without means, after embeddings. Statistics are f32. */
import { range } from '../../../../compose/axes.js';
import { binaryBroadcast, broadcastTo, withScalar } from '../../../../compose/broadcast.js';
import * as compose from '../../../../compose/normalize.js';
import { sum } from '../../../../compose/reduce.js';
import type { Value } from '../../../../ir/emitter.js';
import { printShape } from '../../../../ir/types.js';
import { typed, type NodeContext } from '../../context.js';
import type { OpTable, Result } from '../../registry.js';
import { checkInput, demand } from '../checks.js';
import { rowsAt } from '../attention/rotary.js';

/** x normalized over its last axis, with scale and bias, and the statistics [..., 1]. */
function normalized(
  ctx: NodeContext,
  x: Value,
  scale: Value,
  bias: Value | undefined,
): { result: Value; mean: Value; inverseDeviation: Value } {
  const { b } = ctx;
  const rank = x.type.shape.length;
  const parts = compose.standardize(b, b.cast(x, 'f32'), range(rank - 1, rank), epsilonOf(ctx));
  const result = compose.affine(b, b.cast(parts.normalized, x.type.dtype), scale, bias);
  return { ...parts, result };
}

const epsilonOf = (ctx: NodeContext): number => ctx.attr.float('epsilon', 1e-12);

/** The sum of input and skip, which may lack the batch, and of a bias. */
function skipSum(ctx: NodeContext, bias: Value | undefined): Value {
  const { b } = ctx;
  const { shape } = ctx.value(0).type;
  demand(ctx, shape.length >= 2 && shape.length <= 3, '[B, T, H] or [T, H]', printShape(shape));
  const features = shape[shape.length - 1];
  for (const i of ctx.inputs.keys()) if (i >= 2) checkInput(ctx, i, 'one for each feature', [features]);
  const whole = b.binary('add', ctx.value(0), broadcastTo(b, ctx.value(1), shape));
  return bias === undefined ? whole : binaryBroadcast(b, 'add', whole, bias);
}

function skipLayerNorm(ctx: NodeContext): readonly Result[] {
  const whole = skipSum(ctx, ctx.optional(4));
  const { result, mean, inverseDeviation } = normalized(ctx, whole, ctx.value(2), ctx.optional(3));
  return [result, typed(mean, 'float'), typed(inverseDeviation, 'float'), whole];
}

function skipSimplifiedLayerNorm(ctx: NodeContext): readonly Result[] {
  const { b } = ctx;
  const whole = skipSum(ctx, ctx.optional(3));
  const { dtype, shape } = whole.type;
  const x = compose.rmsNorm(b, b.cast(whole, 'f32'), shape.length - 1, undefined, epsilonOf(ctx));
  const result = compose.affine(b, b.cast(x, dtype), ctx.value(2), undefined);
  const unsupported = ctx.node.output.slice(1, 3).some((name) => name !== '');
  demand(ctx, !unsupported, 'no statistics among the outputs', 'output 1 or 2');
  return [result, result, result, whole];
}

/** The sum of the embeddings of words, positions and segments, normalized; how many words of each sequence count. */
function embedLayerNorm(ctx: NodeContext): readonly Result[] {
  const { b } = ctx;
  const ids = ctx.value(0);
  const [batch, length] = ctx.extents(ids.type.shape);
  demand(ctx, ctx.rank(0) === 2, 'words [B, T]', printShape(ids.type.shape));
  const segments = ctx.optional(1);
  const positions = ctx.optional(8) ?? b.emit('iota', [], { dtype: 'i32', shape: [1, length], axis: 1 });
  const words = rowsAt(b, ctx.value(2), ids);
  const placed = binaryBroadcast(b, 'add', words, rowsAt(b, ctx.value(3), positions));
  const table = ctx.optional(4);
  const whole =
    segments === undefined || table === undefined
      ? placed
      : b.binary('add', placed, rowsAt(b, table, segments));
  const { result } = normalized(ctx, whole, ctx.value(5), ctx.value(6));
  checkInput(ctx, 7, 'a mask of the words', [batch, length]);
  const mask = ctx.optional(7);
  const counts =
    mask === undefined
      ? b.constant('i32', [batch], 0)
      : sum(b, b.cast(withScalar(b, 'eq', mask, 1), 'i32'), { axes: [1], keepDims: false });
  return [result, typed(counts, 'int32'), whole];
}

const domain = 'com.microsoft';
export const normalizations: OpTable = [
  { op: 'SkipLayerNormalization', domain, since: [1], emit: skipLayerNorm },
  { op: 'SkipSimplifiedLayerNormalization', domain, since: [1], emit: skipSimplifiedLayerNorm },
  { op: 'EmbedLayerNormalization', domain, since: [1], emit: embedLayerNorm },
];
