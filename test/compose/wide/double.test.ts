/** Doubles out of integer ops, against JavaScript's own: every bit. */
import { describe, expect, test } from 'vitest';
import * as d from '../../../src/compose/wide/double.js';
import { doubleOfSingle, singleOfDouble, singleOfMagnitude } from '../../../src/compose/wide/single.js';
import type { Words } from '../../../src/compose/wide/words.js';
import type { GraphBuilder } from '../../../src/ir/builder.js';
import { bitsOf, doubleOf, evaluateNumbers, evaluateWords, patterns } from './support.js';

const COUNT = 4000;
const NAN = 0x7ff8000000000000n;

/** Patterns of NaN are all one. */
const canonical = (bits: bigint): bigint => (Number.isNaN(doubleOf(bits)) ? NAN : bits);

function firstDifference(
  found: readonly bigint[],
  expected: readonly bigint[],
  operands: readonly bigint[][],
): string | undefined {
  const at = found.findIndex((bits, i) => canonical(bits) !== canonical(expected[i]));
  const show = (bits: bigint): string => `${doubleOf(bits)} (${bits.toString(16)})`;
  return at < 0 ? undefined : `of ${operands.map((list) => show(list[at])).join(' and ')}: ${show(found[at])}, not ${show(expected[at])}`; // prettier-ignore
}

const evenRound = (x: number): number => {
  const [below, rest] = [Math.floor(x), x - Math.floor(x)];
  const up = rest > 0.5 || (rest === 0.5 && below % 2 !== 0);
  const whole = up ? below + 1 : below;
  return whole === 0 && (x < 0 || Object.is(x, -0)) ? -0 : whole;
};

type Unary = readonly [(b: GraphBuilder, x: Words) => Words, (x: number) => number];
const UNARY: Readonly<Record<string, Unary>> = {
  sqrt: [d.squareRoot, Math.sqrt],
  neg: [d.negateDouble, (x) => -x],
  abs: [d.absDouble, Math.abs],
  sign: [d.signDouble, Math.sign],
  floor: [(b, x) => d.wholeDouble(b, x, 'floor'), Math.floor],
  ceil: [(b, x) => d.wholeDouble(b, x, 'ceil'), Math.ceil],
  trunc: [(b, x) => d.wholeDouble(b, x, 'trunc'), Math.trunc],
  round: [(b, x) => d.wholeDouble(b, x, 'round'), evenRound],
};

type Binary = readonly [(b: GraphBuilder, x: Words, y: Words) => Words, (x: number, y: number) => number];
const BINARY: Readonly<Record<string, Binary>> = {
  add: [d.addDoubles, (x, y) => x + y],
  sub: [d.subtractDoubles, (x, y) => x - y],
  mul: [d.multiplyDoubles, (x, y) => x * y],
  div: [d.divideDoubles, (x, y) => x / y],
  min: [(b, x, y) => d.extremeDouble(b, 'min', x, y), Math.min],
  max: [(b, x, y) => d.extremeDouble(b, 'max', x, y), Math.max],
};

describe('doubles', () => {
  test.each(Object.entries(UNARY))('%s', (_, [f, model]) => {
    const x = patterns(1, COUNT);
    const found = evaluateWords([x], f);
    const expected = x.map((bits) => bitsOf(model(doubleOf(bits))));
    expect(firstDifference(found, expected, [x])).toBeUndefined();
  });

  test.each(Object.entries(BINARY))('%s', (_, [f, model]) => {
    const [x, y] = [patterns(2, COUNT), patterns(3, COUNT)];
    const found = evaluateWords([x, y], f);
    const expected = x.map((bits, i) => bitsOf(model(doubleOf(bits), doubleOf(y[i]))));
    expect(firstDifference(found, expected, [x, y])).toBeUndefined();
  });

  test.each([
    ['eq', (x: number, y: number) => x === y],
    ['lt', (x: number, y: number) => x < y],
    ['le', (x: number, y: number) => x <= y],
  ] as const)('%s', (op, model) => {
    const x = patterns(4, COUNT);
    const y = patterns(5, COUNT).map((bits, i) => (i % 3 === 0 ? x[i] : bits));
    const found = evaluateNumbers([x, y], (b, p, q) => d.compareDoubles(b, op, p, q));
    expect(found).toEqual(x.map((bits, i) => Number(model(doubleOf(bits), doubleOf(y[i])))));
  });

  test('to f32 and back', () => {
    const x = patterns(6, COUNT);
    expect(evaluateNumbers([x], singleOfDouble)).toEqual(x.map((bits) => Math.fround(doubleOf(bits))));
    const single = x.map((bits) => bitsOf(Math.fround(doubleOf(bits))));
    const found = evaluateWords([x], (b, words) => doubleOfSingle(b, singleOfDouble(b, words)));
    expect(firstDifference(found, single, [x])).toBeUndefined();
  });

  test('of NaNs, whatever their signs, is one NaN', () => {
    const x = [0x7fc00000n, 0xffc00000n, 0x7f800000n, 0xff800000n];
    const found = evaluateWords([x], (b, { lo }) =>
      doubleOfSingle(b, b.emit('bitcast', [lo], { dtype: 'f32' })),
    );
    expect(found).toEqual([NAN, NAN, 0x7ff0000000000000n, 0xfff0000000000000n]);
  });

  test('of integers, and integers of them', () => {
    const x = patterns(7, COUNT);
    const found = evaluateWords([x], (b, words) => d.doubleOfMagnitude(b, b.full(words.lo, 0), words));
    expect(firstDifference(found, x.map((bits) => bitsOf(Number(bits))), [x])).toBeUndefined(); // prettier-ignore
    const singles = evaluateNumbers([x], (b, words) => singleOfMagnitude(b, b.full(words.lo, 0), words));
    expect(singles).toEqual(x.map(nearestSingle));
    const magnitudes = evaluateWords([x], (b, words) => d.magnitudeOfDouble(b, words, 64).magnitude);
    const small = x.map((bits) => Math.abs(doubleOf(bits)) < 2 ** 64);
    magnitudes.forEach((magnitude, i) => {
      if (small[i]) expect(magnitude).toBe(BigInt(Math.trunc(Math.abs(doubleOf(x[i])))));
    });
    const beyond = evaluateNumbers([x], (b, words) => d.magnitudeOfDouble(b, words, 64).isTooLarge);
    expect(beyond).toEqual(x.map((bits) => Number(Math.abs(doubleOf(bits)) >= 2 ** 64)));
  });
});

/** The f32 nearest to an integer, rounded once. */
function nearestSingle(x: bigint): number {
  const low = Math.fround(Number(x));
  const candidates = [low, ...[-1, 1].map((step) => new Float32Array(new Uint32Array([new Uint32Array(Float32Array.of(low).buffer)[0] + step]).buffer)[0])]; // prettier-ignore
  const distance = (y: number): bigint => (BigInt(y) > x ? BigInt(y) - x : x - BigInt(y));
  const whole = candidates.filter((y) => Number.isInteger(y) && y >= 0);
  const least = whole.map(distance).reduce((p, q) => (q < p ? q : p));
  const nearest = whole.filter((y) => distance(y) === least);
  const isEven = (y: number): boolean => (new Uint32Array(Float32Array.of(y).buffer)[0] & 1) === 0;
  return nearest.length === 1 ? nearest[0] : nearest.find(isEven)!;
}
