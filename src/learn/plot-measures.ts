/** Measurements as SVG: how often classes are taken for each other, and how many numbers fall into which bucket. */
import { scaleLinear } from 'd3-scale';
import { isListOf } from '../base/values.js';
import { listOf, required, text } from '../base/kinds.js';
import { checkedOptions, type OptionTable } from '../base/options.js';
import { BOTTOM, escape, HEIGHT, label, LEFT, px, RIGHT, sheet, TOP } from './plot-frame.js';

export interface ConfusionPicture {
  readonly title: string;
  /** `matrix[expected][predicted]`: how many examples, as `metrics.confusion` gives it. */
  readonly matrix: readonly (readonly number[])[];
  /** Names of the classes. Default: their numbers. */
  readonly names?: readonly string[];
}

export interface Bar {
  readonly name: string;
  /** From 0. */
  readonly value: number;
}

export interface BarChart {
  readonly title: string;
  readonly bars: readonly Bar[];
  readonly xLabel: string;
  readonly yLabel: string;
}

const isCount = (value: unknown): boolean => typeof value === 'number' && value >= 0 && value < Infinity;

const CONFUSION: OptionTable<ConfusionPicture> = {
  title: required(text),
  matrix: required(listOf('rows of counts, from 0', (row) => isListOf(row, isCount))),
  names: listOf('names', (name) => typeof name === 'string'),
};

const BARS: OptionTable<BarChart> = {
  title: required(text),
  bars: required(
    listOf('{ name, value }, where a value is a number from 0', (bar) => {
      const { name, value } = (bar ?? {}) as Partial<Bar>;
      return typeof name === 'string' && isCount(value);
    }),
  ),
  xLabel: required(text),
  yLabel: required(text),
};

/** The side of the square, and from how many classes on the cells have no numbers. */
const [SIDE, MANY] = [480, 20];
const [GREEN, RED] = ['#1f9e77', '#d1495b'] as const;
/** Cells at least this full are dark enough for white text. */
const FULL = 0.55;

/**
 * A cell for each pair of classes, rows as expected, columns as predicted: the fuller, the larger its part of the row. What is right is
 * green, what is wrong red. Throws USAGE.
 */
export function confusionPicture(picture: ConfusionPicture): string {
  const { title, matrix, names = [] } = checkedOptions(picture, CONFUSION, 'confusionPicture');
  const nameOf = (i: number): string => names[i] ?? String(i);
  const classes = matrix.length;
  const side = SIDE / Math.max(1, classes);
  const [left, top] = [LEFT + 40, TOP];
  const cells = matrix.flatMap((row, expected) => {
    const support = row.reduce((sum, count) => sum + count, 0);
    return row.flatMap((count, predicted) => {
      // Few mistakes among many examples are to be seen, too.
      const part = support === 0 ? 0 : Math.sqrt(count / support);
      const [x, y] = [left + predicted * side, top + expected * side];
      const box = `x="${px(x)}" y="${px(y)}" width="${px(side - 1)}" height="${px(side - 1)}"`;
      const said = `<title>${escape(`${nameOf(expected)} named ${nameOf(predicted)}: ${count}`)}</title>`;
      const rect = `  <rect ${box} fill="${expected === predicted ? GREEN : RED}" fill-opacity="${px(part * 100)}%">${said}</rect>`;
      const frame = `  <rect ${box} fill="none" class="grid"/>`;
      if (count === 0 || classes > MANY) return [rect, frame];
      const style = part >= FULL ? ' style="fill: #ffffff"' : ' class="name"';
      return [rect, frame, `  <text x="${px(x + side / 2)}" y="${px(y + side / 2 + 4)}" text-anchor="middle"${style}>${count}</text>`]; // prettier-ignore
    });
  });
  // As many names as there is room for.
  const every = Math.max(1, Math.ceil(classes / 40));
  const marks = matrix.flatMap((_, i) =>
    i % every > 0
      ? []
      : [
          label(left - 8, top + (i + 0.5) * side + 4, 'end', nameOf(i)),
          label(left + (i + 0.5) * side, top + SIDE + 18, 'middle', nameOf(i)),
        ],
  );
  const middle = top + SIDE / 2;
  return sheet(
    title,
    [
      ...cells,
      ...marks,
      label(left + SIDE / 2, top + SIDE + 40, 'middle', 'predicted'),
      `  <text x="18" y="${middle}" text-anchor="middle" transform="rotate(-90 18 ${middle})">expected</text>`,
      ...(classes === 0 ? [label(left + SIDE / 2, middle, 'middle', 'no data')] : []),
    ],
    top + SIDE + 60,
  );
}

/** Upright bars, one for each name, with their values above them. Throws USAGE. */
export function barChart(chart: BarChart): string {
  const { title, bars, xLabel, yLabel } = checkedOptions(chart, BARS, 'barChart');
  const most = bars.reduce((greatest, { value }) => Math.max(greatest, value), 0);
  const y = scaleLinear([0, most || 1], [BOTTOM, TOP]).nice(6);
  const step = (RIGHT - LEFT) / Math.max(1, bars.length);
  const middle = (TOP + BOTTOM) / 2;
  return sheet(title, [
    ...y
      .ticks(6)
      .flatMap((value) => [
        `  <line class="grid" x1="${LEFT}" x2="${RIGHT}" y1="${px(y(value))}" y2="${px(y(value))}"/>`,
        label(LEFT - 8, y(value) + 4, 'end', value.toLocaleString('en-US')),
      ]),
    ...bars.flatMap(({ name, value }, i) => {
      const x = LEFT + (i + 0.15) * step;
      return [
        `  <rect fill="${GREEN}" x="${px(x)}" y="${px(y(value))}" width="${px(step * 0.7)}" height="${px(BOTTOM - y(value))}"/>`,
        label(x + step * 0.35, y(value) - 6, 'middle', value.toLocaleString('en-US')),
        label(x + step * 0.35, BOTTOM + 20, 'middle', name),
      ];
    }),
    `  <line class="axis" x1="${LEFT}" x2="${RIGHT}" y1="${BOTTOM}" y2="${BOTTOM}"/>`,
    `  <text x="18" y="${middle}" text-anchor="middle" transform="rotate(-90 18 ${middle})">${escape(yLabel)}</text>`,
    label((LEFT + RIGHT) / 2, HEIGHT - 12, 'middle', xLabel),
    ...(bars.length === 0 ? [label((LEFT + RIGHT) / 2, middle, 'middle', 'no data')] : []),
  ]);
}
