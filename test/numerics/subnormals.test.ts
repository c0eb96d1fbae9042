/** The two instances of the language against exact arithmetic, and the functions' independence of the mode. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { f32FromBits, MIN_NORMAL } from '../../src/numerics/bits.js';
import { flushLang, jsLang, preserveLang } from '../../src/numerics/js-lang.js';
import { MATH, type Kind, type MathFn } from '../../src/numerics/math/index.js';
import { flushInput, roundFlush, type SubnormalMode } from '../../src/numerics/subnormals.js';
import { fuzz } from '../support/fuzz.js';
import { exactSqrt, roundExactly, units, type Rational } from './exact.js';
import { hostileF32, hostileI32, hostilePairF32 } from './hostile.js';

/** Two floats whose product or quotient is often close to the least normal number. */
const pairNearUnderflow = fc
  .tuple(fc.integer(), fc.integer(), fc.boolean())
  .map(([a, b, divide]): [number, number] => {
    const upper = f32FromBits((a & 0x80ffffff) + 0x20000000);
    return [upper, f32FromBits((b & 0x80ffffff) + (divide ? 0x5f000000 : 0x20000000))];
  });
const pairs = fc.oneof(hostilePairF32(), pairNearUnderflow);

const BINARY: Record<'add' | 'sub' | 'mul' | 'div', (a: bigint, b: bigint) => Rational> = {
  add: (a, b) => ({ n: a + b, d: 1n }),
  sub: (a, b) => ({ n: a - b, d: 1n }),
  mul: (a, b) => ({ n: a * b, d: 1n << 149n }),
  div: (a, b) => (b < 0n ? { n: -a << 149n, d: -b } : { n: a << 149n, d: b }),
};

const inputOf = (mode: SubnormalMode, x: number): number => (mode === 'flush' ? flushInput(x) : x);

describe.each(['preserve', 'flush'] as const)('the %s instance', (mode) => {
  const s = jsLang(mode);

  test.each(['add', 'sub', 'mul', 'div'] as const)('%s rounds the exact result once', (op) => {
    fc.assert(
      fc.property(pairs, ([a, b]) => {
        const [x, y] = [inputOf(mode, a), inputOf(mode, b)];
        fc.pre(Number.isFinite(x) && Number.isFinite(y) && (op !== 'div' || y !== 0));
        const exact = BINARY[op](units(x), units(y));
        fc.pre(exact.n !== 0n);
        expect(s[op](a, b)).toBe(roundExactly(exact, mode));
      }),
      fuzz(20_000),
    );
  });

  test('sqrt rounds the exact result once', () => {
    fc.assert(
      fc.property(hostileF32(), (a) => {
        const x = inputOf(mode, a);
        fc.pre(x > 0 && x < Infinity);
        expect(s.sqrt(a)).toBe(roundExactly(exactSqrt(x), mode));
      }),
      fuzz(5_000),
    );
  });
});

test('roundFlush decides before the subnormal grid', () => {
  expect(roundFlush(f32FromBits(0x00ffffff) * 0.5)).toBe(0);
  expect(roundFlush(-f32FromBits(0x00ffffff) * 0.5)).toBe(-0);
  expect(roundFlush(MIN_NORMAL * f32FromBits(0x3f7fffff))).toBe(0);
  expect(roundFlush(2 ** -126 - 2 ** -151)).toBe(MIN_NORMAL);
  expect(roundFlush(2 ** -126 - 2 ** -151 - 2 ** -178)).toBe(0);
  expect(roundFlush(NaN)).toBe(NaN);
});

test('roundFlush agrees with exact rounding of any double near 2^-126', () => {
  const mantissa = fc.bigInt({ min: 1n, max: (1n << 53n) - 1n });
  const distance = fc.integer({ min: -4, max: 30 });
  fc.assert(
    fc.property(mantissa, distance, fc.boolean(), (m, k, close) => {
      const n = close ? (1n << 53n) - (m & 0xffffffn) : m;
      const exponent = -126 - 53 + k;
      const value = Number(n) * 2 ** exponent;
      const exact = { n, d: 1n << BigInt(-149 - exponent + 64) };
      expect(roundFlush(value)).toBe(roundExactly({ n: exact.n << 64n, d: exact.d }, 'flush'));
    }),
    fuzz(20_000),
  );
});

const ARGUMENT: Record<Kind, fc.Arbitrary<number | boolean>> = {
  f: hostileF32(),
  i: hostileI32(),
  b: fc.boolean(),
};

test.each(Object.keys(MATH) as MathFn[])('%s does not depend on the subnormal mode', (name) => {
  const fn = MATH[name];
  fc.assert(
    fc.property(fc.tuple(...fn.params.map((kind) => ARGUMENT[kind])), (args) => {
      expect(fn.define(flushLang, ...args)).toBe(fn.define(preserveLang, ...args));
    }),
    fuzz(5_000),
  );
});
