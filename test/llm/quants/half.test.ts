/** Scales of files against the definition of f16. */
import { expect, it } from 'vitest';
import { halfOf } from '../../../src/llm/quants/half.js';
import { preserveLang } from '../../../src/numerics/js-lang.js';
import { fromHalf } from '../../../src/numerics/math/half.js';

it('every f16 is the f32 that it equals', () => {
  for (let bits = 0; bits < 2 ** 16; bits++)
    if (!Object.is(halfOf(bits), fromHalf(preserveLang, bits))) expect(halfOf(bits), String(bits)).toBe(fromHalf(preserveLang, bits)); // prettier-ignore
});
