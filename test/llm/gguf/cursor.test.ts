/** Texts of headers, which are read without the decoder where they are short. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { utf8Decoder } from '../../../src/base/utf8.js';
import { Cursor, MoreBytes } from '../../../src/llm/gguf/cursor.js';

const withLength = (bytes: Uint8Array): Uint8Array => {
  const all = new Uint8Array(8 + bytes.length);
  new DataView(all.buffer).setBigUint64(0, BigInt(bytes.length), true);
  all.set(bytes, 8);
  return all;
};
const read = (bytes: Uint8Array): string => new Cursor(withLength(bytes), 8 + bytes.length, 'x').text();

it('texts are what the decoder makes of them', () => {
  const texts = fc.string({ unit: 'binary', maxLength: 40 }).map((text) => new TextEncoder().encode(text));
  // Near to UTF-8: beginnings, continuations and what is neither, at random.
  const byte = fc.constantFrom(0x00, 0x41, 0x7f, 0x80, 0xbf, 0xc0, 0xc1, 0xc2, 0xdf, 0xe0, 0xed, 0xa0, 0xef, 0xbb, 0xf0, 0xff); // prettier-ignore
  const broken = fc.array(byte, { maxLength: 6 }).map((list) => Uint8Array.from(list));
  fc.assert(
    fc.property(fc.oneof(texts, broken), (bytes) => {
      expect(read(bytes)).toBe(utf8Decoder().decode(bytes));
    }),
    { numRuns: 500 },
  );
});

it('goes on where it was once more bytes are there', () => {
  const all = withLength(new TextEncoder().encode('▁word'));
  const cursor = new Cursor(all.subarray(0, 10), all.length, 'x');
  expect(() => cursor.text()).toThrow(MoreBytes);
  cursor.extend(all);
  cursor.position = 0;
  expect(cursor.text()).toBe('▁word');
});
