/** Bits of words that become floats without a conversion: the same floats, for every place, length and sign. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { fieldAsFloat } from '../../../src/codegen/wasm/fields.js';
import { withScalar } from '../../../src/compose/broadcast.js';
import { unpackIntegers } from '../../../src/compose/packed.js';
import { GraphBuilder, type GraphValue } from '../../../src/ir/builder.js';
import { f32Bits, f32FromBits } from '../../../src/numerics/bits.js';
import { preparedForWasm, wasmDifferences } from '../../support/wasm.js';

const HOSTILE = [0, -1, 1, 0x80000000, 0x7fffffff, 0x80808080, 0x7f7f7f7f, 0x01010101, 0xff00ff00 | 0, 0x00ff00ff] as const; // prettier-ignore
const word = fc.oneof(fc.constantFrom(...HOSTILE), fc.integer());
const field = fc
  .tuple(fc.integer({ min: 0, max: 31 }), fc.integer({ min: 1, max: 32 }), fc.boolean())
  .filter(([start, length]) => start + length <= 32)
  .map(([start, length, signed]) => ({ start, length, signed }));

test('a field of the lower 23 bits is a difference of two floats', () => {
  fc.assert(
    fc.property(field, word, ({ start, length, signed }, bits) => {
      const code = fieldAsFloat({ word: { id: 0, type: 'u32' }, start, length, signed });
      expect(code === undefined).toBe(start + length > 23);
      if (code === undefined) return;
      const up = bits << (32 - start - length);
      const integer = signed ? up >> (32 - length) : up >>> (32 - length);
      const { mask, flip, offset } = code;
      const found = Math.fround(f32FromBits((bits & mask) ^ flip) - f32FromBits(offset));
      expect(f32Bits(found)).toBe(f32Bits(integer));
    }),
    { numRuns: 2000 },
  );
});

/** What differs from the interpreter in what `emit` makes of words, and the kernels' code. */
async function compared(
  words: readonly number[],
  emit: (b: GraphBuilder, x: GraphValue) => GraphValue,
): Promise<{ readonly differences: readonly string[]; readonly wat: string }> {
  const b = new GraphBuilder('fields');
  b.output('y', emit(b, b.param('x', 'u32', [words.length])));
  const program = { graph: b.build(), weights: new Map() };
  const inputs = { x: { dtype: 'u32', shape: [words.length], data: Uint32Array.from(words) } } as const;
  const { planned } = preparedForWasm(program);
  return { differences: await wasmDifferences(program, [inputs]), wat: planned.module!.wat() };
}

test('engines give the bits of the interpreter, with shifts of every kind', async () => {
  const shift = fc.integer({ min: 0, max: 31 });
  await fc.assert(
    fc.asyncProperty(
      fc.array(word, { minLength: 1, maxLength: 9 }),
      fc.boolean(),
      shift,
      shift,
      fc.option(fc.oneof(fc.integer({ min: 0, max: 32 }).map((n) => 2 ** n - 1), fc.constant(0xf0))), // prettier-ignore
      async (words, signed, up, down, mask) => {
        const { differences } = await compared(words, (b, x) => {
          const typed = signed ? b.emit('bitcast', [x], { dtype: 'i32' }) : x;
          const shifted = withScalar(b, 'shr', withScalar(b, 'shl', typed, up), down);
          const kept = mask === null ? shifted : withScalar(b, 'and', shifted, signed ? mask | 0 : mask);
          return b.cast(kept, 'f32');
        });
        expect(differences).toEqual([]);
      },
    ),
    { numRuns: 60 },
  );
});

test.each([
  { bits: 8, signed: true, differences: 2, conversions: 2 },
  { bits: 4, signed: false, differences: 5, conversions: 3 },
])('$bits bits of a word: $differences of them without a conversion', async ({ bits, signed, ...wanted }) => {
  const each = 32 / bits;
  const words = Array.from({ length: 256 }, (_, i) => Math.imul(i, 0x9e3779b9) >>> 0);
  const { differences, wat } = await compared(words, (b, x) => {
    const integers = unpackIntegers(b, b.reshape(x, [4, 64]), 0, { bits, signed });
    const floats = b.cast(integers, 'f32');
    // A product, which takes the integers of a word one by one.
    const row = b.cast(b.emit('iota', [], { dtype: 'i32', shape: [1, 4 * each], axis: 1 }), 'f32');
    return b.emit('dot', [row, floats], { lhsBatch: [], rhsBatch: [], lhsContract: [1], rhsContract: [0] });
  });
  expect(differences).toEqual([]);
  const count = (op: string): number => wat.split(op).length - 1;
  const vectors = count('f32x4.sub') / wanted.differences;
  expect(vectors).toBeGreaterThan(0);
  // One is the row's.
  expect(count('f32x4.convert_i32x4_s')).toBe(vectors * wanted.conversions + 1);
  expect(count('f32x4.convert_i32x4_u')).toBe(0);
});
