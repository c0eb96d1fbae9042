/**
 * Attention over caches of keys [G, D, C] and values [G, C, D]: C is their capacity, and position p lies at place p, wherever it was computed. Places
 * beyond the last position count with a weight of exactly 0 at the end of every sum, so that no bit depends on the capacity, and
 * none on how a text was cut into chunks. The scores of one chunk only are held.
 */
import { attentionScores, attentionValues, visibleSoftmax } from '../../compose/attention.js';
import { binaryBroadcast, broadcastTo, withScalar } from '../../compose/broadcast.js';
import type { Emitter, Value } from '../../ir/emitter.js';

export interface CacheAttention {
  readonly scale: number;
  readonly cap: number | undefined;
  /** Positions that a query sees, its own included; undefined: all before it. */
  readonly window: number | undefined;
}

/**
 * q [H, T, D] at the positions from `start` (i32[]) on, against keys [G, D, C] and values [G, C, D] -> [H, T, D]. Query t sees the places up to
 * start + t, or the last `window` of them.
 */
export function attendCache(
  b: Emitter,
  q: Value,
  keys: Value,
  values: Value,
  start: Value,
  { scale, cap, window }: CacheAttention,
): Value {
  const [heads, count] = q.type.shape as readonly number[];
  const capacity = Number(keys.type.shape[2]);
  const products = withScalar(b, 'mul', attentionScores(b, q, b.permute(keys, [0, 2, 1])), scale);
  const scores = cap === undefined ? products : capped(b, products, cap);
  const shape = [count, capacity];
  const place = (axis: number): Value => b.emit('iota', [], { dtype: 'i32', shape, axis });
  const position = b.binary('add', place(0), broadcastTo(b, start, shape));
  const seen = b.binary('le', place(1), position);
  const near = (size: number): Value => withScalar(b, 'lt', b.binary('sub', position, place(1)), size);
  const visible = window === undefined ? seen : b.binary('and', seen, near(window));
  const weights = visibleSoftmax(b, scores, broadcastTo(b, visible, [heads, count, capacity]), true);
  // A sum of nothing but -0 is +0 if terms of +0 follow: adding +0 makes both the same.
  return withScalar(b, 'add', attentionValues(b, weights, values), 0);
}

/** c * tanh(x / c) */
export const capped = (b: Emitter, x: Value, cap: number): Value =>
  withScalar(b, 'mul', b.unary('tanh', withScalar(b, 'div', x, cap)), cap);

/** x [T, heads * size] -> [heads, T, size] */
export function splitHeads(b: Emitter, x: Value, heads: number): Value {
  const [count, width] = x.type.shape as readonly number[];
  return b.permute(b.reshape(x, [count, heads, width / heads]), [1, 0, 2]);
}

/** x [heads, T, size] -> [T, heads * size] */
export function joinHeads(b: Emitter, x: Value): Value {
  const [heads, count, size] = x.type.shape as readonly number[];
  return b.reshape(b.permute(x, [1, 0, 2]), [count, heads * size]);
}

/** x with cosines and sines, as {@link turned} takes them. */
export interface Angles {
  /** f32 [n, pairs] */
  readonly cosines: Value;
  readonly sines: Value;
}

/** cos and sin of positions f32 [n] times each frequency. */
export function anglesOf(
  b: Emitter,
  positions: Value,
  frequencies: readonly number[],
  magnitude: number,
): Angles {
  const shape = [Number(positions.type.shape[0]), frequencies.length];
  const angles = binaryBroadcast(
    b,
    'mul',
    b.reshape(positions, [shape[0], 1]),
    b.constant('f32', [1, frequencies.length], frequencies),
  );
  const times = (x: Value): Value => (magnitude === 1 ? x : withScalar(b, 'mul', x, magnitude));
  return { cosines: times(b.unary('cos', angles)), sines: times(b.unary('sin', angles)) };
}
