/** Patterns against those of JavaScript, which mean the same where both have them. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { compileRegex } from '../../../../src/frontends/onnx/text/regex.js';
import { errorOf } from '../support.js';

const atom = fc.constantFrom(
  ...['a', 'b', '.', '\\d', '\\W', '[a-c]', '[^b1]', '[\\d.\\-]', '\\.', '\\b', '^', '$', 'é', '\\x41'],
);
const times = fc.constantFrom('', '', '', '*', '+', '?', '{2}', '{1,}', '{0,2}', '*?');
const { pattern } = fc.letrec<{ readonly pattern: string }>((tie) => ({
  pattern: fc
    .array(
      fc.tuple(
        fc.oneof(
          { weight: 4, arbitrary: atom },
          { weight: 1, arbitrary: tie('pattern').map((inner) => `(${inner})`) },
          { weight: 1, arbitrary: fc.tuple(tie('pattern'), tie('pattern')).map(([p, q]) => `(?:${p}|${q})`) },
        ),
        times,
      ),
      { maxLength: 4 },
    )
    // JavaScript repeats no assertions.
    .map((parts) =>
      parts.map(([part, count]) => (/^(\\b|\^|\$)$/.test(part) ? part : part + count)).join(''),
    ),
}));

test('a text matches as it does in JavaScript', () => {
  fc.assert(
    fc.property(
      pattern,
      fc.array(
        fc.string({ unit: fc.constantFrom('a', 'b', '1', '.', '-', 'A', 'é', '\n', ' '), maxLength: 6 }),
        { minLength: 5 },
      ),
      (source, texts) => {
        // prettier-ignore
        const matches = compileRegex(source);
        const expected = new RegExp(`^(?:${source})$`, 'u');
        for (const text of texts)
          expect([source, text, matches(text)]).toEqual([source, text, expected.test(text)]);
      },
    ),
    { numRuns: 300 },
  );
});

test('time is linear where backtracking would take forever', () => {
  const matches = compileRegex('(a*)*(a|aa)*b');
  expect(matches('a'.repeat(2000))).toBe(false);
  expect(matches(`${'a'.repeat(2000)}b`)).toBe(true);
});

test.each(['(', ')', '[a', '*a', 'a{3,1}', '\\', '\\q', '[b-a]', '(?i)a', '[[:alpha:]]', '\\x{110000}'])(
  '%s is no pattern',
  (source) => {
    errorOf('ONNX_INVALID', () => compileRegex(source));
  },
);

test('white space is that of RE2', () => {
  const all = [...'\t\n\f\r ', '\v', '\u00a0', '\u2003', '\ufeff', 'a'];
  const spaces = all.slice(0, 5);
  for (const source of ['\\s', '[\\s]', '[^\\S]']) expect(all.filter(compileRegex(source))).toEqual(spaces);
  expect(all.filter(compileRegex('\\S'))).toEqual(all.slice(5));
});

test('there may be many alternatives', () => {
  const words = Array.from({ length: 1000 }, (_, i) => `w${i}`);
  const matches = compileRegex(`(${words.join('|')}|)x`);
  expect([...words, ''].every((word) => matches(`${word}x`))).toBe(true);
  expect(matches('w1000x')).toBe(false);
  errorOf('LIMIT_EXCEEDED', () => compileRegex('|'.repeat(20_000)));
});

test('a pattern has bounds', () => {
  errorOf('LIMIT_EXCEEDED', () => compileRegex('((((a{100}){100}){100}){100}){100}'));
  errorOf('LIMIT_EXCEEDED', () => compileRegex('('.repeat(1000)));
});
