/** Integers in words, and out of them again. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { packIntegers, unpackIntegers } from '../../src/compose/packed.js';
import { interpret } from '../../src/interpreter/index.js';
import { GraphBuilder } from '../../src/ir/builder.js';

const forms = fc.record({ bits: fc.constantFrom(1, 2, 4, 8, 16), signed: fc.boolean() });

/** The integers that come back from the words along an axis. */
function unpacked(
  words: Uint32Array,
  shape: readonly number[],
  axis: number,
  form: Parameters<typeof unpackIntegers>[3],
): { shape: readonly number[]; data: number[] } {
  const b = new GraphBuilder('packed');
  b.output('y', unpackIntegers(b, b.param('x', 'u32', shape), axis, form));
  const { y } = interpret({ graph: b.build(), weights: new Map() }, { x: { dtype: 'u32', shape, data: words } }).outputs; // prettier-ignore
  return { shape: y.shape, data: Array.from(y.data) };
}

test('integers of every width come back', () => {
  fc.assert(
    fc.property(forms, fc.array(fc.integer({ min: 0, max: 65535 }), { maxLength: 40 }), ({ bits, signed }, codes) => {
      const values = codes.map((code) => (code % 2 ** bits) - (signed && code % 2 ** bits >= 2 ** (bits - 1) ? 2 ** bits : 0)); // prettier-ignore
      const words = packIntegers(values, bits);
      expect(words.length).toBe(Math.ceil((values.length * bits) / 32));
      const { data } = unpacked(words, [words.length], 0, { bits, signed });
      expect(data.slice(0, values.length)).toEqual(values);
      expect(data.slice(values.length).every((rest) => rest === 0)).toBe(true);
    }),
  ); // prettier-ignore
});

test('along any axis, and of words that are not full', () => {
  const words = Uint32Array.of(0x21, 0x43, 0x65, 0x87);
  const rows = unpacked(words, [2, 2], 0, { bits: 4, signed: false, of: 8 });
  expect(rows).toEqual({ shape: [4, 2], data: [1, 3, 2, 4, 5, 7, 6, 8] });
  const columns = unpacked(words, [2, 2], 1, { bits: 4, signed: false, of: 8 });
  expect(columns).toEqual({ shape: [2, 4], data: [1, 2, 3, 4, 5, 6, 7, 8] });
});
