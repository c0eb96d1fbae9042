/** Corrected division and square root with device operations that are up to 3 ulps off. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { f32Bits, f32FromBits } from '../../src/numerics/bits.js';
import { jsLang, preserveLang } from '../../src/numerics/js-lang.js';
import { divCorrected, sqrtCorrected } from '../../src/numerics/math/index.js';
import { fuzz } from '../support/fuzz.js';
import { EDGE_F32, hostileF32, hostilePairF32 } from './hostile.js';
import { floatStream } from './reference.js';

const ERRORS = [-3, -2, -1, 0, 1, 2, 3];
const nudge = (x: number, ulps: number): number => f32FromBits(f32Bits(x) + ulps);
const roughDiv = (ulps: number) => (a: number, b: number) => nudge(Math.fround(a / b), ulps);
const roughSqrt = (ulps: number) => (x: number) => nudge(Math.fround(Math.sqrt(x)), ulps);

/** Quotients close to the least normal number, and of neighbours. */
const nearUnderflow = fc
  .tuple(fc.integer(), fc.integer())
  .map(([a, b]): [number, number] => [
    f32FromBits((a & 0x80ffffff) + 0x08000000),
    f32FromBits((b & 0x80ffffff) + 0x46000000),
  ]);

describe.each(['preserve', 'flush'] as const)('corrected operations, %s', (mode) => {
  const correct = jsLang(mode);

  function checkDiv(a: number, b: number): void {
    for (const ulps of ERRORS) {
      const quotient = divCorrected(preserveLang, mode, roughDiv(ulps), a, b);
      if (!Object.is(quotient, correct.div(a, b)))
        expect.fail(`${a} / ${b} = ${quotient}, device off by ${ulps}`);
    }
  }

  function checkSqrt(x: number): void {
    for (const ulps of ERRORS) {
      const root = sqrtCorrected(preserveLang, mode, roughSqrt(ulps), x);
      if (!Object.is(root, correct.sqrt(x))) expect.fail(`sqrt(${x}) = ${root}, device off by ${ulps}`);
    }
  }

  test('are correctly rounded on edge cases', () => {
    for (const a of EDGE_F32) for (const b of EDGE_F32) checkDiv(a, b);
    EDGE_F32.forEach(checkSqrt);
  });

  test('are correctly rounded on hostile operands', () => {
    fc.assert(
      fc.property(fc.oneof(hostilePairF32(), nearUnderflow), ([a, b]) => checkDiv(a, b)),
      fuzz(10_000),
    );
    fc.assert(fc.property(hostileF32(), checkSqrt), fuzz(10_000));
  });

  test('are correctly rounded on 100,000 random operands', () => {
    const floats = floatStream(4);
    for (let i = 0; i < 100_000; i++) {
      const [a, b] = [floats.pattern(), floats.pattern()];
      checkDiv(a, b);
      checkSqrt(a);
    }
  });
});
