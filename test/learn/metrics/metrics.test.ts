import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { metrics } from '../../../src/learn/index.js';

const numbers = (length: number): fc.Arbitrary<number[]> =>
  fc.array(fc.integer({ min: -50, max: 50 }), { minLength: length, maxLength: length });

const code = (name: string, where?: string): object =>
  expect.objectContaining({ code: name, ...(where === undefined ? {} : { where }) }) as object;

describe('deviation', () => {
  it('sorts percents into buckets whose upper ends belong to them', () => {
    const report = metrics.deviation([110, 100, 75, 0, 201, NaN, 0], [100, 100, 100, 100, 100, 100, 0]);
    expect(report.buckets.map(({ to, samples }) => [to, samples])).toEqual([
      [10, [0, 1, 6]],
      [20, []],
      [30, [2]],
      [40, []],
      [50, []],
      [100, [3, 5]],
      [Infinity, [4]],
    ]);
    expect(report).toMatchObject({ samples: 7, failures: 1, score: (90 + 100 + 75 + 0 + 0 + 0 + 100) / 7 });
    expect(report.mean).toBeCloseTo((10 + 25 + 100 + 101 + 100) / 7, 10);
  });

  it('takes differences where nothing is expected, and knows infinities', () => {
    expect(metrics.deviationOf(0.25, 0)).toBe(25);
    expect(metrics.deviationOf(Infinity, Infinity)).toBe(0);
    expect(metrics.deviationOf(Infinity, -Infinity)).toBe(100);
    expect(metrics.deviationOf(NaN, NaN)).toBe(0);
  });

  it('counts every sample once', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.double(), fc.double()), { minLength: 1 }), (pairs) => {
        const report = metrics.deviation(
          pairs.map(([actual]) => actual),
          pairs.map(([, expected]) => expected),
        );
        const places = report.buckets.flatMap(({ samples }) => samples);
        expect(places.sort((a, b) => a - b)).toEqual(pairs.map((_, i) => i));
        expect(report.score).toBeGreaterThanOrEqual(0);
        expect(report.score).toBeLessThanOrEqual(100);
      }),
    );
  });

  it('refuses lists of different lengths, empty ones, and what is no list', () => {
    expect(() => metrics.deviation([1], [1, 2])).toThrow(code('SHAPE_MISMATCH', 'metrics.deviation'));
    expect(() => metrics.deviation([], [])).toThrow(code('SHAPE_MISMATCH'));
    expect(() => metrics.deviation([1], ['1'] as never)).toThrow(code('USAGE', 'metrics.deviation'));
    expect(() => metrics.deviation(new BigInt64Array(1) as never, [1])).toThrow(code('USAGE'));
  });
});

describe('classification', () => {
  it('takes the first of equal scores, and never NaN', () => {
    expect([...metrics.argmaxRows([1, 1, NaN, 2, NaN, NaN], 2)]).toEqual([0, 1, 0]);
    expect(() => metrics.argmaxRows([1, 2, 3], 2)).toThrow(code('SHAPE_MISMATCH'));
  });

  it('tells precision from recall', () => {
    const report = metrics.confusion([0, 0, 1, 1], [0, 1, 1, 1], 3);
    expect(report.matrix).toEqual([
      [1, 0, 0],
      [1, 2, 0],
      [0, 0, 0],
    ]);
    expect(report.accuracy).toBe(0.75);
    expect(report.classes).toEqual([
      { support: 1, precision: 0.5, recall: 1, f1: 2 / 3 },
      { support: 3, precision: 1, recall: 2 / 3, f1: 0.8 },
      { support: 0, precision: NaN, recall: NaN, f1: NaN },
    ]);
    expect(() => metrics.confusion([0, 3], [0, 0], 3)).toThrow(code('DATASET_INVALID', 'metrics.confusion, predicted[1]')); // prettier-ignore
  });

  it('has one accuracy, counted either way', () => {
    const classes = fc.array(fc.tuple(fc.nat(4), fc.nat(4)), { minLength: 1 });
    fc.assert(
      fc.property(classes, (pairs) => {
        const predicted = pairs.map(([each]) => each);
        const expected = pairs.map(([, each]) => each);
        const { accuracy, matrix } = metrics.confusion(predicted, expected, 5);
        expect(accuracy).toBe(metrics.accuracy(predicted, expected));
        expect(matrix.flat().reduce((sum, count) => sum + count)).toBe(pairs.length);
      }),
    );
  });
});

