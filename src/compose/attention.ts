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
  const products = attentionScores(b, q, k);
  const shape = staticShape(products.type.shape);
  const [tq, tk] = shape.slice(-2);
  const d = Number(q.type.shape.at(-1));
  const scaled = withScalar(b, 'mul', products, options.scale ?? 1 / Math.sqrt(d));
  const { causal, mask, bias } = options;
  const hides = mask?.type.dtype === 'bool';
  const added = [bias, hides ? undefined : mask].filter((term) => term !== undefined);
  const seen: Value[] = [];
  if (mask !== undefined) seen.push(hides ? mask : unhidden(b, mask));
  if (causal) seen.push(diagonalMask(b, [tq, tk], 'le', tk - tq));
  const scores = addTo(b, scaled, added);
  // With as many keys as queries, or more, each query sees one key at least.
  const everywhere = mask === undefined && tq <= tk;
  return attentionValues(b, visibleSoftmax(b, scores, allOf(b, seen), everywhere), v);
}

/**
 * q k': [..., H, Tq, D] and [..., G, Tk, D] -> [..., H, Tq, Tk]. Throws SHAPE_MISMATCH where they do not fit.
 */
export function attentionScores(b: Emitter, q: Value, k: Value): Value {
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
  return perGroup(b, q, k, rank - 1);
}

/** Weights [..., H, Tq, Tk] of v [..., G, Tk, E] -> [..., H, Tq, E] */
export const attentionValues = (b: Emitter, weights: Value, v: Value): Value =>
  perGroup(b, weights, v, v.type.shape.length - 2);

/** The product of the rows of x [..., H, T, K] with y [..., G, ...], in which axis `yAxis` has the extent K. */
function perGroup(b: Emitter, x: Value, y: Value, yAxis: number): Value {
  const shape = staticShape(x.type.shape);
  const rank = shape.length;
  const groups = rank > 2 ? Number(y.type.shape[rank - 3]) : 1;
  const shared = (rank > 2 ? shape[rank - 3] : 1) / groups;
  // Queries that share a key head are rows of one product.
  const grouped =
    shared === 1
      ? x
      : b.reshape(x, [...shape.slice(0, -3), groups, shared * shape[rank - 2], shape[rank - 1]]);
  const batch = range(0, rank - 2);
  const product = b.emit('dot', [grouped, y], {
    lhsBatch: batch,
    rhsBatch: batch,
    lhsContract: [rank - 1],
    rhsContract: [yAxis],
  });
  const columns = y.type.shape[yAxis === rank - 1 ? rank - 2 : rank - 1];
  return shared === 1 ? product : b.reshape(product, [...shape.slice(0, -1), columns]);
}

/** The sum of scores and terms that broadcast to them, one after the other. */
export const addTo = (b: Emitter, scores: Value, terms: readonly Value[]): Value =>
  terms.reduce<Value>((sum, term) => binaryBroadcast(b, 'add', sum, term), scores);

/** bool: where all of the masks let see; undefined where there is none. */
export const allOf = (b: Emitter, masks: readonly Value[]): Value | undefined =>
  masks.length === 0 ? undefined : masks.reduce((all, one) => binaryBroadcast(b, 'and', all, one));

/** bool: where what is added to scores does not hide them, as -inf does. */
export const unhidden = (b: Emitter, mask: Value): Value =>
  b.unary('not', withScalar(b, 'eq', mask, -Infinity));

/**
 * Softmax over the last axis of what `visible` (bool, broadcasts to the scores) shows; 0 elsewhere, and in rows in which it
 * shows nothing.
 *
 * @param everywhere each row has something that is visible
 */
export function visibleSoftmax(
  b: Emitter,
  scores: Value,
  visible: Value | undefined,
  everywhere = false,
): Value {
  const axis = scores.type.shape.length - 1;
  if (visible === undefined) return softmax(b, scores, axis);
  // The lowest number in place of -inf: a row of nothing but -inf would be NaN. Its weights are cleared below.
  const { dtype } = scores.type;
  const hidden = b.constant(dtype, [], dtype === 'f16' ? -65504 : -3.4028234663852886e38);
  const weights = softmax(b, where(b, visible, scores, hidden), axis);
  // The others have a weight of 0 already.
  return everywhere ? weights : where(b, visible, weights, b.constant(dtype, [], 0));
}
