/** MurmurHash3 x86_128: values of the reference implementation, and what it promises. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { checksum } from '../../src/base/checksum.js';
import { fuzz } from '../support/fuzz.js';

test('the values of the reference implementation', () => {
  const of = (text: string): string => checksum(new TextEncoder().encode(text));
  expect(of('')).toBe('00000000000000000000000000000000');
  expect(of('The quick brown fox jumps over the lazy dog')).toBe('2f1583c3ecee2c675d7bf66ce5e91d2c');
});

test('one bit changes it, wherever the bytes begin', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1, maxLength: 70 }), fc.nat(), fc.nat(15), (bytes, at, shift) => {
      const moved = new Uint8Array(bytes.length + shift).subarray(shift);
      moved.set(bytes);
      expect(checksum(moved)).toBe(checksum(bytes));
      moved[(at >> 3) % bytes.length] ^= 1 << (at & 7);
      expect(checksum(moved)).not.toBe(checksum(bytes));
    }),
    fuzz(500),
  );
});
