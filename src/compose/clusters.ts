/** Distances from centres, and soft assignment to them. */
import type { Emitter, Value } from '../ir/emitter.js';
import { staticShape } from '../ir/types.js';
import { broadcastTo, scalarWith, withScalar } from './broadcast.js';
import { sum, sumOfAbsolutes, sumOfSquares } from './reduce.js';
import { softmax } from './softmax.js';

export type Metric = 'euclidean' | 'cosine' | 'manhattan';

/** Keeps the cosine of vectors without a direction finite; far below any other product of squared lengths. */
const SMALLEST = 1e-16;

type Distance = (b: Emitter, x: Value, centers: Value) => Value;

const last = { axes: [2], keepDims: false };

/** Of x and centres, both [N, K, D], along the last axis. */
const DISTANCES: Readonly<Record<Metric, Distance>> = {
  /** |x - c|^2 */
  euclidean: (b, x, c) => sumOfSquares(b, b.binary('sub', x, c), last),
  /** 1 - x c / (|x| |c|) */
  cosine: (b, x, c) => {
    const squares = b.binary('mul', sumOfSquares(b, x, last), sumOfSquares(b, c, last));
    const lengths = b.unary('sqrt', withScalar(b, 'max', squares, SMALLEST));
    return scalarWith(b, 'sub', 1, b.binary('div', sum(b, b.binary('mul', x, c), last), lengths));
  },
  /** The sum of |x - c| */
  manhattan: (b, x, c) => sumOfAbsolutes(b, b.binary('sub', x, c), last),
};

/** x [N, D], centres [K, D] -> [N, K]; the Euclidean distance is squared. */
export function distances(b: Emitter, x: Value, centers: Value, metric: Metric): Value {
  const [[count, features], [clusters]] = [staticShape(x.type.shape), staticShape(centers.type.shape)];
  const shape = [count, clusters, features];
  const own = broadcastTo(b, b.reshape(x, [count, 1, features]), shape);
  return DISTANCES[metric](b, own, broadcastTo(b, centers, shape));
}

/** x [N, D], centres [K, D] -> [N, K]: softmax(-distance / (2 temperature^2)). */
export function softAssignment(
  b: Emitter,
  x: Value,
  centers: Value,
  { metric, temperature }: { readonly metric: Metric; readonly temperature: number },
): Value {
  const logits = withScalar(b, 'div', distances(b, x, centers, metric), -2 * temperature * temperature);
  return softmax(b, logits, 1);
}
