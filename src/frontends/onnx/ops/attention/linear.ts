/** Attention in linear time, with a state: onnx.ai/onnx/operators/onnx__LinearAttention.html */
import { broadcastTo, withScalar } from '../../../../compose/broadcast.js';
import type { Emitter, Value } from '../../../../ir/emitter.js';
import { printShape } from '../../../../ir/types.js';
import type { NodeContext } from '../../context.js';
import { Body, emitLoop, tripOf } from '../../loops.js';
import type { Result } from '../../registry.js';
import { checkInput, demand } from '../checks.js';
import { headCount } from './heads.js';

const [Q, K, V, PAST, DECAY, BETA, ERASE] = [0, 1, 2, 3, 4, 5, 6];
const RULES = ['linear', 'gated', 'delta', 'gated_delta'] as const;

interface Sizes {
  readonly batch: number;
  readonly length: number;
  readonly heads: number;
  readonly groups: number;
  readonly keySize: number;
  readonly valueSize: number;
}

/** A loop over the steps, all in f32, that carries the state [B, G, Dk, Dv]. */
export function linearAttention(ctx: NodeContext): readonly Result[] {
  const { b } = ctx;
  const sizes = sizesOf(ctx);
  checkRule(ctx);
  const { batch, length, heads, groups, keySize, valueSize } = sizes;
  const present = [Q, K, V, DECAY, BETA, ERASE].filter((i) => ctx.inputs[i] !== undefined);
  const stateShape = [batch, groups, keySize, valueSize];
  const past = ctx.optional(PAST);
  const state = past === undefined ? b.constant('f32', stateShape, 0) : b.cast(past, 'f32');
  const body = new Body('linear_attention', b);
  const operands = {
    trips: length,
    carried: [state],
    sliced: present.map((i) => ({ value: b.cast(ctx.value(i), 'f32'), axis: 1, step: 1 as const })),
  };
  const trip = tripOf(body, operands);
  const slice = (i: number): Value => trip.slices[present.indexOf(i)];
  const optional = (i: number): Value | undefined => (present.includes(i) ? slice(i) : undefined);
  const next = stepOf(body.b, sizes, trip.carried[0], {
    key: slice(K),
    value: slice(V),
    decay: optional(DECAY),
    beta: optional(BETA),
    erase: optional(ERASE),
  });
  const query = body.b.reshape(slice(Q), [batch, groups, heads / groups, keySize]);
  const given = ctx.attr.float('scale', 0);
  const scale = given === 0 ? 1 / Math.sqrt(keySize) : given;
  const read = withScalar(body.b, 'mul', product(body.b, query, next, 3), scale);
  const row = body.b.reshape(read, [batch, heads * valueSize]);
  const [last, outputs] = emitLoop(b, operands, body, {
    carried: [next],
    slices: [{ value: row, axis: 1, step: 1 }],
  });
  return [b.cast(outputs, ctx.value(Q).type.dtype), b.cast(last, (past ?? ctx.value(Q)).type.dtype)];
}

interface Step {
  readonly key: Value;
  readonly value: Value;
  readonly decay: Value | undefined;
  readonly beta: Value | undefined;
  readonly erase: Value | undefined;
}

/** The state after a step: faded by exp(decay), then key and value written, or what the value is more than is read at the key. */
function stepOf(b: Emitter, sizes: Sizes, state: Value, { decay, beta, erase, ...step }: Step): Value {
  const { batch, groups, keySize, valueSize } = sizes;
  const { shape } = state.type;
  const along = (x: Value, size: number): Value => b.reshape(x, [batch, groups, size]);
  const column = (x: Value): Value =>
    broadcastTo(b, b.reshape(x, [batch, groups, Number(x.type.shape[1]) / groups, 1]), shape);
  const faded = decay === undefined ? state : b.binary('mul', state, column(b.unary('exp', decay)));
  const key = along(step.key, keySize);
  let value = along(step.value, valueSize);
  if (beta !== undefined) {
    const erased = erase === undefined ? key : b.binary('mul', along(erase, keySize), key);
    const known = product(b, b.reshape(erased, [batch, groups, 1, keySize]), faded, 3);
    const strength = broadcastTo(b, b.reshape(beta, [batch, beta.type.shape[1], 1]), value.type.shape);
    value = b.binary('mul', strength, b.binary('sub', value, along(known, valueSize)));
  }
  const row = broadcastTo(b, b.reshape(value, [batch, groups, 1, valueSize]), shape);
  return b.binary('add', faded, b.binary('mul', column(b.reshape(key, [batch, groups * keySize])), row));
}

/** x [B, G, N, K] times the state [B, G, K, E] */
const product = (b: Emitter, x: Value, state: Value, axis: number): Value =>
  b.emit('dot', [x, state], { lhsBatch: [0, 1], rhsBatch: [0, 1], lhsContract: [axis], rhsContract: [2] });

function sizesOf(ctx: NodeContext): Sizes {
  const [heads, groups] = [headCount(ctx, 'q_num_heads'), headCount(ctx, 'kv_num_heads')];
  demand(ctx, heads % groups === 0, 'q_num_heads divisible by kv_num_heads', `${heads} and ${groups}`);
  demand(
    ctx,
    [Q, K, V].every((i) => ctx.rank(i) === 3),
    'queries, keys and values [B, T, heads * D]',
    [Q, K, V].map((i) => printShape(ctx.input(i).shape)).join(', '),
  );
  const [queries, , values] = [Q, K, V].map((i) => ctx.extents(ctx.input(i).shape));
  const [batch, length] = queries;
  const [keySize, valueSize] = [queries[2] / heads, values[2] / groups];
  const whole = Number.isInteger(keySize) && Number.isInteger(valueSize);
  demand(ctx, whole, 'heads that divide the features', `${queries[2]} and ${values[2]} features`);
  checkInput(ctx, K, 'the keys', [batch, length, groups * keySize]);
  checkInput(ctx, V, 'the values', [batch, length, values[2]]);
  checkInput(ctx, PAST, 'the state', [batch, groups, keySize, valueSize]);
  const perHead = (i: number): boolean => Number(ctx.inputs[i]?.shape[2]) === groups;
  checkInput(ctx, DECAY, 'logarithms', [batch, length, perHead(DECAY) ? groups : groups * keySize]);
  checkInput(ctx, BETA, 'rates', [batch, length, perHead(BETA) ? groups : 1]);
  checkInput(ctx, ERASE, 'what is erased', [batch, length, groups * keySize]);
  return { batch, length, heads, groups, keySize, valueSize };
}

/** Which inputs there are is what the rule says. */
function checkRule(ctx: NodeContext): void {
  const rule = ctx.attr.choice('update_rule', RULES, 'gated_delta');
  const [fades, corrects] = [rule.startsWith('gated'), rule.endsWith('delta')];
  const has = (i: number): boolean => ctx.inputs[i] !== undefined;
  const given = [DECAY, BETA, ERASE].filter(has).map((i) => `input ${i}`);
  demand(
    ctx,
    has(DECAY) === fades && has(BETA) === corrects && (corrects || !has(ERASE)),
    `update_rule ${rule}: ${fades ? 'a' : 'no'} decay (input 4), ${corrects ? 'a' : 'no'} beta (input 5)${corrects ? '' : ', nothing to erase (input 6)'}`,
    given.length === 0 ? 'none of them' : given.join(', '),
  );
}
