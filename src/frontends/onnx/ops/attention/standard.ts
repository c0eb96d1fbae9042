/** Attention of ai.onnx: onnx.ai/onnx/operators/onnx__Attention.html */
import { concat } from '../../../../compose/movement.js';
import { isFloat, type DType } from '../../../../base/dtype.js';
import type { Value } from '../../../../ir/emitter.js';
import { printShape } from '../../../../ir/types.js';
import type { NodeContext } from '../../context.js';
import { dtypeOfCode, irDType } from '../../dtype.js';
import type { Result } from '../../registry.js';
import { checkInput, demand } from '../checks.js';
import { attend, type Attended, type Steps } from './attend.js';
import { beforeEnd, causalMask, checkHeads, headCount, headsOfInput, joinHeads } from './heads.js';

const [Q, K, V, MASK, PAST_KEY, PAST_VALUE, LENGTHS] = [0, 1, 2, 3, 4, 5, 6];

export function attention(ctx: NodeContext): readonly Result[] {
  const { b, attr } = ctx;
  const { q, k, v, joined } = operands(ctx);
  demand(
    ctx,
    (ctx.inputs[PAST_KEY] === undefined) === (ctx.inputs[PAST_VALUE] === undefined),
    'past keys and past values together',
    'one of them',
  );
  const [key, value] = [withPast(ctx, PAST_KEY, k), withPast(ctx, PAST_VALUE, v)];
  const [tq, tk] = [q, key].map(({ type }) => type.shape[2] as number);
  demand(
    ctx,
    value.type.shape[2] === tk,
    'past keys and values of one length',
    `${tk} keys and ${String(value.type.shape[2])} values`,
  );
  const steps: Steps = {
    scale: attr.float('scale') ?? 1 / Math.sqrt(Number(q.type.shape[3])),
    softcap: attr.float('softcap', 0),
    precision: precisionOf(ctx),
    ...masksOf(ctx, q, k, tq, tk),
  };
  const attended = attend(b, q, key, b.cast(value, q.type.dtype), steps);
  const shown = ctx.node.output.length > 3 ? [scoresOf(ctx, attended)] : [];
  const result = joined ? joinHeads(b, attended.result) : attended.result;
  return [result, key, value, ...shown];
}

interface Operands {
  readonly q: Value;
  readonly k: Value;
  readonly v: Value;
  /** They came as [B, T, heads * D]. */
  readonly joined: boolean;
}

/** The operands as [B, heads, T, D]. */
function operands(ctx: NodeContext): Operands {
  const joined = ctx.rank(Q) === 3;
  demand(
    ctx,
    [Q, K, V].every((i) => ctx.rank(i) === (joined ? 3 : 4)),
    'three operands [B, T, heads * D], or three [B, heads, T, D]',
    [Q, K, V].map((i) => printShape(ctx.input(i).shape)).join(', '),
  );
  const apart = (i: number): Value => {
    ctx.extents(ctx.input(i).shape);
    if (!joined) return ctx.value(i);
    return headsOfInput(ctx, i, headCount(ctx, i === Q ? 'q_num_heads' : 'kv_num_heads'));
  };
  const [q, k, v] = [apart(Q), apart(K), apart(V)];
  checkHeads(ctx, q, k, v);
  return { q, k, v, joined };
}

/** What was cached, and after it what is new. */
function withPast(ctx: NodeContext, i: number, x: Value): Value {
  const past = ctx.optional(i);
  if (past === undefined) return x;
  const [batch, heads, , features] = x.type.shape;
  checkInput(ctx, i, 'what is cached of each head', [batch, heads, undefined, features]);
  ctx.extents(past.type.shape);
  return concat(ctx.b, [past, x], 2);
}

function precisionOf(ctx: NodeContext): DType {
  const code = ctx.attr.int('softmax_precision', 0);
  if (code === 0) return ctx.value(Q).type.dtype;
  const dtype = irDType(dtypeOfCode(code, 'attribute softmax_precision'));
  demand(ctx, isFloat(dtype), 'softmax_precision is a type of floats', dtype);
  return dtype;
}

