/**
 * Drawn digits: a set of images in the manner of MNIST that needs no download. Every digit is written anew with a pen of
 * its own: one of several ways to write it, shaky, slanted, turned, stretched, thick or thin, on grainy paper.
 *
 * The bytes are the same on every machine: only + - * / and sqrt on doubles, each correctly rounded everywhere, and sine
 * and cosine of src/numerics, which are defined bit by bit.
 */
import { byteColumn, classColumn, datasetOf, type Dataset } from 'heddle/data';
import { describeValue } from '../../src/base/describe.js';
import { ensure } from '../../src/base/errors.js';
import { RandomStream } from '../../src/data/random.js';
import { preserveLang } from '../../src/numerics/js-lang.js';
import { cos, sin } from '../../src/numerics/math/index.js';
import { flatten } from './curve.js';
import { GLYPHS, type Glyph, type Stroke } from './glyphs.js';
import { drawChain, emptySheet, type Sheet } from './ink.js';

/** Width and height of an image, in pixels. */
export const DIGIT_SIDE = 28;
const PIXELS = DIGIT_SIDE * DIGIT_SIDE;
const CLASSES = 10;

/** What differs from one writer to the next. Lengths are parts of the digit's box where nothing else is said. */
const HAND = {
  /** Deviation of a knot from its place. */
  shake: 0.03,
  /** Deviation of width over height, as a factor. */
  stretch: 0.15,
  /** Deviation of the sideways offset of the top against the bottom, and its mean: people write slanted. */
  slant: 0.17,
  meanSlant: 0.12,
  /** Bend of vertical lines, and of widths towards the bottom. */
  bend: 0.09,
  taper: 0.14,
  /** Deviation of the angle, in radians. */
  turn: 0.11,
  /** Longer side, in pixels. */
  size: [15.5, 21.5],
  /** Deviation of the middle from the middle of the image, in pixels. */
  shift: 1,
  /** Radius of the pen, in pixels, and how much it changes along a stroke. */
  pen: [0.65, 1.75],
  pressure: 0.18,
  /** Strength of the ink, and grain of ink and paper: greatest part of full ink that is taken or added. */
  strength: [0.8, 1],
  inkGrain: 0.25,
  paperGrain: 0.06,
} as const;

/** A drawn digit: 28 x 28 grey values, row-major, 0 for paper and 255 for ink. */
export interface DrawnDigit {
  readonly label: number;
  /** The way in which it is written. */
  readonly glyph: string;
  readonly pixels: Uint8Array;
}

export interface DigitOptions {
  readonly count: number;
  /** 0 unless given. */
  readonly seed?: number;
}

/**
 * `count` digits as a data set: features `image` f32 `[1, 28, 28]` from 0 to 1, labels `label` i32. Example i shows i mod
 * 10 and depends on `seed` and i alone, so a larger set begins with the smaller one. About 0.15 ms and 784 bytes each.
 * Throws USAGE for a count or seed out of range.
 */
export function drawnDigits({ count, seed = 0 }: DigitOptions): Dataset {
  ensure(
    Number.isSafeInteger(count) && count >= 0 && count <= 1e6,
    'USAGE',
    'the number of digits is not a valid number',
    {
      found: describeValue(count),
      expected: 'an integer from 0 to 1,000,000',
    },
  );
  const [pixels, labels] = [new Uint8Array(count * PIXELS), new Uint8Array(count)];
  for (let i = 0; i < count; i++) {
    const digit = drawDigit(seed, i);
    pixels.set(digit.pixels, i * PIXELS);
    labels[i] = digit.label;
  }
  return datasetOf(byteColumn('image', [1, DIGIT_SIDE, DIGIT_SIDE], pixels), classColumn('label', labels));
}

/** Example `index` of the set of this seed: the digit `index` mod 10. Throws USAGE for a seed or index out of range. */
export function drawDigit(seed: number, index: number): DrawnDigit {
  const random = new RandomStream(seed, 'digits', index);
  const label = index % CLASSES;
  const glyph = pickGlyph(GLYPHS[label], random);
  const shaken = glyph.strokes.map((stroke) => shake(stroke, random));
  const chains = place(shaken.map(flatten), glyph.aspect, random);
  return { label, glyph: glyph.name, pixels: develop(write(chains, random), random) };
}

