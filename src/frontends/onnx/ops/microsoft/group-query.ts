/** GroupQueryAttention of com.microsoft: causal, with caches of which each sequence fills its own part. */
import { withScalar } from '../../../../compose/broadcast.js';
import { takeAlongAxis } from '../../../../compose/indexing.js';
import { concat, sliceAxis, split } from '../../../../compose/movement.js';
import { broadcastTo } from '../../../../compose/broadcast.js';
import { visibleSoftmax } from '../../../../compose/attention.js';
import type { Value } from '../../../../ir/emitter.js';
import { printShape } from '../../../../ir/types.js';
import type { NodeContext } from '../../context.js';
import type { Result } from '../../registry.js';
import { checkInput, demand, refuseInputs, refuseOptions } from '../checks.js';
import { attend, type Steps } from '../attention/attend.js';
import { beforeEnd, causalMask, checkHeads, headCount, joinHeads, splitHeads } from '../attention/heads.js';
import { rowsAt, turnHeads } from '../attention/rotary.js';
import { offsetPlaces } from './rotary.js';

const [Q, K, V, PAST_KEY, PAST_VALUE, LAST, TOTAL, COSINES, SINES, POSITIONS, ADDED, SINK] = [
  0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11,
];

export function groupQueryAttention(ctx: NodeContext): readonly Result[] {
  const { b, attr } = ctx;
  const [heads, groups] = [headCount(ctx, 'num_heads'), headCount(ctx, 'kv_num_heads')];
  refuseOptions(ctx, ['qk_output']);
  refuseInputs(ctx, [SINK + 1, SINK + 2]);
  const { q, k, v } = operandsOf(ctx, heads, groups);
  checkHeads(ctx, q, k, v);
  const [batch, , length, size] = ctx.extents(q.type.shape);
  const cached = ctx.inputs[PAST_KEY] === undefined ? 0 : ctx.extents(ctx.input(PAST_KEY).shape)[2];
  const total = ctx.inputs[TOTAL]?.known === undefined ? cached + length : ctx.optionalNumber(TOTAL)!;
  // Of the last element; the number of elements that count is one more.
  const given = b.index(ctx.value(LAST));
  const counts = withScalar(b, 'add', b.reshape(given, [batch]), 1);
  const isPrompt = total === length;
  const past = isPrompt ? b.constant('i32', [batch], 0) : withScalar(b, 'sub', counts, length);
  const turned = rotation(ctx, past, batch, length);
  const most = Math.max(cached, total);
  const key = present(ctx, PAST_KEY, turned(k), past, most);
  const value = present(ctx, PAST_VALUE, v, past, most);
  const scale = attr.float('scale', 0);
  const seen = [causalMask(b, length, most, past), beforeEnd(b, counts, most)];
  const window = attr.int('local_window_size', -1);
  if (window > 0) seen.push(b.unary('not', causalMask(b, length, most, withScalar(b, 'sub', past, window)))); // prettier-ignore
  const added = ctx.optional(ADDED);
  const steps: Steps = {
    scale: scale === 0 ? 1 / Math.sqrt(size) : scale,
    softcap: attr.float('softcap', 0),
    seen,
    added: added === undefined ? [] : [widened(ctx, added, most)],
    ...sinkOf(ctx, heads),
  };
  const { result } = attend(b, turned(q), key, value, steps);
  return [joinHeads(b, result), key, value];
}

/** [B, heads, T, D], packed in one operand or apart. */
function operandsOf(ctx: NodeContext, heads: number, groups: number): { q: Value; k: Value; v: Value } {
  const { b } = ctx;
  for (const i of [Q, K, V])
    if (ctx.inputs[i] !== undefined)
      demand(ctx, ctx.rank(i) === 3, '[B, T, heads * D]', printShape(ctx.input(i).shape));
  const [, , features] = ctx.extents(ctx.input(Q).shape);
  const isPacked = ctx.inputs[K] === undefined;
  const size = features / (isPacked ? heads + 2 * groups : heads);
  demand(ctx, Number.isInteger(size), 'heads that divide the features', `${features} features`);
  const parts = isPacked
    ? split(b, ctx.value(Q), 2, [heads * size, groups * size, groups * size])
    : [Q, K, V].map((i) => ctx.value(i));
  for (const i of isPacked ? [] : [K, V])
    demand(ctx, Number(ctx.input(i).shape[2]) % groups === 0, 'heads that divide the features', printShape(ctx.input(i).shape)); // prettier-ignore
  const [q, k, v] = parts.map((x, i) => splitHeads(b, x, i === 0 ? heads : groups));
  return { q, k, v };
}

