/** Line plots as SVG: losses over steps. They follow the reader's colour scheme, light or dark. */
import { scaleLinear, scaleLog, type ScaleContinuousNumeric } from 'd3-scale';
import { line } from 'd3-shape';
import { listOf, oneOf, required, text } from '../base/kinds.js';
import { checkedOptions, type OptionTable } from '../base/options.js';
import { BOTTOM, COLOURS, escape, HEIGHT, label, LEFT, px, RIGHT, sheet, TOP } from './plot-frame.js';

export {
  barChart,
  confusionPicture,
  type Bar,
  type BarChart,
  type ConfusionPicture,
} from './plot-measures.js';

export interface Series {
  readonly name: string;
  /** x and y, in the order of x. Numbers that are not finite leave a gap, and on a log scale those not above 0 do. */
  readonly points: readonly (readonly [number, number])[];
}

export interface LossCurve {
  readonly title: string;
  readonly series: readonly Series[];
  readonly xLabel: string;
  readonly yLabel: string;
  /** Linear unless given. */
  readonly yScale?: 'linear' | 'log';
}

/** From this many points on, a smoothed line lies over the pale line through the points themselves. */
const MANY = 100;
/** The smoothed line averages this part of the points on each side. */
const SMOOTHED_PART = 1 / 40;

type Scale = ScaleContinuousNumeric<number, number>;
/** A place in the picture; undefined where the line has a gap. */
type Place = readonly [number, number] | undefined;

const isPoint = (point: unknown): boolean =>
  Array.isArray(point) && point.length === 2 && point.every((place) => typeof place === 'number');

const isSeries = (value: unknown): boolean => {
  const { name, points } = (value ?? {}) as Partial<Series>;
  return typeof name === 'string' && Array.isArray(points) && points.every(isPoint);
};

const OPTIONS: OptionTable<LossCurve> = {
  title: required(text),
  series: required(listOf('{ name, points }, where a point is [x, y]', isSeries)),
  xLabel: required(text),
  yLabel: required(text),
  yScale: oneOf('linear', 'log'),
};

/** The plot as the text of an SVG file. */
export function lossCurve(curve: LossCurve): string {
  const { title, series, xLabel, yLabel, yScale = 'linear' } = checkedOptions(curve, OPTIONS, 'lossCurve');
  const visible = (y: number): boolean => Number.isFinite(y) && (yScale === 'linear' || y > 0);
  const shown = series.flatMap(({ points }) => points.filter(([x, y]) => Number.isFinite(x) && visible(y)));
  const x = scaleLinear(
    extent(
      shown.map((point) => point[0]),
      'linear',
    ),
    [LEFT, RIGHT],
  );
  const ys = extent(
    shown.map((point) => point[1]),
    yScale,
  );
  const y: Scale = yScale === 'log' ? scaleLog(ys, [BOTTOM, TOP]) : scaleLinear(ys, [BOTTOM, TOP]).nice(6);
  const lines = series.flatMap(({ points }, i) => {
    const places = points.map(([px, py]): Place =>
      Number.isFinite(px) && visible(py) ? [x(px), y(py)] : undefined,
    );
    return drawLines(places, COLOURS[i % COLOURS.length]);
  });
  return sheet(title, [
    ...legend(series),
    ...axisY(y, yLabel),
    ...axisX(
      x,
      xLabel,
      shown.every((point) => Number.isInteger(point[0])),
    ),
    ...lines,
    ...(shown.length === 0 ? [label((LEFT + RIGHT) / 2, (TOP + BOTTOM) / 2, 'middle', 'no data')] : []),
  ]);
}

/** Least and greatest, apart even where all are equal; something to draw axes for where there are none. */
function extent(values: readonly number[], scale: 'linear' | 'log'): [number, number] {
  let [low, high] = [Infinity, -Infinity];
  for (const value of values) [low, high] = [Math.min(low, value), Math.max(high, value)];
  if (low > high) return scale === 'log' ? [0.1, 1] : [0, 1];
  if (low < high) return [low, high];
  if (scale === 'log') return [low / 2, high * 2];
  const half = low === 0 ? 1 : Math.abs(low) / 2;
  return [low - half, high + half];
}

function drawLines(places: readonly Place[], colour: string): string[] {
  const path = (way: readonly Place[], kind: string): string => {
    const d = line<Place>(
      (place) => place?.[0] ?? 0,
      (place) => place?.[1] ?? 0,
    )
      .defined((place) => place !== undefined)
      .digits(1)(way);
    return d === null ? '' : `  <path class="${kind}" stroke="${colour}" d="${d}"/>`;
  };
  const paths =
    places.length < MANY
      ? [path(places, 'line')]
      : [path(thin(places), 'line raw'), path(thin(smooth(places)), 'line')];
  return paths.filter((text) => text !== '');
}

