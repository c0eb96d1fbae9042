import { describe, expect, test } from 'vitest';
import { barChart, confusionPicture, lossCurve, type LossCurve } from '../../src/learn/plot.js';

const few: LossCurve = {
  title: 'Loss & <accuracy>',
  series: [
    {
      name: 'train',
      points: [
        [0, 2.3],
        [1, 1.2],
        [2, 0.9],
        [3, 0.81],
      ],
    },
    {
      name: 'validation "held"',
      points: [
        [0, 2.2],
        [1, NaN],
        [2, 1.1],
        [3, 1.2],
      ],
    },
  ],
  xLabel: 'epoch',
  yLabel: 'cross-entropy',
};

/** 1 / (1 + i) with a saw of 10% on it. */
const falling = (count: number): (readonly [number, number])[] =>
  Array.from({ length: count }, (_, i) => [i, (1 + 0.1 * (i % 3)) / (1 + i)]);

const curve = (points: LossCurve['series'][number]['points'], yScale: 'linear' | 'log' = 'linear'): string =>
  lossCurve({ title: 't', series: [{ name: 'a', points }], xLabel: 'x', yLabel: 'y', yScale });

/** The heights along the paths of a class. */
const heights = (svg: string, kind: string): number[] =>
  [...svg.matchAll(new RegExp(`<path class="${kind}"[^>]* d="([^"]*)"`, 'g'))].flatMap(([, d]) =>
    [...d.matchAll(/,(-?[\d.]+)/g)].map(([, y]) => Number(y)),
  );

describe('loss curves', () => {
  test('golden', async () => {
    await expect(lossCurve(few)).toMatchFileSnapshot('golden/loss.svg');
    await expect(lossCurve({ ...few, yScale: 'log' })).toMatchFileSnapshot('golden/loss-log.svg');
  });

  test('numbers on the axes have no exponent where they need none', () => {
    const texts = (most: number): string => curve([[0, -most], [1, most]]); // prettier-ignore
    for (const most of [0.03, 3, 120, 300, 20_000]) expect(texts(most)).not.toMatch(/>.?\d+e/);
    expect(texts(300)).toContain('>\u2212200<');
    expect(texts(3e9)).toMatch(/>3e\+9</);
  });

  test('a gap breaks the line', () => {
    const d = (points: LossCurve['series'][number]['points']): number =>
      (/ d="([^"]*)"/.exec(curve(points))?.[1].match(/M/g) ?? []).length;
    expect(d([[0, 1], [1, 2], [2, 3], [3, 4]])).toBe(1); // prettier-ignore
    expect(d([[0, 1], [1, Infinity], [2, 3], [3, 4]])).toBe(2); // prettier-ignore
  });

  test('many points get a smoothed line over the pale one, and few do not', () => {
    expect(curve(falling(99))).not.toContain('line raw');
    const svg = curve(falling(1000), 'log');
    const [raw, smooth] = [heights(svg, 'line raw'), heights(svg, 'line')];
    const turns = (ys: readonly number[]): number =>
      ys.slice(2).filter((y, i) => (y - ys[i + 1]) * (ys[i + 1] - ys[i]) < 0).length;
    expect(turns(raw)).toBeGreaterThan(500);
    expect(turns(smooth)).toBeLessThan(turns(raw) / 4);
  });

  test('a long run makes no large file, and its peaks stay', () => {
    const points = falling(200_000);
    const peak = 123_456;
    const svg = curve(points.map(([x, y], i) => (i === peak ? [x, 5] : [x, y])));
    expect(svg.length).toBeLessThan(100_000);
    expect(Math.min(...heights(svg, 'line raw'))).toBe(76);
  });

  test('every number is finite, whatever the points', () => {
    const hostile: (readonly [number, number])[][] = [
      [],
      [[0, 0]],
      [[5, 3], [5, 3]],
      [[0, NaN], [NaN, 1], [Infinity, 2], [1, -Infinity]],
      [[0, -1], [1, 0], [2, 1e-300], [3, 1e300]],
      Array.from({ length: 300 }, (_, i) => [i, i % 2 === 0 ? NaN : i]),
    ]; // prettier-ignore
    for (const points of hostile) {
      for (const scale of ['linear', 'log'] as const) {
        const svg = curve(points, scale);
        expect(svg).not.toMatch(/NaN|Infinity|undefined/);
        expect(svg.includes('no data')).toBe(heights(svg, 'line').length === 0);
      }
    }
  });
});

describe('pictures of measurements', () => {
  const matrix = [[98, 2, 0], [1, 0, 9], [0, 0, 0]]; // prettier-ignore
  const bars = [
    { name: 'to 10%', value: 1200 },
    { name: 'more <', value: 0 },
  ];

  test('golden', async () => {
    await expect(
      confusionPicture({ title: 'Digits', matrix, names: ['a', 'b & c', 'd'] }),
    ).toMatchFileSnapshot('golden/confusion.svg');
    await expect(
      barChart({ title: 'Deviation', bars, xLabel: 'deviation', yLabel: 'numbers' }),
    ).toMatchFileSnapshot('golden/bars.svg');
  });

  test('of nothing, of many classes, and of what is no count', () => {
    expect(confusionPicture({ title: 't', matrix: [] })).toContain('no data');
    expect(barChart({ title: 't', bars: [], xLabel: 'x', yLabel: 'y' })).toContain('no data');
    const many = Array.from({ length: 100 }, (_, i) =>
      Array.from({ length: 100 }, (__, j) => (i === j ? 5 : 0)),
    );
    const svg = confusionPicture({ title: 't', matrix: many });
    expect(svg.match(/<text /g)!.length).toBeLessThan(80);
    expect(svg).not.toContain('NaN');
    for (const wrong of [[[-1]], [[NaN]], [1], 7] as never[])
      expect(() => confusionPicture({ title: 't', matrix: wrong })).toThrow(/USAGE/);
    expect(() => barChart({ title: 't', bars: [{ name: 'a', value: -1 }], xLabel: '', yLabel: '' })).toThrow(/USAGE/); // prettier-ignore
  });
});
