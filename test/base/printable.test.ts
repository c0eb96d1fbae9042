import fc from 'fast-check';
import { expect, test } from 'vitest';
import { HeddleError, withFacts } from '../../src/base/errors.js';
import { printable, printableLines, quoted } from '../../src/base/printable.js';
import { fuzz } from '../support/fuzz.js';

const STEERING = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u;
const hostile = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.constantFrom('\x1b[2J', '\x9b2J', '\u202eko', '\n  ok  every bit agrees', '\r', '\u2028', '\u2066', '\u200b', '\ud800', '\u{e0041}'),
); // prettier-ignore

test('nothing that steers a terminal is left, and what can be read stays', () => {
  fc.assert(
    fc.property(hostile, (text) => {
      expect(printable(text)).not.toMatch(STEERING);
      expect(printable(printable(text))).toBe(printable(text));
      expect(JSON.parse(quoted(text))).toBe(text);
      if (!STEERING.test(text)) expect(printable(text)).toBe(text);
      expect(printableLines(text).split('\n').length).toBe(text.split('\n').length);
    }),
    fuzz(500),
  );
  expect(printable('größe 重み 😀 a\\b')).toBe('größe 重み 😀 a\\b');
  expect(printable('a\tb\nc\x1b[31m\x85\u202e\u{e0041}')).toBe(
    'a\\tb\\nc\\u001b[31m\\u0085\\u202e\\udb40\\udc41',
  );
});

test('errors say everything on lines of their own, and keep it as it was', () => {
  fc.assert(
    fc.property(hostile, (text) => {
      const error = new HeddleError('USAGE', `no "${text}"`, {
        where: text,
        found: text,
        expected: text,
        hint: text,
      });
      expect(error.message.split('\n')).toHaveLength(5);
      expect(error.message.replaceAll('\n', '')).not.toMatch(STEERING);
      expect([error.found, withFacts(error, { hint: 'x' }).where]).toEqual([text, text]);
      expect(withFacts(error, { found: 'x' }).stack).not.toContain('\x1b');
    }),
    fuzz(200),
  );
});