function masksOf(
  ctx: NodeContext,
  q: Value,
  k: Value,
  tq: number,
  tk: number,
): Pick<Required<Steps>, 'added' | 'seen'> {
  const { b } = ctx;
  const [added, seen]: [Value[], Value[]] = [[], []];
  if (ctx.inputs[MASK] !== undefined) {
    const mask = maskOf(ctx, [...(q.type.shape.slice(0, 2) as number[]), tq, tk], q.type.dtype);
    (mask.type.dtype === 'bool' ? seen : added).push(mask);
  }
  const given = ctx.optional(LENGTHS);
  if (given !== undefined) checkInput(ctx, LENGTHS, 'a length for each sequence', [q.type.shape[0]]);
  const lengths = given && b.index(given);
  if (lengths !== undefined) seen.push(beforeEnd(b, lengths, tk));
  // Of a cache that the operator does not see, the lengths say where the queries stand: at the end.
  const isOutside = lengths !== undefined && ctx.inputs[PAST_KEY] === undefined;
  const before = isOutside ? b.binary('sub', lengths, b.full(lengths, tq)) : tk - Number(k.type.shape[2]);
  if (ctx.attr.flag('is_causal', false)) seen.push(causalMask(b, tq, tk, before));
  return { added, seen: [...seen, ...windowsOf(ctx, tq, tk, before)] };
}

/** What of the keys lies within the windows of the queries, which stand `before` keys behind the first. */
function windowsOf(ctx: NodeContext, tq: number, tk: number, before: Value | number): readonly Value[] {
  const { b } = ctx;
  const [left, right] = (['left_window_size', 'right_window_size'] as const).map((name) => {
    const size = ctx.attr.int(name, -1);
    demand(ctx, size >= -1, `${name} is -1 or a number of keys`, `${size}`);
    // What reaches over all keys hides none.
    return size === -1 || size >= tq + tk ? undefined : size;
  });
  const upTo = (distance: number): Value =>
    causalMask(
      b,
      tq,
      tk,
      typeof before === 'number' ? before + distance : b.binary('add', before, b.full(before, distance)),
    );
  return [
    ...(left === undefined ? [] : [b.unary('not', upTo(-left - 1))]),
    ...(right === undefined ? [] : [upTo(right)]),
  ];
}

/** The mask, bool or of `dtype`, with a column for each key: from opset 24 on those that it lacks are hidden. */
function maskOf(ctx: NodeContext, scores: readonly number[], dtype: DType): Value {
  const { b } = ctx;
  const given = ctx.value(MASK);
  const mask = given.type.dtype === 'bool' ? given : b.cast(given, dtype);
  const shape = ctx.extents(mask.type.shape);
  const broadcasts = ctx.opset < 24 && shape.at(-1) === 1;
  const missing = broadcasts ? 0 : scores[3] - (shape.at(-1) ?? 1);
  const leading = scores.slice(4 - shape.length, -1);
  const fits = shape.slice(0, -1).every((extent, i) => extent === 1 || extent === leading[i]);
  if (shape.length < 1 || shape.length > 4 || !fits || missing < 0)
    ctx.fail('SHAPE_MISMATCH', 'the mask does not fit the scores', {
      found: printShape(shape),
      expected: `what broadcasts to ${printShape(scores)}`,
    });
  if (missing === 0) return mask;
  const rest = [...shape.slice(0, -1), missing];
  const hidden = mask.type.dtype === 'bool' ? 0 : -Infinity;
  return concat(b, [mask, b.constant(mask.type.dtype, rest, hidden)], shape.length - 1);
}

/** The fourth output: attribute qk_matmul_output_mode. */
function scoresOf(ctx: NodeContext, { scaled, softcapped, masked, weights }: Attended): Value {
  const mode = ctx.attr.int('qk_matmul_output_mode', 0);
  const kinds = [() => scaled, () => softcapped, masked, () => weights];
  demand(ctx, mode in kinds, 'qk_matmul_output_mode is 0, 1, 2 or 3', `${mode}`);
  return kinds[mode]();
}
