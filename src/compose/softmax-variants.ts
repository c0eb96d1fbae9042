/** Softmaxes of parts, mixtures and products of softmaxes. All are along the last axis. */
import type { Emitter, Value } from '../ir/emitter.js';
import { broadcastTo, where, withScalar } from './broadcast.js';
import { concat, sliceAxis } from './movement.js';
import { mean, sum } from './reduce.js';
import { softmax } from './softmax.js';

const lastAxis = (x: Value): number => x.type.shape.length - 1;

/** softmax(x / temperature) */
export const temperedSoftmax = (b: Emitter, x: Value, temperature: number): Value =>
  softmax(b, temperature === 1 ? x : withScalar(b, 'div', x, temperature), lastAxis(x));

/** Far below any logit, so that its exponential is 0 beside that of another. */
const HIDDEN = -1e9;

/** softmax of x where `mask` says so, 0 elsewhere; all alike where it hides everything. */
export function maskedSoftmax(b: Emitter, x: Value, mask: readonly boolean[], temperature = 1): Value {
  const seen = b.constant('bool', [mask.length], mask.map(Number));
  const logits = where(b, seen, x, b.constant(x.type.dtype, [], HIDDEN));
  return temperedSoftmax(b, logits, temperature);
}

/**
 * Mixture of softmaxes: x [..., K, n] -> [..., n], the sum of weight k times softmax of part k; the weights are divided by
 * their sum. Yang et al., "Breaking the softmax bottleneck" (2018).
 */
export function mixtureSoftmax(b: Emitter, x: Value, weights: readonly number[]): Value {
  const total = weights.reduce((all, weight) => all + weight, 0);
  const parts = softmax(b, x, lastAxis(x));
  const shares = b.constant(x.type.dtype, [weights.length, 1], weights.map((weight) => weight / total)); // prettier-ignore
  const weighted = b.binary('mul', parts, broadcastTo(b, shares, x.type.shape));
  return sum(b, weighted, { axes: [lastAxis(x) - 1], keepDims: false });
}

/**
 * Adaptive softmax: the probability of a cluster times that within the cluster. Clusters are a partition of 0 to n - 1.
 * x [..., n + K]: the logits, and one for each of the K clusters (Grave et al., "Efficient softmax approximation for GPUs",
 * 2017); or [..., n], where the mean of its logits stands for each cluster. Gives [..., n].
 */
export function adaptiveSoftmax(b: Emitter, x: Value, clusters: readonly (readonly number[])[]): Value {
  const axis = lastAxis(x);
  const size = clusters.reduce((n, cluster) => n + cluster.length, 0);
  const parts = clusters.map((cluster) =>
    b.emit('gather', [x, b.constant('i32', [cluster.length], [...cluster])], { axis }),
  );
  const scores =
    x.type.shape[axis] === size
      ? concat(b, parts.map((part) => mean(b, part, { axes: [axis], keepDims: true })), axis) // prettier-ignore
      : sliceAxis(b, x, axis, size, clusters.length);
  const heads = softmax(b, scores, axis);
  const products = parts.map((part, k) => {
    const head = sliceAxis(b, heads, axis, k, 1);
    return b.binary('mul', softmax(b, part, axis), broadcastTo(b, head, part.type.shape));
  });
  const places = new Array<number>(size);
  clusters.flat().forEach((position, i) => (places[position] = i));
  return b.emit('gather', [concat(b, products, axis), b.constant('i32', [size], places)], { axis });
}