describe('correlation', () => {
  it('shares ranks among equal values', () => {
    expect([...metrics.ranks([30, 10, 20, 20])]).toEqual([4, 1, 2.5, 2.5]);
    expect([...metrics.ranks([1, NaN])]).toEqual([NaN, NaN]);
  });

  it('is 1 for what grows together, in a line or not', () => {
    expect(metrics.pearson([1, 2, 3], [10, 20, 30])).toBe(1);
    expect(metrics.spearman([1, 2, 3, 4], [1, 8, 27, 1000])).toBe(1);
    expect(metrics.pearson([1, 2, 3], [3, 2, 1])).toBe(-1);
    expect(metrics.pearson([1, 2, 3], [0.1, 0.1, 0.1])).toBe(0);
    expect(metrics.pearson([1, 2], [1, Infinity])).toBeNaN();
    // Anscombe (1973), the first of his four.
    const x = [10, 8, 13, 9, 11, 14, 6, 4, 12, 7, 5];
    const y = [8.04, 6.95, 7.58, 8.81, 8.33, 9.96, 7.24, 4.26, 10.84, 4.82, 5.68];
    expect(metrics.pearson(x, y)).toBeCloseTo(0.81642, 5);
  });

  it('is symmetric, within -1 and 1, and not moved by scale, shift or, of ranks, any monotone map', () => {
    const columns = fc.integer({ min: 2, max: 12 }).chain((n) => fc.tuple(numbers(n), numbers(n)));
    fc.assert(
      fc.property(columns, ([x, y]) => {
        const { matrix, samples } = metrics.correlation([x, y]);
        expect(samples).toBe(x.length);
        expect(matrix[0][1]).toBe(matrix[1][0]);
        expect(matrix[0][1]).toBe(metrics.pearson(x, y));
        expect(Math.abs(matrix[0][1])).toBeLessThanOrEqual(1);
        expect(metrics.pearson(x.map((each) => 4 * each + 8), y)).toBeCloseTo(matrix[0][1], 10); // prettier-ignore
        expect(metrics.spearman(x.map((each) => each ** 3), y)).toBe(metrics.spearman(x, y)); // prettier-ignore
      }),
    );
  });

  it('summarises columns', () => {
    const { columns } = metrics.correlation([new Float32Array([1, 3])], 'spearman');
    expect(columns).toEqual([{ mean: 2, deviation: 1, min: 1, max: 3 }]);
    expect(() => metrics.correlation([])).toThrow(code('SHAPE_MISMATCH'));
    expect(() => metrics.correlation([[1], [1, 2]])).toThrow(code('SHAPE_MISMATCH'));
    expect(() => metrics.correlation([[1]], 'kendall' as never)).toThrow(code('USAGE'));
  });
});

describe('clusters', () => {
  const heap = (at: number): number[][] => [0, 1, 2].flatMap((i) => [0, 1].map((j) => [at + i / 10, j / 10]));
  const heaps = [...heap(0), ...heap(10), ...heap(-20)];

  it('finds heaps that lie apart, whatever the seed', () => {
    fc.assert(
      fc.property(fc.nat(1000), (seed) => {
        const { labels, centers } = metrics.kMeans(heaps, { clusters: 3, seed });
        const [a, b, c] = [labels[0], labels[6], labels[12]];
        expect(new Set([a, b, c]).size).toBe(3);
        expect([...labels]).toEqual([a, b, c].flatMap((label) => new Array<number>(6).fill(label)));
        expect(centers[a][0]).toBeCloseTo(0.1, 12);
      }),
      { numRuns: 30 },
    );
    const { labels } = metrics.kMeans(heaps, { clusters: 3 });
    expect(metrics.silhouette(heaps, labels)).toBeGreaterThan(0.95);
  });

  it('gives each point its nearest centre, no group empty where points differ', () => {
    const clouds = fc.uniqueArray(fc.tuple(fc.nat(9), fc.nat(9)), {
      minLength: 3,
      maxLength: 20,
      selector: ([x, y]) => x * 10 + y,
    });
    fc.assert(
      fc.property(clouds, fc.nat(50), (points, seed) => {
        const { labels, centers, inertia } = metrics.kMeans(points, { clusters: 3, seed });
        expect(new Set(labels).size).toBe(3);
        const distance = ([x, y]: readonly number[], center: Float64Array): number =>
          (x - center[0]) ** 2 + (y - center[1]) ** 2;
        const own = points.map((point, i) => distance(point, centers[labels[i]]));
        points.forEach((point, i) =>
          centers.forEach((center) => expect(own[i]).toBeLessThanOrEqual(distance(point, center))),
        );
        expect(inertia).toBeCloseTo(
          own.reduce((sum, each) => sum + each, 0),
          8,
        );
      }),
    );
  });

  it('copes with points that are all the same, and refuses what it cannot group', () => {
    expect(metrics.kMeans([[1], [1], [1]], { clusters: 2 }).inertia).toBe(0);
    expect(() => metrics.kMeans([[1]], { clusters: 2 })).toThrow(code('DATASET_INVALID', 'metrics.kMeans'));
    expect(() => metrics.kMeans([[1], [1, 2]], { clusters: 1 })).toThrow(code('SHAPE_MISMATCH'));
    expect(() => metrics.kMeans([[NaN]], { clusters: 1 })).toThrow(code('DATASET_INVALID', 'metrics.kMeans, points[0][0]')); // prettier-ignore
    expect(() => metrics.silhouette([[1], [2]], [0, 0])).toThrow(code('DATASET_INVALID'));
    expect(() => metrics.silhouette([[1], [2]], [0])).toThrow(code('SHAPE_MISMATCH'));
  });

  it('measures the silhouette as its definition says', () => {
    // a = 1 and b = 9.5 for the first; the lone point counts 0.
    expect(metrics.silhouette([[0], [1], [10]], [0, 0, 1])).toBeCloseTo((0.9 + 8 / 9 + 0) / 3, 12);
  });
});

