/** Numbers in kernels: arithmetic is modulo 2^32, but no number of ours is. */
import { describe, expect, test } from 'vitest';
import { SsaBuilder } from '../../src/codegen/ssa/builder.js';

describe('numbers of 32 bits', () => {
  test.each([0, 1, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1])('%d', (value) => {
    const s = new SsaBuilder();
    expect(s.known(s.iconst(value))).toBe(value);
    s.literal(value);
    expect(s.block.map((instr) => instr.kind === 'const' && instr.bits)).toEqual([value, value]);
  });

  test("negative ones are their two's complement", () => {
    const s = new SsaBuilder();
    expect(s.known(s.iconst(-1))).toBe(2 ** 32 - 1);
    expect(s.known(s.iconst(-(2 ** 31)))).toBe(2 ** 31);
  });
});

test.each([2 ** 32, 70_000 ** 2, -(2 ** 31) - 1, 0.5, NaN, Infinity])('%d is refused', (value) => {
  const s = new SsaBuilder();
  const x = s.variable(s.iconst(3));
  const limit = expect.objectContaining({ code: 'LIMIT_EXCEEDED', found: String(value) }) as Error;
  expect(() => s.iconst(value)).toThrow(limit);
  expect(() => s.literal(value)).toThrow(limit);
  expect(() => s.imul(x, value)).toThrow(limit);
  expect(() => s.iadd(1, value)).toThrow(limit);
  expect(() => s.for(0, value, 1, () => {})).toThrow(limit);
});

test('what is folded wraps as it would on the device', () => {
  const s = new SsaBuilder();
  expect(s.known(s.iadd(2 ** 32 - 1, 2))).toBe(1);
  expect(s.known(s.isub(0, 1))).toBe(2 ** 32 - 1);
  expect(s.known(s.imul(70_000, 70_000))).toBe(70_000 ** 2 % 2 ** 32);
});
