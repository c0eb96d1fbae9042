/** Groups of points that lie together: k-means, and how well its groups are apart. */
import { checkArguments } from '../../base/arguments.js';
import { ensure } from '../../base/errors.js';
import { integer, kind, optional, required } from '../../base/kinds.js';
import { checkedOptions, type OptionTable } from '../../base/options.js';
import { isListOf } from '../../base/values.js';
import { RandomStream } from '../../data/random.js';
import { isNumbers, type Numbers } from './arguments.js';

const positive = required(
  kind('an integer from 1', (value) => Number.isSafeInteger(value) && Number(value) >= 1),
);

export interface KMeansOptions {
  /** How many groups. */
  readonly clusters: number;
  /** Of the first centres; default 0. */
  readonly seed?: number;
  /** Rounds at the most; default 100. */
  readonly rounds?: number;
}

const OPTIONS: OptionTable<KMeansOptions> = {
  clusters: positive,
  seed: integer,
  rounds: optional(positive),
};

export interface Clusters {
  readonly centers: readonly Float64Array[];
  /** The group of each point. */
  readonly labels: Uint32Array;
  /** The sum of the squared distances of all points from their centres. */
  readonly inertia: number;
  /** Rounds that were made; fewer than asked for where no point changed its group any more. */
  readonly rounds: number;
}

/** Points as rows of numbers, all finite and of one length. Throws USAGE, SHAPE_MISMATCH, DATASET_INVALID. */
function checkPoints(call: string, points: readonly Numbers[]): void {
  const rows = required(
    kind('a list of points, each a list of numbers', (value) => isListOf(value, isNumbers)),
  );
  checkArguments(call, { points }, { points: rows });
  points.forEach((point, i) => {
    ensure(point.length === points[0].length, 'SHAPE_MISMATCH', 'points differ in length', () => ({
      where: `${call}, points[${i}]`,
      found: `${point.length} numbers`,
      expected: `${points[0].length}, as points[0] has`,
    }));
    const wrong = Array.prototype.findIndex.call(point, (value) => !Number.isFinite(value));
    ensure(wrong < 0, 'DATASET_INVALID', 'a coordinate is not finite', () => ({
      where: `${call}, points[${i}][${wrong}]`,
      found: String(point[wrong]),
      expected: 'a finite number',
    }));
  });
}

/**
 * Lloyd's algorithm (1982) from centres that are drawn by k-means++ (Arthur and Vassilvitskii, 2007). A point as near to two
 * centres belongs to the first. A group that loses all its points takes the point that is farthest from its own centre.
 * The same seed gives the same groups on every machine. Throws USAGE, SHAPE_MISMATCH, DATASET_INVALID.
 */
export function kMeans(points: readonly Numbers[], given: KMeansOptions): Clusters {
  checkPoints('metrics.kMeans', points);
  const { clusters, seed = 0, rounds = 100 } = checkedOptions(given, OPTIONS, 'metrics.kMeans');
  ensure(clusters <= points.length, 'DATASET_INVALID', 'there are fewer points than clusters', () => ({
    where: 'metrics.kMeans',
    found: `${points.length} points`,
    expected: `at least ${clusters}`,
  }));
  let centers = firstCenters(points, clusters, new RandomStream(seed, 'clusters', 0));
  let labels = points.map((point) => nearest(point, centers));
  let made = 0;
  for (let changed = true; changed && made < rounds; made++) {
    centers = means(points, labels, centers);
    const next = points.map((point) => nearest(point, centers));
    changed = next.some((label, i) => label !== labels[i]);
    labels = next;
  }
  const inertia = points.reduce((sum, point, i) => sum + squaredDistance(point, centers[labels[i]]), 0);
  return { centers, labels: Uint32Array.from(labels), inertia, rounds: made };
}

