import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  dimAdd,
  dimEquals,
  dimFloorDiv,
  dimMul,
  dimProduct,
  dimSub,
  dimSubstitute,
  dimSum,
  dimSymbols,
  isStatic,
  parseDim,
  symbol,
  type Dim,
} from '../../src/ir/dim.js';
import { fuzz } from '../support/fuzz.js';

/** A dimension, and the number that it is for given values of its symbols. */
interface Known {
  readonly dim: Dim;
  value(bindings: Readonly<Record<string, number>>): number;
}

const NAMES = ['N', 'M', 'seq-len, "x"'] as const;

const known = (depth: number): fc.Arbitrary<Known> => {
  const leaf = fc.oneof(
    fc
      .constantFrom(...NAMES)
      .map((name): Known => ({ dim: symbol(name), value: (bindings) => bindings[name] })),
    fc.integer({ min: 0, max: 9 }).map((n): Known => ({ dim: n, value: () => n })),
  );
  if (depth === 0) return leaf;
  const pair = fc.tuple(known(depth - 1), known(depth - 1));
  const operation = fc.constantFrom(
    [dimAdd, (a: number, b: number) => a + b] as const,
    [dimSub, (a: number, b: number) => a - b] as const,
    [dimMul, (a: number, b: number) => a * b] as const,
  );
  const quotient = fc.tuple(known(depth - 1), fc.integer({ min: 1, max: 5 }));
  return fc.oneof(
    leaf,
    fc
      .tuple(pair, operation)
      .map(([[a, b], [symbolic, plain]]): Known => ({ dim: symbolic(a.dim, b.dim), value: (v) => plain(a.value(v), b.value(v)) })), // prettier-ignore
    quotient.map(([a, by]): Known => ({
      dim: dimFloorDiv(a.dim, by),
      value: (v) => Math.floor(a.value(v) / by),
    })),
  );
};

const bindings = fc.record({
  N: fc.integer({ min: 0, max: 9 }),
  M: fc.integer({ min: 0, max: 9 }),
  'seq-len, "x"': fc.integer({ min: 0, max: 9 }),
});

test('an expression has the value that its symbols give it', () => {
  fc.assert(
    fc.property(known(4), bindings, ({ dim, value }, given) => {
      // 0 and -0 are the same extent.
      expect(Number(dimSubstitute(dim, given)) + 0).toBe(value(given) + 0);
    }),
    fuzz(500),
  );
});

test('binding one symbol after the other is binding both', () => {
  fc.assert(
    fc.property(known(3), bindings, ({ dim }, { N, M, ...rest }) => {
      const inSteps = dimSubstitute(dimSubstitute(dimSubstitute(dim, { N }), { M }), rest);
      expect(inSteps).toBe(dimSubstitute(dim, { N, M, ...rest }));
    }),
    fuzz(300),
  );
});

test('what is printed reads back as the same dimension', () => {
  fc.assert(
    fc.property(known(4), ({ dim }) => {
      const read = parseDim(String(dim));
      expect(String(read)).toBe(String(dim));
      expect(dimEquals(read, dim)).toBe(true);
    }),
    fuzz(500),
  );
});

test('sums and products do not depend on order', () => {
  fc.assert(
    fc.property(known(2), known(2), known(2), ({ dim: a }, { dim: b }, { dim: c }) => {
      expect(dimEquals(dimAdd(dimAdd(a, b), c), dimAdd(c, dimAdd(b, a)))).toBe(true);
      expect(dimEquals(dimMul(dimMul(a, b), c), dimProduct([c, b, a]))).toBe(true);
      expect(dimEquals(dimMul(a, dimAdd(b, c)), dimAdd(dimMul(a, b), dimMul(a, c)))).toBe(true);
      expect(Number(dimSub(a, a)) + 0).toBe(0);
    }),
    fuzz(300),
  );
});

