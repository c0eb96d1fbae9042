/** Attention, MultiHeadAttention and RotaryEmbedding of com.microsoft. */
import { binaryBroadcast } from '../../../../compose/broadcast.js';
import { linear, matmul } from '../../../../compose/matmul.js';
import { concat, sliceAxis, split } from '../../../../compose/movement.js';
import { centered } from '../../../../compose/quantize.js';
import type { Value } from '../../../../ir/emitter.js';
import { printShape, shapesEqual } from '../../../../ir/types.js';
import { typed, type NodeContext } from '../../context.js';
import type { OpTable, Result } from '../../registry.js';
import { checkInput, demand, refuseInputs, refuseOptions } from '../checks.js';
import { attend, type Steps } from '../attention/attend.js';
import { causalMask, checkHeads, headCount, joinHeads, splitHeads } from '../attention/heads.js';
import { groupQueryAttention } from './group-query.js';
import { maskAddend } from './masks.js';
import { rotaryEmbedding } from './rotary.js';

interface Heads {
  readonly q: Value;
  readonly k: Value;
  readonly v: Value;
}

interface Masks {
  /** Where the mask and the bias of the scores stand among the inputs; some operators have no such bias. */
  readonly mask: number;
  readonly bias?: number;
}

/** The result [B, T, N * E], and the scores as weights. `past` elements stand before those of the queries. */
function attended(
  ctx: NodeContext,
  { q, k, v }: Heads,
  past: number,
  inputs: Masks,
): { result: Value; scores: Value } {
  const { b } = ctx;
  checkHeads(ctx, q, k, v);
  const [batch, , queries, size] = ctx.extents(q.type.shape);
  const keys = Number(k.type.shape[2]);
  const added = [
    maskAddend(ctx, inputs.mask, { batch, queries, keys }, q.type.dtype),
    inputs.bias === undefined ? undefined : ctx.optional(inputs.bias),
  ];
  const causal = ctx.attr.flag('unidirectional', false);
  const given = ctx.attr.float('scale', 0);
  const steps: Steps = {
    scale: given === 0 ? 1 / Math.sqrt(size) : given,
    added: added.filter((term) => term !== undefined),
    seen: causal ? [causalMask(b, queries, keys, past)] : [],
  };
  const { result, scaled } = attend(b, q, k, v, steps);
  return { result: joinHeads(b, result), scores: scaled };
}

/**
 * Attention of what `project` makes of one operand: queries, keys and values, side by side. Past and present are keys and values,
 * one after the other.
 */
function projectedAttention(
  ctx: NodeContext,
  inputs: Masks & { readonly past: number },
  project: (ctx: NodeContext) => Value,
): readonly Value[] {
  const { b } = ctx;
  const heads = headCount(ctx, 'num_heads');
  demand(ctx, ctx.rank(0) === 3, '[B, T, features]', printShape(ctx.input(0).shape));
  const [batch, length, features] = ctx.extents(ctx.input(0).shape);
  const weights = ctx.extents(ctx.input(1).shape);
  checkInput(ctx, 1, 'projections of the features', [features, undefined]);
  const sizes = ctx.attr.ints('qkv_hidden_sizes') ?? new Array<number>(3).fill(weights[1] / 3);
  const fits = sizes.length === 3 && sizes.every((size) => size > 0 && size % heads === 0);
  demand(ctx, fits && sizes[0] + sizes[1] + sizes[2] === weights[1], 'three projections of whole heads', printShape(weights)); // prettier-ignore
  refuseOptions(ctx, ['do_rotary', 'past_present_share_buffer']);
  checkInput(ctx, 2, 'a bias of the projections', [weights[1]]);
  const [q, k, v] = split(b, project(ctx), 2, sizes).map((x) => splitHeads(b, x, heads));
  const past = ctx.optional(inputs.past);
  if (past === undefined) {
    const { result } = attended(ctx, { q, k, v }, 0, inputs);
    return [result, ...stacked(ctx, k, v)];
  }
  checkInput(ctx, inputs.past, 'keys and values of each head', [2, batch, heads, undefined, sizes[1] / heads]); // prettier-ignore
  const before = ctx.extents(past.type.shape)[3];
  const part = (i: number): Value =>
    b.reshape(sliceAxis(b, past, 0, i, 1), [batch, heads, before, sizes[1] / heads]);
  const [key, value] = [concat(b, [part(0), k], 2), concat(b, [part(1), v], 2)];
  demand(ctx, before >= 0 && length > 0, 'elements to attend', `${length}`);
  const { result } = attended(ctx, { q, k: key, v: value }, before, inputs);
  return [result, ...stacked(ctx, key, value)];
}

function attention(ctx: NodeContext): readonly Result[] {
  refuseInputs(ctx, [6]);
  const project = ({ b }: NodeContext): Value => linear(b, ctx.value(0), ctx.value(1), ctx.optional(2));
  return projectedAttention(ctx, { mask: 3, bias: 5, past: 4 }, project);
}