describe('ensemble', () => {
  it('finds models that are right where others are wrong', () => {
    const report = metrics.ensemble([
      [true, true, false, false],
      [true, true, true, false],
      [false, false, false, true],
    ]);
    expect(report.accuracies).toEqual([0.5, 0.75, 0.25]);
    expect(report.coverage).toBe(1);
    expect(report.order).toEqual([1, 2]);
    expect(report.pairs[0]).toEqual({ a: 1, b: 2, coverage: 1, overlap: 0 });
    expect(() => metrics.ensemble([])).toThrow(code('SHAPE_MISMATCH'));
    expect(() => metrics.ensemble([[true], []])).toThrow(code('SHAPE_MISMATCH'));
  });

  it('covers what its order covers, and coverage + overlap is the sum of accuracies', () => {
    const rows = fc
      .integer({ min: 1, max: 9 })
      .chain((n) =>
        fc.array(fc.array(fc.boolean(), { minLength: n, maxLength: n }), { minLength: 1, maxLength: 5 }),
      );
    fc.assert(
      fc.property(rows, (correct) => {
        const { order, coverage, pairs, accuracies, samples } = metrics.ensemble(correct);
        const covered = correct[0].filter((_, i) => order.some((model) => correct[model][i])).length;
        expect(covered / samples).toBe(coverage);
        for (const { a, b, ...pair } of pairs)
          expect(pair.coverage + pair.overlap).toBeCloseTo(accuracies[a] + accuracies[b], 12);
      }),
    );
  });
});

describe('adaptation', () => {
  const answers = [...'1101001110'].map((right, time) => ({ time, right: right === '1' }));

  it('says how many windows pass until the accuracy is there again', () => {
    const report = metrics.adaptation(answers, { window: 2, changes: [4] });
    expect(report.windows.map(({ accuracy }) => accuracy)).toEqual([1, 0.5, 0, 1, 0.5]);
    expect(report.changes).toEqual([{ time: 4, before: 0.5, after: 0, recovery: 1 }]);
    expect(report).toMatchObject({ accuracy: 0.6, availability: 1 });
  });

  it('knows windows without answers, and changes without recovery', () => {
    const report = metrics.adaptation(
      [
        { time: 0, right: true },
        { time: 5, right: false },
      ],
      { window: 1, changes: [5], recovered: 0.9 },
    );
    expect(report.availability).toBeCloseTo(1 / 3, 12);
    expect(report.changes).toEqual([{ time: 5, before: 0, after: 0, recovery: undefined }]);
  });

  it('refuses answers out of order, and windows without number', () => {
    expect(() => metrics.adaptation([], { window: 1 })).toThrow(code('DATASET_INVALID'));
    expect(() => metrics.adaptation([...answers].reverse(), { window: 1 })).toThrow(code('DATASET_INVALID'));
    expect(() => metrics.adaptation(answers, { window: 0 })).toThrow(code('USAGE'));
    expect(() => metrics.adaptation(answers, { window: 1e-9 })).toThrow(code('LIMIT_EXCEEDED'));
    expect(() => metrics.adaptation(answers, { window: 1, changes: [2, 1] })).toThrow(code('USAGE'));
  });
});
