/** 64-bit integers out of u32 ops, against BigInt. */
import { describe, expect, test } from 'vitest';
import {
  divideIntegers,
  lessIntegers,
  shiftIntegers,
  signOfWords,
} from '../../../src/compose/wide/integer.js';
import { addWords, equalWords, multiplyFull, multiplyWords, negateWords, subWords, type Words } from '../../../src/compose/wide/words.js'; // prettier-ignore
import type { GraphBuilder } from '../../../src/ir/builder.js';
import { evaluateNumbers, evaluateWords, patterns } from './support.js';

const COUNT = 3000;
const u64 = (x: bigint): bigint => BigInt.asUintN(64, x);
const i64 = (x: bigint): bigint => BigInt.asIntN(64, x);

const [X, Y] = [patterns(11, COUNT), patterns(12, COUNT)];

type Binary = readonly [(b: GraphBuilder, x: Words, y: Words) => Words, (x: bigint, y: bigint) => bigint];
const BINARY: Readonly<Record<string, Binary>> = {
  add: [addWords, (x, y) => x + y],
  sub: [subWords, (x, y) => x - y],
  mul: [multiplyWords, (x, y) => x * y],
  'upper half of the product': [(b, x, y) => multiplyFull(b, x, y).high, (x, y) => (x * y) >> 64n],
  'lower half of the product': [(b, x, y) => multiplyFull(b, x, y).low, (x, y) => x * y],
  neg: [(b, x) => negateWords(b, x), (x) => -x],
  'unsigned div': [(b, x, y) => divideIntegers(b, false, x, y).quotient, (x, y) => (y === 0n ? x : x / y)],
  'unsigned rem': [(b, x, y) => divideIntegers(b, false, x, y).remainder, (x, y) => (y === 0n ? 0n : x % y)],
  'signed div': [
    (b, x, y) => divideIntegers(b, true, x, y).quotient,
    (x, y) => (y === 0n ? x : i64(x) / i64(y)),
  ],
  'signed rem': [(b, x, y) => divideIntegers(b, true, x, y).remainder, (x, y) => (y === 0n ? 0n : i64(x) % i64(y))], // prettier-ignore
  'left shift': [(b, x, y) => shiftIntegers(b, 'shl', false, x, y.lo), (x, y) => x << (y & 63n)],
  'unsigned right shift': [(b, x, y) => shiftIntegers(b, 'shr', false, x, y.lo), (x, y) => x >> (y & 63n)],
  'signed right shift': [(b, x, y) => shiftIntegers(b, 'shr', true, x, y.lo), (x, y) => i64(x) >> (y & 63n)],
  'signed sign': [(b, x) => signOfWords(b, true, x), (x) => (x === 0n ? 0n : i64(x) < 0n ? -1n : 1n)],
};

describe('integers of two words', () => {
  test.each(Object.entries(BINARY))('%s', (_, [f, model]) => {
    const found = evaluateWords([X, Y], f);
    expect(found).toEqual(X.map((x, i) => u64(model(x, Y[i]))));
  });

  test('comparisons', () => {
    const less = (signed: boolean): number[] =>
      evaluateNumbers([X, Y], (b, x, y) => lessIntegers(b, signed, x, y));
    expect(less(false)).toEqual(X.map((x, i) => Number(x < Y[i])));
    expect(less(true)).toEqual(X.map((x, i) => Number(i64(x) < i64(Y[i]))));
    expect(evaluateNumbers([X, Y], equalWords)).toEqual(X.map((x, i) => Number(x === Y[i])));
  });
});