/** Attention of integers, whose projection is one product of integers, scaled once. */
function quantizedAttention(ctx: NodeContext): readonly Result[] {
  const { b } = ctx;
  const project = (): Value => {
    const product = matmul(b, centered(b, ctx.value(0), ctx.optional(6)), centered(b, ctx.value(1), ctx.optional(7))); // prettier-ignore
    const scale = binaryBroadcast(b, 'mul', b.cast(ctx.value(3), 'f32'), b.cast(ctx.value(4), 'f32'));
    const scaled = binaryBroadcast(b, 'mul', b.cast(product, 'f32'), scale);
    return b.cast(binaryBroadcast(b, 'add', scaled, b.cast(ctx.value(2), 'f32')), ctx.value(2).type.dtype);
  };
  return projectedAttention(ctx, { mask: 5, past: 8 }, project).map((result) => typed(result, ctx.input(2).dtype)); // prettier-ignore
}

/** [2, B, N, T, D], where the node has it among its outputs. */
function stacked(ctx: NodeContext, k: Value, v: Value): Value[] {
  const { b } = ctx;
  if (ctx.node.output.length < 2) return [];
  demand(ctx, shapesEqual(k.type.shape, v.type.shape), 'keys and values of one size, where both are an output', printShape(v.type.shape)); // prettier-ignore
  return [concat(b, [b.reshape(k, [1, ...k.type.shape]), b.reshape(v, [1, ...v.type.shape])], 0)];
}

const [Q, K, V, BIAS, MASK, ADDED, PAST_KEY, PAST_VALUE] = [0, 1, 2, 3, 4, 5, 6, 7];

function multiHeadAttention(ctx: NodeContext): readonly Result[] {
  const { b } = ctx;
  const heads = headCount(ctx, 'num_heads');
  refuseInputs(ctx, [8, 9]);
  const { q, k, v } = operandsOf(ctx, heads);
  const [pastKey, pastValue] = [PAST_KEY, PAST_VALUE].map((i) => {
    const past = ctx.optional(i);
    checkInput(ctx, i, 'what is cached of each head', k.type.shape.with(2, past?.type.shape[2] ?? 0).with(3, (i === PAST_KEY ? k : v).type.shape[3])); // prettier-ignore
    return past;
  });
  const key = pastKey === undefined ? k : concat(b, [pastKey, k], 2);
  const value = pastValue === undefined ? v : concat(b, [pastValue, v], 2);
  const past = Number(key.type.shape[2]) - Number(k.type.shape[2]);
  const { result, scores } = attended(ctx, { q, k: key, v: value }, past, { mask: MASK, bias: ADDED });
  return [result, key, value, scores];
}

/** The operands with their heads apart, after their biases: packed or not. */
function operandsOf(ctx: NodeContext, heads: number): Heads {
  const { b } = ctx;
  const apart = (i: number, parts: number): Value[] => {
    const shape = ctx.extents(ctx.input(i).shape);
    const whole = ctx.value(i);
    return Array.from({ length: parts }, (_, part) =>
      b.reshape(sliceAxis(b, whole, 3, part, 1), [shape[0], shape[1], heads * shape[4]]),
    );
  };
  const rank = (i: number): number => ctx.inputs[i]?.shape.length ?? 0;
  let flat: (Value | undefined)[];
  if (rank(Q) === 5) {
    checkInput(ctx, Q, 'packed queries, keys and values', [undefined, undefined, heads, 3, undefined]);
    flat = apart(Q, 3);
  } else if (rank(K) === 5) {
    checkInput(ctx, K, 'packed keys and values', [undefined, undefined, heads, 2, undefined]);
    flat = [ctx.value(Q), ...apart(K, 2)];
  } else flat = [Q, K, V].map((i) => (rank(i) === 4 ? undefined : ctx.value(i)));
  // Keys and values that come as [B, N, T, D] have their biases already.
  const sizes = flat.map((x) => Number(x?.type.shape[2] ?? 0));
  const bias = ctx.optional(BIAS);
  if (bias !== undefined && flat.every((x) => x !== undefined))
    checkInput(ctx, BIAS, 'a bias for queries, keys and values', [sizes[0] + sizes[1] + sizes[2]]);
  const starts = [0, sizes[0], sizes[0] + (sizes[1] || sizes[0])];
  const [q, k, v] = flat.map((x, i) => {
    if (x === undefined) return ctx.value(i);
    demand(ctx, x.type.shape.length === 3 && sizes[i] % heads === 0, `[B, T, ${heads} * D]`, printShape(x.type.shape)); // prettier-ignore
    const biased =
      bias === undefined ? x : binaryBroadcast(b, 'add', x, sliceAxis(b, bias, 0, starts[i], sizes[i]));
    return splitHeads(b, biased, heads);
  });
  return { q, k, v };
}

const domain = 'com.microsoft';
export const attentions: OpTable = [
  { op: 'Attention', domain, since: [1], emit: attention },
  { op: 'QAttention', domain, since: [1], emit: quantizedAttention },
  { op: 'MultiHeadAttention', domain, since: [1], emit: multiHeadAttention },
  { op: 'GroupQueryAttention', domain, since: [1], emit: groupQueryAttention },
  { op: 'RotaryEmbedding', domain, since: [1], emit: rotaryEmbedding },
];
