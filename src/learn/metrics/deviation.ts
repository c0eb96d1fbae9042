/**
 * Deviation of predictions from what was expected, in percent, sorted into buckets: a report that says how wrong the wrong
 * ones are, where an accuracy only counts them.
 */
import { checkPair, type Numbers } from './arguments.js';

/** Upper ends of the buckets, in percent; what is beyond the last one counts as a failure. */
export const DEVIATION_BUCKETS = [10, 20, 30, 40, 50, 100, Infinity] as const;

/** An expected value closer to zero than this has no ratio: its deviation is the difference itself, times 100. */
const NEAR_ZERO = 1e-10;

export interface DeviationBucket {
  /** In percent: the bucket holds deviations above `from`, up to `to`. */
  readonly from: number;
  readonly to: number;
  readonly count: number;
  /** Places of the samples in what was given. */
  readonly samples: readonly number[];
}

export interface DeviationReport {
  readonly samples: number;
  readonly buckets: readonly DeviationBucket[];
  /** The mean of 100 less the deviation, at least 0: 100 where all is as expected. */
  readonly score: number;
  /** The mean deviation, in percent. */
  readonly mean: number;
  /** Samples that deviate by more than 100 percent. */
  readonly failures: number;
}

/**
 * |actual - expected| / |expected| in percent. 100 |actual - expected| where the expected value is within 1e-10 of zero, and
 * 100 where either is not finite and they are not the same.
 */
export function deviationOf(actual: number, expected: number): number {
  if (Object.is(actual, expected)) return 0;
  if (!Number.isFinite(actual) || !Number.isFinite(expected)) return 100;
  const difference = Math.abs(actual - expected);
  return (Math.abs(expected) < NEAR_ZERO ? difference : difference / Math.abs(expected)) * 100;
}

/** The report over pairs of numbers. Throws USAGE, and SHAPE_MISMATCH where there are not as many of each, or none. */
export function deviation(actual: Numbers, expected: Numbers): DeviationReport {
  checkPair('metrics.deviation', { actual, expected });
  const places: number[][] = DEVIATION_BUCKETS.map(() => []);
  let [score, sum] = [0, 0];
  for (let i = 0; i < actual.length; i++) {
    const percent = deviationOf(actual[i], expected[i]);
    places[DEVIATION_BUCKETS.findIndex((end) => percent <= end)].push(i);
    score += Math.max(0, 100 - percent);
    sum += percent;
  }
  return {
    samples: actual.length,
    buckets: places.map((samples, i) => ({
      from: i === 0 ? 0 : DEVIATION_BUCKETS[i - 1],
      to: DEVIATION_BUCKETS[i],
      count: samples.length,
      samples,
    })),
    score: score / actual.length,
    mean: sum / actual.length,
    failures: places[places.length - 1].length,
  };
}
