import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { buildSuite } from '../../../src/codegen/suite/suite.js';
import type { ProbeProgram } from '../../../src/device/probe/program.js';
import { suitePrograms } from '../../../src/device/probe/suite.js';
import { f32Bits, f32FromBits, isNaNBits } from '../../../src/numerics/bits.js';
import { checkSuite } from '../../../src/plan/suite.js';
import { toWords } from '../../../src/runtime/words.js';

const suite = buildSuite();
const programs = suitePrograms(suite);

/** What a pattern means, in words; NaNs are all one. */
type Meaning = (a: number, b: number, c: number) => number;

const float =
  (meaning: Meaning): Meaning =>
  (a, b, c) =>
    f32Bits(meaning(f32FromBits(a), f32FromBits(b), f32FromBits(c)));
const f = Math.fround;
const unsigned = (word: number): number => word >>> 0;

/** Patterns whose meaning JavaScript says in another way, by group and name. On a device that keeps subnormals. */
const MEANINGS: Readonly<Record<string, Meaning>> = {
  'subnormals: a * b': float((a, b) => f(a * b)),
  'subnormals: square_root(a)': float((a) => f(Math.sqrt(a))),
  'copies: a': (a) => a,
  'copies: magnitude(a)': float((a) => Math.abs(a)),
  'copies: select(b, a, bitcast<u32>(c) < 0x40000000u)': (a, b, c) => (unsigned(c) < 0x40000000 ? a : b),
  'identities: f32_bits(ZERO) - a': float((a) => f(0 - a)),
  'identities: a + f32_bits(0x80000000u)': float((a) => a),
  'algebra: rn(a * b) + c': float((a, b, c) => f(f(a * b) + c)),
  'algebra: b - rn(rn(a + b) - a)': float((a, b) => f(b - f(f(a + b) - a))),
  'constants: rn(1.1f - a) + 1.3f': float((a) => f(f(f(1.1) - a) + f(1.3))),
  'quotients: divide(a, f32_bits(0x3dcccccdu))': float((a) => f(a / f(0.1))),
  'multiply-add: mac(mac(c, a, 1.1f), a, 1.3f)': float((a, _, c) => f(f(c + f(a * f(1.1))) + f(a * f(1.3)))),
  'rounding: divide(a, b)': float((a, b) => f(a / b)),
  'integers: a * b': (a, b) => Math.imul(a, b),
  'integers: a / b': (a, b) => (b === 0 ? a : Math.trunc(unsigned(a) / unsigned(b))),
  'integers: a % b': (a, b) => (b === 0 ? 0 : unsigned(a) % unsigned(b)),
  'integers: bitcast<u32>(bitcast<i32>(a) / bitcast<i32>(b))': (a, b) =>
    b === 0 ? a : Math.trunc((a | 0) / (b | 0)),
  'integers: bitcast<u32>(bitcast<i32>(a) % bitcast<i32>(b))': (a, b) => (b === 0 ? 0 : (a | 0) % (b | 0)),
  'integers: max(a, b)': (a, b) => Math.max(unsigned(a), unsigned(b)),
  'integers: bitcast<u32>(min(bitcast<i32>(a), bitcast<i32>(b)))': (a, b) => Math.min(a | 0, b | 0),
};

const canonical = (word: number, isFloat: boolean): number =>
  isFloat && isNaNBits(word) ? 0x7fc00000 : unsigned(word);

function resultsOf({ expected, patterns = [] }: ProbeProgram, name: string): Uint32Array {
  const { output, start, length } = patterns.find((pattern) => pattern.name === name)!;
  return toWords(expected('preserve')[output]).subarray(start, start + length);
}

describe('the suite', () => {
  test.each(Object.entries(MEANINGS))('%s', (key, meaning) => {
    const [group, name] = key.split(/: (.*)/);
    const program = programs.find((each) => each.group === group)!;
    const [a, b, c] = Object.values(program.inputs).map(toWords);
    const isFloat = program.plan.outputs[0].dtype === 'f32';
    const found = resultsOf(program, name).map((word) => canonical(word, isFloat));
    expect(found).toEqual(a.map((word, i) => canonical(meaning(word, b[i], c[i]), isFloat)));
  });

  test('sums of lanes are folded by halving', () => {
    const name = 'sum by 64 lanes';
    const program = programs.find(({ patterns }) => patterns?.some((pattern) => pattern.name === name))!;
    const operands = program.inputs.operands.data;
    const row = Array.from(operands.subarray(320, 640));
    const lanes = Array.from({ length: 64 }, (_, lane) =>
      row.filter((_x, i) => i % 64 === lane).reduce((sum, x) => f(sum + x), -0),
    );
    for (let stride = 32; stride > 0; stride >>= 1)
      for (let lane = 0; lane < stride; lane++) lanes[lane] = f(lanes[lane] + lanes[lane + stride]);
    expect(f32FromBits(resultsOf(program, name)[1])).toBe(lanes[0]);
  });

  test('stays itself as JSON', () => {
    expect(checkSuite(JSON.parse(JSON.stringify(suite)), 'suite')).toEqual(suite);
  });

  test('that is wrong somewhere is FILE_CORRUPT, or another suite', () => {
    const numbers = fc.oneof(fc.nat(40), fc.constantFrom(2 ** 32 - 1, 2 ** 20 + 1));
    const instruction = fc.tuple(
      fc.constantFrom(...suite.columns.map(([op]) => op), 'sums' as const, 'f2i' as const),
      fc.array(numbers, { maxLength: 4 }),
    );
    fc.assert(
      fc.property(fc.array(instruction, { maxLength: 12 }), fc.nat(12), (instructions, column) => {
        const [{ plan }] = suite.kernels;
        const pattern = { name: 'y', length: 1, expected: instructions };
        const kernel = { plan, columns: [column, column, column], patterns: [pattern] };
        const wrong = checkSuite({ columns: instructions, kernels: [kernel] }, 'suite');
        try {
          for (const program of suitePrograms(wrong)) program.expected('flush');
        } catch (error) {
          expect(error).toMatchObject({ code: 'FILE_CORRUPT' });
        }
      }),
      { numRuns: 300 },
    );
  });
});
