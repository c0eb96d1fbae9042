/** Numbers in kernels: arithmetic is modulo 2^32, but no number of ours is. */
import { describe, expect, test } from 'vitest';
import { SsaBuilder } from '../../src/codegen/ssa/builder.js';
import type { Ref } from '../../src/codegen/ssa/instr.js';

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

test('halves of a word, and bytes of one, come together in few operations', () => {
  const prims = (make: (s: SsaBuilder, word: Ref) => Ref): readonly string[] => {
    const s = new SsaBuilder();
    const word = s.load(0, 'u32', 0);
    const from = s.block.length;
    const made = make(s, word);
    const own = s.block.slice(from).flatMap((instr) => (instr.kind === 'prim' ? [instr.prim] : []));
    return made === word ? ['the word'] : own.slice(own.findLastIndex((prim) => prim === 'isar') + 1);
  };
  const part = (s: SsaBuilder, word: Ref, bits: number, at: number): Ref => s.isar(s.ishl(word, 32 - bits - at), 32 - bits); // prettier-ignore
  const pair = (bits: number, low: number, high: number) => prims((s, word) => s.halves(part(s, word, bits, low), part(s, word, bits, high))); // prettier-ignore
  expect(pair(16, 0, 16)).toEqual(['the word']);
  expect(pair(8, 8, 24)).toEqual(['high8']);
  expect(prims((s, word) => s.halves(part(s, word, 8, 0), part(s, word, 8, 16)))).toEqual(['high8']);
  for (const [bits, low, high] of [
    [16, 16, 0],
    [8, 0, 8],
    [8, 16, 0],
    [4, 0, 16],
  ] as const)
    // prettier-ignore
    expect(pair(bits, low, high)).toEqual(['iand', 'ishl', 'ior']);
});

test('what is folded wraps as it would on the device', () => {
  const s = new SsaBuilder();
  expect(s.known(s.iadd(2 ** 32 - 1, 2))).toBe(1);
  expect(s.known(s.isub(0, 1))).toBe(2 ** 32 - 1);
  expect(s.known(s.imul(70_000, 70_000))).toBe(70_000 ** 2 % 2 ** 32);
});
