/** Scaled dot-product attention (Vaswani et al., 2017), with grouped queries (Ainslie et al., 2023). */
import { HeddleError } from '../base/errors.js';
import type { Emitter, Value } from '../ir/emitter.js';
import { printType, staticShape } from '../ir/types.js';
import { range } from './axes.js';
import { binaryBroadcast, where, withScalar } from './broadcast.js';
import { diagonalMask } from './mask.js';
import { softmax } from './softmax.js';

export interface AttentionOptions {
  readonly causal: boolean;
  /** bool: what may be seen; float: added to the scores, -inf hides. Broadcasts to [..., H, Tq, Tk]. */
  readonly mask?: Value;
  /** Float, added to the scores beside what the mask says. Broadcasts as the mask does. */
  readonly bias?: Value;
  /** Default: 1 / sqrt(D). */
  readonly scale?: number;
}

/**
 * softmax(q k' * scale + mask) v over the last two axes: q [..., H, Tq, D], k [..., G, Tk, D], v [..., G, Tk, E]
 * -> [..., H, Tq, E]. Key head g serves the query heads g * H / G and the following. In a causal attention the last query
 * sees all keys. A row in which nothing may be seen gives zeros.
 */
export function attention(b: Emitter, q: Value, k: Value, v: Value, options: AttentionOptions): Value {
  const [queries, keys] = [staticShape(q.type.shape), staticShape(k.type.shape)];
  const rank = queries.length;
  const heads = rank > 2 ? queries[rank - 3] : 1;
  const groups = rank > 2 ? keys[rank - 3] : 1;
  const outer = queries.slice(0, -3).every((extent, i) => extent === keys[i]);
  if (
    !outer ||
    keys.length !== rank ||
    rank < 2 ||
    heads % groups !== 0 ||
    keys[rank - 1] !== queries[rank - 1]
  )
    throw new HeddleError('SHAPE_MISMATCH', 'queries and keys do not fit', {
      found: `${printType(q.type)} and ${printType(k.type)}`,
      expected: '[..., H, Tq, D] and [..., G, Tk, D] with G dividing H',
    });
  const [tq, tk, d] = [queries[rank - 2], keys[rank - 2], queries[rank - 1]];
  const shared = heads / groups;
  // Queries that share a key head are rows of one product.
  const grouped = shared === 1 ? q : b.reshape(q, [...queries.slice(0, -3), groups, shared * tq, d]);
  const batch = range(0, rank - 2);
  const dot = (x: Value, y: Value, yAxis: number): Value =>
    b.emit('dot', [x, y], {
      lhsBatch: batch,
      rhsBatch: batch,
      lhsContract: [rank - 1],
      rhsContract: [yAxis],
    });
  const products = dot(grouped, k, rank - 1);
  const scores = shared === 1 ? products : b.reshape(products, [...queries.slice(0, -1), tk]);
  const scaled = withScalar(b, 'mul', scores, options.scale ?? 1 / Math.sqrt(d));
  const weights = softmaxOf(b, scaled, tq, tk, options);
  const rows =
    shared === 1 ? weights : b.reshape(weights, [...queries.slice(0, -3), groups, shared * tq, tk]);
  const result = dot(rows, v, rank - 2);
  return shared === 1 ? result : b.reshape(result, [...queries.slice(0, -1), v.type.shape[rank - 1]]);
}

function softmaxOf(
  b: Emitter,
  scores: Value,
  tq: number,
  tk: number,
  { causal, mask, bias }: AttentionOptions,
): Value {
  const axis = scores.type.shape.length - 1;
  const hides = mask?.type.dtype === 'bool';
  const added = [bias, hides ? undefined : mask].reduce<Value>(
    (sum, term) => (term === undefined ? sum : binaryBroadcast(b, 'add', sum, term)),
    scores,
  );
  const seen: Value[] = [];
  if (mask !== undefined) seen.push(hides ? mask : b.unary('not', withScalar(b, 'eq', mask, -Infinity)));
  if (causal) seen.push(diagonalMask(b, [tq, tk], 'le', tk - tq));
  if (seen.length === 0) return softmax(b, added, axis);
  const visible = seen.reduce((all, one) => binaryBroadcast(b, 'and', all, one));
  // The lowest number in place of -inf: a row of nothing but -inf would be NaN. Its weights are cleared below.
  const hidden = b.constant(
    added.type.dtype,
    [],
    added.type.dtype === 'f16' ? -65504 : -3.4028234663852886e38,
  );
  const weights = softmax(b, where(b, visible, added, hidden), axis);
  // With as many keys as queries, or more, each query sees one key at least, and the others have a weight of 0 already.
  if (mask === undefined && tq <= tk) return weights;
  return where(b, visible, weights, b.constant(added.type.dtype, [], 0));
}