/** Means of the heights around each place. It is of the picture, so on a log scale of the logarithms; gaps stay gaps. */
function smooth(places: readonly Place[]): Place[] {
  const reach = Math.max(1, Math.round(places.length * SMOOTHED_PART));
  const [sums, counts] = [[0], [0]];
  places.forEach((place, i) => {
    sums.push(sums[i] + (place?.[1] ?? 0));
    counts.push(counts[i] + (place === undefined ? 0 : 1));
  });
  return places.map((place, i) => {
    if (place === undefined) return undefined;
    // As many on either side, so that the ends do not bend, but not so few that they jump.
    const span = Math.max(Math.min(reach, i, places.length - 1 - i), Math.ceil(reach / 4));
    const [from, to] = [Math.max(0, i - span), Math.min(places.length, i + span + 1)];
    return [place[0], (sums[to] - sums[from]) / (counts[to] - counts[from])];
  });
}

/** Of the places above one pixel, the first, highest, lowest and last: the line looks the same, the file stays small. */
function thin(places: readonly Place[]): Place[] {
  if (places.length <= 2 * (RIGHT - LEFT)) return [...places];
  const out: Place[] = [];
  let start = 0;
  while (start < places.length) {
    const first = places[start];
    if (first === undefined) {
      if (out.at(-1) !== undefined) out.push(undefined);
      start++;
      continue;
    }
    const column = Math.floor(first[0]);
    const inside = (place: Place): boolean => place !== undefined && Math.floor(place[0]) === column;
    let [high, low, end] = [start, start, start];
    for (; end < places.length && inside(places[end]); end++) {
      if (heightOf(places[end]) < heightOf(places[high])) high = end;
      if (heightOf(places[end]) > heightOf(places[low])) low = end;
    }
    const kept = new Set([start, Math.min(high, low), Math.max(high, low), end - 1]);
    for (const i of kept) out.push(places[i]);
    start = end;
  }
  return out;
}

const heightOf = (place: Place): number => place?.[1] ?? 0;

function legend(series: readonly Series[]): string[] {
  let x = LEFT;
  return series.flatMap(({ name }, i) => {
    const start = x;
    // About the width of a character of the font, plus swatch and space.
    x += 24 + 6.6 * name.length + 22;
    return [
      `  <line class="line" stroke="${COLOURS[i % COLOURS.length]}" x1="${px(start)}" x2="${px(start + 16)}" y1="54" y2="54"/>`,
      `  <text class="name" x="${px(start + 24)}" y="58">${escape(name)}</text>`,
    ];
  });
}

function axisY(y: Scale, name: string): string[] {
  const format = y.tickFormat(6, '~g');
  const text = (value: number): string => spelledOut(format(value));
  const ticks = y.ticks(6).flatMap((value) => {
    const name = text(value);
    const at = px(y(value));
    const grid = `  <line class="grid" x1="${LEFT}" x2="${RIGHT}" y1="${at}" y2="${at}"/>`;
    // A log scale leaves some of its ticks without a number.
    return name === '' ? [grid] : [grid, label(LEFT - 8, y(value) + 4, 'end', name)];
  });
  const middle = (TOP + BOTTOM) / 2;
  return [
    ...ticks,
    `  <text x="18" y="${middle}" text-anchor="middle" transform="rotate(-90 18 ${middle})">${escape(name)}</text>`,
  ];
}

/** A number of usual size without an exponent: 200 and not 2e+2. The sign of the format's is a minus. */
function spelledOut(text: string): string {
  const value = Number(text.replace('\u2212', '-'));
  const isUsual = text.includes('e') && Math.abs(value) >= 1e-3 && Math.abs(value) < 1e6;
  return isUsual ? String(value).replace('-', '\u2212') : text;
}

/** `whole`: x counts something, so halves of it mean nothing. */
function axisX(x: Scale, name: string, whole: boolean): string[] {
  const format = x.tickFormat(8, ',~f');
  const ticks = x.ticks(8).filter((value) => !whole || Number.isInteger(value));
  return [
    `  <line class="axis" x1="${LEFT}" x2="${RIGHT}" y1="${BOTTOM}" y2="${BOTTOM}"/>`,
    ...ticks.flatMap((value) => {
      const at = px(x(value));
      return [
        `  <line class="axis" x1="${at}" x2="${at}" y1="${BOTTOM}" y2="${BOTTOM + 5}"/>`,
        label(x(value), BOTTOM + 20, 'middle', format(value)),
      ];
    }),
    label((LEFT + RIGHT) / 2, HEIGHT - 12, 'middle', name),
  ];
}
