/** Text of graphs that is deep or long where no graph is: refused in linear time. */
import { describe, expect, test } from 'vitest';
import { HeddleError } from '../../src/base/errors.js';
import { parseDim } from '../../src/ir/dim.js';
import { parseGraph } from '../../src/ir/parse.js';

const SIZES = [1_000, 1_000_000];

const param = (shape: string): string =>
  `graph g {\n  %0 = param {name="x"} : f32[${shape}]\n  return y=%0\n}`;

const TEXTS: Readonly<Record<string, (n: number) => string>> = {
  'dims in dims': (n) => param(`${'('.repeat(n)}N${')//2'.repeat(n)}`),
  'a dim that is not closed': (n) => param('('.repeat(n)),
  'signs of a dim': (n) => param('-'.repeat(n)),
  'a product': (n) => param(Array.from({ length: n }, (_, i) => `n${i}`).join('*')),
  axes: (n) => param(Array.from({ length: n }, () => '1').join(',')),
  'lists in an attribute': (n) =>
    `graph g { %0 = iota {axis=${'['.repeat(n)}${']'.repeat(n)}} : i32[2] return y=%0 }`,
  'signs of a number': (n) => `graph g { %0 = constant {value=${'-'.repeat(n)}1} : f32[] return y=%0 }`,
  'comments without an end': (n) => `graph g { ${'// x\n'.repeat(n)}`,
  'white space without an end': (n) => `graph g { ${' \n'.repeat(n)}`,
  'a string without an end': (n) => `graph "${'x'.repeat(n)}`,
  'escapes without an end': (n) => `graph "${'\\\\'.repeat(10 * n)}`,
};

describe('is refused', () => {
  test.each(Object.keys(TEXTS))('%s', (name) => {
    for (const n of SIZES) {
      const start = performance.now();
      expect(() => parseGraph(TEXTS[name](n))).toThrow(HeddleError);
      expect(performance.now() - start).toBeLessThan(5_000);
    }
  });
});

test('is read', () => {
  const name = `${'\\n'.repeat(1_000_000)}${'x'.repeat(1_000_000)}`;
  const text = `graph "${name}" { ${'// x\n'.repeat(100_000)} %0 = iota {axis=0} : i32[2] return y=%0 } // the end`;
  expect(parseGraph(text).name).toHaveLength(2_000_000);
  expect(parseDim(`${'('.repeat(500)}N${')//2'.repeat(500)}`)).toBeDefined();
});
