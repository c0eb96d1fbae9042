/** The steps of attention in the order in which ONNX's operators take them, each of which may be an output. */
import {
  addTo,
  allOf,
  attentionScores,
  attentionValues,
  visibleSoftmax,
  unhidden,
} from '../../../../compose/attention.js';
import { where, withScalar } from '../../../../compose/broadcast.js';
import type { DType } from '../../../../base/dtype.js';
import type { Emitter, Value } from '../../../../ir/emitter.js';

export interface Steps {
  readonly scale: number;
  /** softcap * tanh(scores / softcap), before anything is added; 0 is none. */
  readonly softcap?: number;
  /** Floats that are added to the scores; -inf hides. They broadcast to [B, H, Tq, Tk]. */
  readonly added?: readonly Value[];
  /** bool: what may be seen. */
  readonly seen?: readonly Value[];
  /** Of the softmax. Default: that of the queries. */
  readonly precision?: DType;
  /** The softmax over the last axis, in place of the ordinary one. */
  readonly weigh?: (scores: Value, visible: Value | undefined) => Value;
}

export interface Attended {
  /** q k' * scale [B, H, Tq, Tk] */
  readonly scaled: Value;
  readonly softcapped: Value;
  /** With -inf where something is hidden. */
  readonly masked: () => Value;
  readonly weights: Value;
  /** [B, H, Tq, E] */
  readonly result: Value;
}

/** Attention of q [B, H, Tq, D], k [B, G, Tk, D], v [B, G, Tk, E], of one dtype. A row in which nothing is seen gives zeros. */
export function attend(b: Emitter, q: Value, k: Value, v: Value, steps: Steps): Attended {
  const { scale, softcap = 0, added = [], seen = [], precision = q.type.dtype } = steps;
  const { dtype } = q.type;
  const scaled = scaledScores(b, q, k, scale);
  const softcapped =
    softcap > 0
      ? withScalar(b, 'mul', b.unary('tanh', withScalar(b, 'div', scaled, softcap)), softcap)
      : scaled;
  const scores = addTo(b, softcapped, added);
  const visible = allOf(b, [...seen, ...added.map((mask) => unhidden(b, mask))]);
  const weigh = steps.weigh ?? ((x, shown) => visibleSoftmax(b, x, shown));
  const weights = b.cast(weigh(b.cast(scores, precision), visible), dtype);
  const hidden = b.constant(dtype, [], -Infinity);
  const masked = (): Value => (visible === undefined ? scores : where(b, visible, scores, hidden));
  return { scaled, softcapped, masked, weights, result: attentionValues(b, weights, v) };
}

/** q k' * scale. Each operand gets the root of it, so that products of large numbers stay in the range of f16. */
function scaledScores(b: Emitter, q: Value, k: Value, scale: number): Value {
  if (scale < 0) return attentionScores(b, withScalar(b, 'mul', q, scale), k);
  const root = Math.sqrt(scale);
  return attentionScores(b, withScalar(b, 'mul', q, root), withScalar(b, 'mul', k, root));
}
