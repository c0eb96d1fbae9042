/** Error bounds in ulps against double precision, and flush = preserve, for the functions that compute with floats. */
import { describe, expect, test } from 'vitest';
import { MAX_FINITE, MIN_NORMAL } from '../../src/numerics/bits.js';
import { flushLang, preserveLang, type JsLang } from '../../src/numerics/js-lang.js';
import {
  acos,
  asin,
  atan,
  cos,
  erf,
  exp,
  log,
  pow,
  sigmoid,
  sin,
  tanh,
} from '../../src/numerics/math/index.js';
import { EDGE_F32 } from './hostile.js';
import * as reference from './reference.js';
import { floatStream, ulpError } from './reference.js';

const SAMPLES = 200_000;

/**
 * The error of a finite result in ulps. Infinities and NaNs must be right, and an exact result below 2^-126 either close
 * or a zero of its sign, since a device that flushes could not deliver it; these count as no error.
 */
function checkedError(actual: number, expected: number, call: string): number {
  const rounded = Math.fround(expected);
  const tiny = Math.abs(expected) < MIN_NORMAL;
  if (Object.is(actual, rounded) && (tiny || !Number.isFinite(rounded))) return 0;
  if (tiny && (Object.is(actual, expected * 0) || ulpError(actual, expected) <= 1)) return 0;
  // Between the largest float and the point from which rounding gives infinity either of the two is close.
  const onTheEdge = Math.abs(expected) > MAX_FINITE && Math.abs(expected) < MAX_FINITE * (1 + 2 ** -24);
  if (tiny || !(Number.isFinite(actual) && (Number.isFinite(rounded) || onTheEdge))) {
    expect.fail(`${call} = ${actual}, not ${expected}`);
  }
  return ulpError(actual, expected);
}

/** The largest error of `f` over the samples; fails where the two modes differ or a special value is wrong. */
function worst(
  f: (s: JsLang, x: number, y: number) => number,
  ref: (x: number, y: number) => number,
  samples: Iterable<readonly [number, number]>,
): { ulps: number; at: string } {
  let result = { ulps: 0, at: 'nowhere' };
  for (const [a, b] of samples) {
    const y = f(preserveLang, a, b);
    if (!Object.is(y, f(flushLang, a, b))) expect.fail(`flush differs from preserve at ${a}, ${b}`);
    const ulps = checkedError(y, ref(a, b), `f(${a}, ${b})`);
    if (ulps > result.ulps) result = { ulps, at: `${a}, ${b}` };
  }
  return result;
}

/** Arguments for a unary function, whose second argument is ignored. */
function* unarySamples(
  seed: number,
  ranges: readonly (readonly [number, number])[],
): Generator<[number, number]> {
  for (const x of EDGE_F32) yield [x, 0];
  const floats = floatStream(seed);
  for (let i = 0; i < SAMPLES / 2; i++) yield [floats.pattern(), 0];
  const each = SAMPLES / 2 / ranges.length;
  for (const [low, high] of ranges) for (let i = 0; i < each; i++) yield [floats.uniform(low, high), 0];
}

const subnormalsAsZero =
  (f: (x: number) => number) =>
  (x: number): number =>
    Math.abs(x) < MIN_NORMAL ? x * 0 : f(x);

describe.each([
  {
    name: 'exp',
    f: exp,
    ref: Math.exp,
    bound: 0.89,
    ranges: [
      [-90, 89],
      [-1, 1],
    ],
  },
  {
    name: 'log',
    f: log,
    ref: Math.log,
    bound: 0.81,
    ranges: [
      [0.5, 2],
      [0.98, 1.02],
    ],
  },
  {
    name: 'sin',
    f: sin,
    ref: Math.sin,
    bound: 0.84,
    ranges: [
      [-1e5, 1e5],
      [-10, 10],
    ],
  },
  {
    name: 'cos',
    f: cos,
    ref: Math.cos,
    bound: 0.85,
    ranges: [
      [-1e5, 1e5],
      [-10, 10],
    ],
  },
  {
    name: 'tanh',
    f: tanh,
    ref: Math.tanh,
    bound: 1.34,
    ranges: [
      [-12, 12],
      [-2, 2],
    ],
  },
  {
    name: 'sigmoid',
    f: sigmoid,
    ref: reference.sigmoid,
    bound: 1.17,
    ranges: [
      [-90, 90],
      [-4, 4],
    ],
  },
  {
    name: 'erf',
    f: erf,
    ref: subnormalsAsZero(reference.erf),
    bound: 1.17,
    ranges: [
      [-5, 5],
      [-2, 2],
    ],
  },
  {
    name: 'asin',
    f: asin,
    ref: Math.asin,
    bound: 0.63,
    ranges: [
      [-1, 1],
      [0.4, 0.6],
    ],
  },
  {
    name: 'acos',
    f: acos,
    ref: Math.acos,
    bound: 0.6,
    ranges: [
      [-1, 1],
      [0.99, 1],
    ],
  },
  {
    name: 'atan',
    f: atan,
    ref: Math.atan,
    bound: 0.85,
    ranges: [
      [-3, 3],
      [0.6, 0.8],
    ],
  },
] as const)('$name', ({ f, ref, bound, ranges }) => {
  test(`is within ${bound} ulp, in both subnormal modes alike`, () => {
    const { ulps, at } = worst(f, ref, unarySamples(1, ranges));
    expect(ulps, `at ${at}`).toBeLessThan(bound);
  });
});

function* powSamples(seed: number): Generator<[number, number]> {
  for (const x of EDGE_F32) for (const y of EDGE_F32) yield [x, y];
  const floats = floatStream(seed);
  for (let i = 0; i < SAMPLES / 4; i++) {
    // Any base with an exponent that keeps the result in range; anything; negative bases; bases close to 1.
    const base = Math.abs(floats.pattern()) || 1;
    yield [base, Math.fround(floats.uniform(-150, 150) / (Math.log2(base) || 1))];
    yield [floats.pattern(), floats.pattern()];
    yield [floats.uniform(-4, 0), Math.round(floats.uniform(-8, 8))];
    const nearOne = Math.fround(1 + floats.uniform(-0.5, 0.5) / 2 ** (i % 24));
    yield [nearOne, Math.fround(floats.uniform(-120, 120) / (Math.log2(nearOne) || 1))];
  }
}

test('pow is within 0.95 ulp, in both subnormal modes alike, with the special values of IEEE 754', () => {
  const { ulps, at } = worst(pow, reference.pow, powSamples(3));
  expect(ulps, `at ${at}`).toBeLessThan(0.95);
});