const between = (random: RandomStream, low: number, high: number): number =>
  low + (high - low) * random.unit();

/** Near a normal distribution of mean 0 and deviation 1, within +-3.47: a sum of four even ones, which is exact. */
export const bell = (random: RandomStream): number =>
  (random.unit() + random.unit() + random.unit() + random.unit() - 2) * 1.7320508075688772;

function pickGlyph(glyphs: readonly Glyph[], random: RandomStream): Glyph {
  let ticket = random.below(glyphs.reduce((sum, { weight }) => sum + weight, 0));
  return glyphs.find(({ weight }) => (ticket -= weight) < 0) ?? glyphs[0];
}

const shake = (stroke: Stroke, random: RandomStream): Stroke =>
  stroke.map(({ x, y, corner }) => ({
    x: x + HAND.shake * bell(random),
    y: y + HAND.shake * bell(random),
    corner,
  }));

/** Chains of points in the unit box, bent, slanted, turned and scaled into the image. */
function place(chains: readonly number[][], aspect: number, random: RandomStream): number[][] {
  const width = aspect * (1 + HAND.stretch * bell(random));
  const slant = HAND.meanSlant + HAND.slant * bell(random);
  const [bend, taper] = [HAND.bend * bell(random), HAND.taper * bell(random)];
  // An f32, as sin and cos want it.
  const angle = Math.fround(HAND.turn * bell(random));
  const [s, c] = [sin(preserveLang, angle), cos(preserveLang, angle)];
  const turned = chains.map((points) =>
    mapPoints(points, (x0, y0) => {
      const y = y0 - 0.5;
      const x = (x0 - 0.5) * width * (1 + taper * y) - slant * y + bend * (4 * y * y - 0.5);
      return [x * c - y * s, x * s + y * c];
    }),
  );
  const [left, right] = reach(turned, 0);
  const [top, bottom] = reach(turned, 1);
  const scale = between(random, ...HAND.size) / Math.max(right - left, bottom - top);
  const middleX = DIGIT_SIDE / 2 + HAND.shift * bell(random);
  const middleY = DIGIT_SIDE / 2 + HAND.shift * bell(random);
  return turned.map((points) =>
    mapPoints(points, (x, y) => [
      middleX + scale * (x - (left + right) / 2),
      middleY + scale * (y - (top + bottom) / 2),
    ]),
  );
}

function mapPoints(
  points: readonly number[],
  move: (x: number, y: number) => readonly [number, number],
): number[] {
  return points.flatMap((x, i) => (i % 2 === 0 ? move(x, points[i + 1]) : []));
}

/** Least and greatest x (axis 0) or y (axis 1). */
function reach(chains: readonly number[][], axis: 0 | 1): [number, number] {
  let [low, high] = [Infinity, -Infinity];
  for (const points of chains) {
    for (let i = axis; i < points.length; i += 2) {
      low = Math.min(low, points[i]);
      high = Math.max(high, points[i]);
    }
  }
  return [low, high];
}

function write(chains: readonly number[][], random: RandomStream): Sheet {
  const sheet = emptySheet(DIGIT_SIDE);
  const pen = between(random, ...HAND.pen);
  for (const points of chains) {
    const start = pen * (1 + HAND.pressure * bell(random));
    drawChain(sheet, points, start, pen * (1 + HAND.pressure * bell(random)));
  }
  return sheet;
}

/** Ink as bytes, with grain. */
function develop({ ink }: Sheet, random: RandomStream): Uint8Array {
  const strength = between(random, ...HAND.strength);
  const inkGrain = HAND.inkGrain * random.unit();
  const paperGrain = HAND.paperGrain * random.unit();
  return Uint8Array.from(ink, (coverage) => {
    // Two numbers of 16 bits out of each word.
    const word = random.word();
    const [taken, added] = [(word >>> 16) / 65_536, (word & 0xffff) / 65_536];
    const grey = coverage * strength * (1 - inkGrain * taken) + paperGrain * added;
    return Math.floor(255 * Math.min(1, grey) + 0.5);
  });
}