describe('in normal form', () => {
  const N = symbol('N');
  const M = symbol('M');
  test.each([
    [dimAdd(N, N), '2*N'],
    [dimAdd(dimMul(2, N), 1), '2*N+1'],
    [dimSub(1, N), '-N+1'],
    [dimSub(dimAdd(N, M), N), 'M'],
    [dimMul(N, M), 'M*N'],
    [dimFloorDiv(dimAdd(N, 1), 2), '(N+1)//2'],
    [dimFloorDiv(dimMul(4, N), 2), '2*N'],
    [dimFloorDiv(dimAdd(dimMul(2, N), 3), 2), 'N+1'],
    [dimFloorDiv(N, 1), 'N'],
  ])('%s', (dim, text) => {
    expect(String(dim)).toBe(text);
  });

  test('what cancels is a number', () => {
    expect(isStatic(dimSub(dimAdd(N, 5), N))).toBe(true);
    expect(isStatic(dimMul(0, N))).toBe(true);
  });
});

test('the symbols of an expression, those in quotients included', () => {
  expect(dimSymbols(parseDim('N*M+(K+1)//2'))).toEqual(['M', 'N', 'K']);
  expect(dimSymbols(7)).toEqual([]);
});

test.each(['', '+', 'N+', '1N', 'N**2', '(N', '(N)', '(N)//0', '(N)/2', 'a b', 'N-', '-'])(
  '%j is not a dimension',
  (text) => {
    expect(() => parseDim(text)).toThrow(/IR_PARSE/);
  },
);

test('names are what they are; in text, those that are no identifiers stand in quotes', () => {
  for (const [name, text] of [
    ['p2o.DynamicDimension.1', 'p2o.DynamicDimension.1'],
    ['batch size', '"batch size"'],
    ['1', '"1"'],
    ['a-b', '"a-b"'],
    ['a,b]*"\\', '"a,b]*\\"\\\\"'],
    ['ä', '"ä"'],
    ['x\n\u202e', '"x\\n\\u202e"'],
  ])
    expect(symbol(name).text).toBe(text);
  expect(() => symbol('')).toThrow(/IR_PARSE/);
});

test('expressions that grow without end are refused before they cost anything', () => {
  const [n, m] = [dimAdd(symbol('N'), 1), dimAdd(symbol('M'), symbol('K'))];
  const grow = (start: Dim): Dim => Array.from({ length: 40 }).reduce<Dim>((dim) => dimMul(dim, dim), start);
  for (const start of [symbol('N'), n, dimMul(n, m)]) expect(() => grow(start)).toThrow('LIMIT_EXCEEDED');
  const nested = Array.from({ length: 5000 }).reduce<string>((text) => `(${text}+1)//2`, 'N');
  expect(() => parseDim(nested)).toThrow(/IR_PARSE|LIMIT_EXCEEDED/);
});

test('sums of thousands of symbols are dimensions, at once', () => {
  const names = Array.from({ length: 4096 }, (_, i) => `batch_${i}`);
  const started = performance.now();
  const total = dimSum(names.map(symbol));
  expect(dimSymbols(parseDim(String(total)))).toHaveLength(4096);
  expect(dimSubstitute(total, Object.fromEntries(names.map((name, i) => [name, i])))).toBe(4095 * 2048);
  expect(dimEquals(dimSubstitute(total, { batch_7: 7 }), dimSum([7, total, dimMul(-1, symbol('batch_7'))]))).toBe(true); // prettier-ignore
  expect(performance.now() - started).toBeLessThan(2000);
  expect(() => dimAdd(total, symbol('N'))).toThrow('LIMIT_EXCEEDED');
  expect(() => dimMul(total, symbol('N'))).toThrow('LIMIT_EXCEEDED');
  expect(() => dimFloorDiv(total, 2)).toThrow('LIMIT_EXCEEDED');
  expect(() => parseDim(`${'('.repeat(30_000)}N`)).toThrow('LIMIT_EXCEEDED');
  expect(dimSum([])).toBe(0);
  expect(dimSum([1, 2, 3])).toBe(6);
});
