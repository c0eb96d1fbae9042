import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { scalarsOf } from '../../../src/device/probe/scalars.js';
import { f32FromBits } from '../../../src/numerics/bits.js';
import { jsLang } from '../../../src/numerics/js-lang.js';
import { SPECIAL_WORDS, SUBNORMAL_WORDS } from '../../../src/numerics/probe-words.js';
import { SCALAR_OPS } from '../../../src/plan/suite.js';

const words = fc.oneof(
  fc.integer(),
  fc.constantFrom(...SPECIAL_WORDS, ...SUBNORMAL_WORDS).map((word) => word | 0),
);
const OF_FLOATS = ['add', 'sub', 'mul', 'div', 'sqrt', 'bits'] as const;
const OF_INTEGERS = SCALAR_OPS.filter((op) => !['udiv', 'select', 'f2i', ...OF_FLOATS].includes(op));

describe.each(['preserve', 'flush'] as const)('instructions mean what ScalarLang says: %s', (mode) => {
  const scalars = scalarsOf(mode);
  const lang = jsLang(mode);
  /** NaNs are all one. */
  const seen = (x: unknown): unknown => (typeof x === 'boolean' ? Number(x) : Number.isNaN(x) ? NaN : x);

  test.each(OF_FLOATS)('%s', (op) => {
    fc.assert(
      fc.property(words, words, (a, b) => {
        const [x, y] = [f32FromBits(a), f32FromBits(b)];
        if (op === 'bits' && Number.isNaN(x)) return;
        expect(seen(scalars[op](x, y, 0))).toBe(seen(Reflect.apply(lang[op], lang, [x, y])));
      }),
    );
  });

  test.each(OF_INTEGERS)('%s', (op) => {
    fc.assert(
      fc.property(words, words, (a, b) => {
        if (op === 'urem' && b === 0) return;
        const expected: unknown = Reflect.apply(Reflect.get(lang, op) as () => unknown, lang, [a, b]);
        const found = scalars[op](a, b, 0);
        expect(op === 'float' || op === 'i2f' ? seen(found) : found | 0).toBe(
          op === 'float' || op === 'i2f' ? seen(expected) : Number(expected) | 0,
        );
      }),
    );
  });
});
