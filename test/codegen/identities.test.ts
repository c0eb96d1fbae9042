/** Bodies without identities of integers: they compute the same words, and nothing in them is for nothing. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { FIRST_REF, type KernelBody } from '../../src/codegen/kernel/body.js';
import { withoutIdentities } from '../../src/codegen/kernel/identities.js';
import { SsaBuilder } from '../../src/codegen/ssa/builder.js';
import type { Block, Instr, Prim, Ref } from '../../src/codegen/ssa/instr.js';

/** What WGSL computes, in words. A quotient by 0 is the dividend, a remainder 0. */
const WORDS: Readonly<Partial<Record<Prim, (x: number, y: number) => number>>> = {
  iadd: (x, y) => x + y,
  isub: (x, y) => x - y,
  imul: Math.imul,
  iand: (x, y) => x & y,
  ior: (x, y) => x | y,
  ixor: (x, y) => x ^ y,
  ishl: (x, y) => x << y,
  ishr: (x, y) => x >>> y,
  isar: (x, y) => x >> y,
  udiv: (x, y) => (y === 0 ? x : Math.floor(x / y)),
  urem: (x, y) => (y === 0 ? 0 : x % y),
  sdiv: (x, y) => (y === 0 ? x : (x | 0) / (y | 0)),
  srem: (x, y) => (y === 0 ? 0 : (x | 0) % (y | 0)),
  umin: Math.min,
  umax: Math.max,
};
const PRIMS = Object.keys(WORDS) as Prim[];
const SHIFTS: readonly Prim[] = ['ishl', 'ishr', 'isar'];

interface Step {
  readonly prim: Prim;
  readonly x: number;
  readonly y: number;
}

const step = fc.record({ prim: fc.constantFrom(...PRIMS), x: fc.nat(), y: fc.nat() });
const number = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(0, 1, 2, 31, 0x80000000, 0xffffffff) },
  { weight: 1, arbitrary: fc.nat() },
);

/** A body of given words and numbers, each step in a loop of one trip where `inside` says so, that stores the last. */
function bodyOf(inputs: number, numbers: readonly number[], steps: readonly Step[]): KernelBody {
  const s = new SsaBuilder(FIRST_REF);
  const values: Ref[] = Array.from({ length: inputs }, (_, i) => s.load(i, 'u32', s.literal(0)));
  for (const value of numbers) values.push(s.literal(value));
  for (const { prim, x, y } of steps) {
    const [a, b] = [values[x % values.length], values[y % values.length]];
    values.push(s.prim(prim, a, SHIFTS.includes(prim) ? s.prim('iand', b, s.literal(31)) : b));
  }
  s.if(s.ltu(values[0], 7), () => s.store(0, s.literal(0), s.iadd(values[values.length - 1], s.literal(0))));
  values.forEach((value, i) => s.store(0, s.literal(i + 1), value));
  return { bindings: [], arrays: [], functions: [], params: 0, values: s.values, block: s.block };
}

/** What a body stores, by its place. */
function run({ block }: KernelBody, inputs: readonly number[]): ReadonlyMap<number, number> {
  const values: number[] = [];
  const stored = new Map<number, number>();
  const go = (inner: Block): void => inner.forEach(visit);
  const visit = (instr: Instr): void => {
    if (instr.kind === 'const') values[instr.ref.id] = instr.bits;
    else if (instr.kind === 'load') values[instr.ref.id] = inputs[instr.buffer];
    else if (instr.kind === 'store') stored.set(values[instr.index.id], values[instr.value.id]);
    else if (instr.kind === 'if') go(values[instr.cond.id] === 1 ? instr.then : instr.else);
    else if (instr.kind === 'prim') {
      const [x, y] = instr.args.map(({ id }) => values[id]);
      expect([x, y]).not.toContain(undefined);
      values[instr.ref.id] = instr.prim === 'ltu' ? Number(x < y) : WORDS[instr.prim]!(x, y) >>> 0;
    }
  };
  go(block);
  return stored;
}

test('they store the same words', () => {
  fc.assert(
    fc.property(
      fc.array(number, { minLength: 1, maxLength: 3 }),
      fc.array(number, { minLength: 1, maxLength: 4 }),
      fc.array(step, { maxLength: 12 }),
      (inputs, numbers, steps) => {
        const body = bodyOf(inputs.length, numbers, steps);
        const simple = withoutIdentities(body);
        expect(run(simple, inputs)).toEqual(run(body, inputs));
        expect(simple.block.length).toBeLessThanOrEqual(body.block.length);
        expect(withoutIdentities(simple)).toBe(simple);
      },
    ),
    { numRuns: 1000 },
  );
});

test('x / 1 * 1 + 0 is x, and floats stay as they are', () => {
  const s = new SsaBuilder(FIRST_REF);
  const x = s.load(0, 'u32', 0);
  s.store(1, 0, s.iadd(s.prim('imul', s.udiv(x, s.literal(1)), s.literal(1)), s.literal(0)));
  const one = s.fconst(1);
  s.store(2, 0, s.add(s.mul(s.load(3, 'f32', 0), one), s.fconst(0)));
  const body = { bindings: [], arrays: [], functions: [], params: 0, values: s.values, block: s.block };
  const { block } = withoutIdentities(body);
  const integers = block.filter((instr) => instr.kind === 'prim' && instr.prim.startsWith('i'));
  expect(integers).toEqual([]);
  expect(block.filter(({ kind }) => kind === 'prim')).toHaveLength(2);
  expect(block.find((instr) => instr.kind === 'store' && instr.buffer === 1)).toMatchObject({ value: x });
});

test('a body without identities is the same object', () => {
  const s = new SsaBuilder(FIRST_REF);
  s.store(0, s.literal(3), s.iadd(s.load(1, 'u32', 2), s.literal(5)));
  const body = { bindings: [], arrays: [], functions: [], params: 0, values: s.values, block: s.block };
  expect(withoutIdentities(body)).toBe(body);
});
