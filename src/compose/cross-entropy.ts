/** Losses of classification, in forms whose gradients are stable and cheap. */
import { isInt } from '../base/dtype.js';
import { HeddleError } from '../base/errors.js';
import type { Emitter, Value } from '../ir/emitter.js';
import { dimEquals } from '../ir/dim.js';
import { printType } from '../ir/types.js';
import { softplusTail } from './activation.js';
import { broadcastTo, scalarWith, withScalar } from './broadcast.js';
import { maximum, sum } from './reduce.js';

/**
 * -log(softmax(x)) along `axis`, with the maximum taken for a constant by derivatives: it cancels, so that its own part of
 * the gradient is a sum of roundings, at the price of a pass over x.
 */
export function surprisal(b: Emitter, x: Value, axis: number): Value {
  const along = { axes: [axis], keepDims: true };
  const top = b.emit('stopGradient', [maximum(b, x, along)], {});
  const shifted = b.binary('sub', x, broadcastTo(b, top, x.type.shape));
  const total = sum(b, b.unary('exp', shifted), along);
  return b.binary('sub', broadcastTo(b, b.unary('log', total), x.type.shape), shifted);
}

/**
 * bool, of the shape of `x`: whether the place on the last axis is the class that `labels` (i32 or u32, the shape of `x`
 * without its last axis) says. Labels out of range are no class.
 */
export function isClass(b: Emitter, x: Value, labels: Value): Value {
  const { shape } = x.type;
  const rows = shape.slice(0, -1);
  const fits =
    rows.length === labels.type.shape.length && rows.every((dim, i) => dimEquals(dim, labels.type.shape[i]));
  if (!fits || !isInt(labels.type.dtype))
    throw new HeddleError(fits ? 'DTYPE_MISMATCH' : 'SHAPE_MISMATCH', 'the labels do not fit the classes', {
      found: `${printType(labels.type)} for ${printType(x.type)}`,
      expected: `integers of shape [${rows.map(String).join(', ')}]`,
    });
  const places = b.emit('iota', [], { dtype: labels.type.dtype, shape, axis: shape.length - 1 });
  return b.binary('eq', places, b.broadcast(b.reshape(labels, [...rows, 1]), shape));
}

export interface SparseCrossEntropyOptions {
  /** The part of the probability that is spread evenly over all classes. Default 0. */
  readonly labelSmoothing?: number;
}

/**
 * -log(probability of the label), from logits [..., C] and integer labels [...] -> [...]. With smoothing s the target has
 * 1 - s + s/C at the label and s/C elsewhere (Szegedy et al., "Rethinking the inception architecture", 2015). The loss of a
 * label out of range is 0.
 *
 * The label's element is chosen by comparing places, which fuses with the reduction of the softmax, forwards and
 * backwards; a gather would need a scatter on the way back.
 */
export function sparseCrossEntropy(
  b: Emitter,
  logits: Value,
  labels: Value,
  { labelSmoothing = 0 }: SparseCrossEntropyOptions = {},
): Value {
  const axis = logits.type.shape.length - 1;
  const along = { axes: [axis], keepDims: false };
  const bits = surprisal(b, logits, axis);
  const picked = sum(b, b.select(isClass(b, logits, labels), bits, b.full(bits, 0)), along);
  if (labelSmoothing === 0) return picked;
  const classes = Number(logits.type.shape[axis]);
  const smooth = b.binary(
    'add',
    withScalar(b, 'mul', picked, 1 - labelSmoothing),
    withScalar(b, 'mul', sum(b, bits, along), labelSmoothing / classes),
  );
  const isAny = b.binary('and', scalarWith(b, 'le', 0, labels), withScalar(b, 'lt', labels, classes));
  return b.select(isAny, smooth, b.full(smooth, 0));
}

/** -(log-probability of the label): log-probabilities [..., C] and integer labels [...] -> [...]. */
export function negativeLogLikelihood(b: Emitter, logs: Value, labels: Value): Value {
  const chosen = b.select(isClass(b, logs, labels), logs, b.full(logs, 0));
  return b.unary('neg', sum(b, chosen, { axes: [logs.type.shape.length - 1], keepDims: false }));
}

/**
 * -sum(target * log(softmax(logits))) over the last axis; both [..., C]. A class whose logit is -inf adds nothing where its
 * target is 0.
 */
export function crossEntropy(b: Emitter, logits: Value, target: Value): Value {
  const axis = logits.type.shape.length - 1;
  const bits = surprisal(b, logits, axis);
  // 0 times infinity. Elsewhere the gradient by a target of 0 is the surprisal.
  const isNothing = b.binary('and', withScalar(b, 'eq', target, 0), withScalar(b, 'eq', bits, Infinity));
  const weighed = b.binary('mul', target, b.select(isNothing, b.full(bits, 0), bits));
  return sum(b, weighed, { axes: [axis], keepDims: false });
}

/**
 * -(w z log(sigmoid(x)) + (1 - z) log(1 - sigmoid(x))), element by element, of one shape; the `weight` w of positives is 1
 * where it is not given. It is x (1 - z) for positive x, and -x w z for others, plus log(1 + exp(-|x|)) times 1 + (w - 1) z:
 * nothing overflows, and where x is right about z nothing is taken from a large number, so that small losses and their
 * gradients stay.
 */
export function binaryCrossEntropyWithLogits(b: Emitter, x: Value, z: Value, weight?: Value): Value {
  const isNegative = withScalar(b, 'lt', x, 0);
  const weighed = weight === undefined ? z : b.binary('mul', weight, z);
  const slope = b.select(isNegative, b.unary('neg', weighed), scalarWith(b, 'sub', 1, z));
  const tail = softplusTail(b, x, isNegative);
  const factor = weight && withScalar(b, 'add', b.binary('mul', withScalar(b, 'sub', weight, 1), z), 1);
  return b.binary('add', b.binary('mul', x, slope), factor ? b.binary('mul', factor, tail) : tail);
}