/** The first anywhere, and each other with a probability that grows with the squared distance from those before. */
function firstCenters(points: readonly Numbers[], clusters: number, stream: RandomStream): Float64Array[] {
  const centers = [Float64Array.from(points[stream.below(points.length)])];
  const distances = points.map((point) => squaredDistance(point, centers[0]));
  while (centers.length < clusters) {
    const total = distances.reduce((sum, distance) => sum + distance, 0);
    let left = stream.unit() * total;
    // Where all points lie on centres the next point serves as well as the others.
    let chosen = total === 0 ? centers.length : distances.findIndex((distance) => (left -= distance) < 0);
    if (chosen < 0) chosen = distances.findLastIndex((distance) => distance > 0);
    const center = Float64Array.from(points[chosen]);
    centers.push(center);
    points.forEach((point, i) => (distances[i] = Math.min(distances[i], squaredDistance(point, center))));
  }
  return centers;
}

function nearest(point: Numbers, centers: readonly Float64Array[]): number {
  let [best, least] = [0, Infinity];
  centers.forEach((center, c) => {
    const distance = squaredDistance(point, center);
    if (distance < least) [best, least] = [c, distance];
  });
  return best;
}

function means(
  points: readonly Numbers[],
  labels: readonly number[],
  before: readonly Float64Array[],
): Float64Array[] {
  const sums = before.map((center) => new Float64Array(center.length));
  const counts = before.map(() => 0);
  points.forEach((point, i) => {
    const sum = sums[labels[i]];
    for (let d = 0; d < sum.length; d++) sum[d] += point[d];
    counts[labels[i]]++;
  });
  // The points from the farthest from their centres to the nearest, for groups that are empty.
  const spare = counts.includes(0)
    ? points
        .map((point, i) => [i, squaredDistance(point, before[labels[i]])] as const)
        .sort((a, b) => a[1] - b[1] || b[0] - a[0])
    : [];
  return sums.map((sum, c) => {
    if (counts[c] > 0) return sum.map((value) => value / counts[c]);
    const [farthest] = spare.pop() ?? [0, 0];
    return Float64Array.from(points[farthest]);
  });
}

function squaredDistance(a: Numbers, b: Numbers): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] - b[i]) ** 2;
  return sum;
}

/**
 * The mean silhouette (Rousseeuw, 1987), from -1 to 1: for each point (b - a) / max(a, b), with a its mean distance from its
 * own group and b that from the nearest other one. 0 for a point alone in its group. Quadratic in the number of points.
 * Throws USAGE, SHAPE_MISMATCH, DATASET_INVALID; there have to be at least two groups.
 */
export function silhouette(points: readonly Numbers[], labels: Numbers): number {
  checkPoints('metrics.silhouette', points);
  ensure(
    isNumbers(labels) && labels.length === points.length,
    'SHAPE_MISMATCH',
    'there is not one label for each point',
    () => ({ where: 'metrics.silhouette', found: `${points.length} points` }),
  );
  const groups = new Map<number, number[]>();
  points.forEach((_, i) => {
    const group = groups.get(labels[i]);
    if (group === undefined) groups.set(labels[i], [i]);
    else group.push(i);
  });
  ensure(groups.size > 1, 'DATASET_INVALID', 'there are too few groups', () => ({
    where: 'metrics.silhouette',
    found: `${groups.size} groups`,
    expected: 'at least 2',
  }));
  const sum = points.reduce((total, point, i) => {
    const own = groups.get(labels[i]) ?? [];
    if (own.length === 1) return total;
    const from = (group: readonly number[]): number =>
      group.reduce((distance, j) => distance + Math.sqrt(squaredDistance(point, points[j])), 0);
    const a = from(own) / (own.length - 1);
    let b = Infinity;
    for (const group of groups.values()) if (group !== own) b = Math.min(b, from(group) / group.length);
    const greater = Math.max(a, b);
    return total + (greater === 0 ? 0 : (b - a) / greater);
  }, 0);
  return sum / points.length;
}