/** Turns queries and keys at their positions, where the attribute says so. */
function rotation(ctx: NodeContext, past: Value, batch: number, length: number): (x: Value) => Value {
  const { b } = ctx;
  if (!ctx.attr.flag('do_rotary', false)) return (x) => x;
  checkInput(ctx, POSITIONS, 'a position for each element', [batch, length]);
  const given = ctx.optional(POSITIONS);
  const places = given ?? offsetPlaces(ctx, b.reshape(past, [batch, 1]), length);
  const [cosines, sines] = [COSINES, SINES].map((i) => rowsAt(b, ctx.value(i), places));
  return (x) => turnHeads(b, x, cosines, sines, ctx.attr.flag('rotary_interleaved', false));
}

/** The cache with what is new after what each sequence has in it, and room for `most` elements. */
function present(ctx: NodeContext, i: number, x: Value, past: Value, most: number): Value {
  const { b } = ctx;
  const [batch, groups, length, size] = x.type.shape as readonly number[];
  if (ctx.inputs[i] === undefined && most === length) return x;
  checkInput(ctx, i, 'what is cached of each head', [batch, groups, undefined, size]);
  const cache = ctx.optional(i);
  const missing = most - Number(cache?.type.shape[2] ?? 0);
  const room = b.constant(x.type.dtype, [batch, groups, missing, size], 0);
  const whole = cache === undefined ? room : missing === 0 ? cache : concat(b, [cache, room], 2);
  const { shape } = whole.type;
  const place = b.emit('iota', [], { dtype: 'i32', shape, axis: 2 });
  const source = b.binary('sub', place, broadcastTo(b, b.reshape(past, [batch, 1, 1, 1]), shape));
  const isOld = withScalar(b, 'lt', source, 0);
  // What a cache holds beyond the elements that count is of no use: it is cleared, as onnxruntime does.
  const fresh = b.select(
    withScalar(b, 'lt', source, length),
    takeAlongAxis(b, x, source, 2),
    b.full(whole, 0),
  );
  return b.select(isOld, whole, fresh);
}

/** What is added to the scores, with columns for all places of the cache. */
function widened({ b }: NodeContext, added: Value, most: number): Value {
  const { shape, dtype } = added.type;
  const missing = most - Number(shape[3]);
  return missing <= 0 ? added : concat(b, [added, b.constant(dtype, [...shape.slice(0, 3), missing], 0)], 3);
}

/** A softmax with one more score, of which nothing is taken: 0, or one for each head. */
function sinkOf(ctx: NodeContext, heads: number): Pick<Steps, 'weigh'> {
  const { b } = ctx;
  const sink = ctx.optional(SINK);
  if (sink === undefined && !(ctx.attr.int('smooth_softmax', 0) > 0)) return {};
  checkInput(ctx, SINK, 'a score for each head', [heads]);
  return {
    weigh: (scores, visible) => {
      const { shape, dtype } = scores.type;
      const column = [...shape.slice(0, 3), 1];
      const score =
        sink === undefined
          ? b.constant(dtype, column, 0)
          : broadcastTo(b, b.reshape(b.cast(sink, dtype), [1, heads, 1, 1]), column);
      const shown = visible && concat(b, [broadcastTo(b, visible, shape), b.constant('bool', column, 1)], 3);
      const weights = visibleSoftmax(b, concat(b, [scores, score], 3), shown, true);
      return sliceAxis(b, weights, 3, 0, shape[3]);
    },
  };
}
