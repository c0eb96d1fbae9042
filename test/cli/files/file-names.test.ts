import fc from 'fast-check';
import { expect, test } from 'vitest';
import { fileStem, formerStem, nameOfStem, outputStems } from '../../../src/cli/files/file-names.js';
import { fuzz } from '../../support/fuzz.js';

const hostile = fc.constantFrom(
  'a/b', 'a:b', 'a_b', '重み', '出力', '', '%', '%2F', '%u0041', '.', '..', '../x', 'A', 'a', 'output_0', 'output_1',
  'input_0', 'OUTPUT_1', '\ud800', '\udc00', '\ud83d\ude00', 'x\0', 'a b', 'con', '%41', '__proto__', 'é', 'e\u0301',
); // prettier-ignore
const name = fc.oneof(hostile, fc.string({ unit: 'binary' }), fc.string({ unit: 'grapheme', minLength: 90 }));

test('a name comes back from its file name, which is plain', () => {
  fc.assert(
    fc.property(name, (any) => {
      expect(fileStem(any)).toMatch(/^[A-Za-z0-9_%-][A-Za-z0-9._%-]*$/);
      expect(nameOfStem(fileStem(any))).toBe(any);
    }),
    fuzz(500),
  );
});

test('the outputs of a model have names of their own, whatever the case, and give theirs back', () => {
  fc.assert(
    fc.property(fc.uniqueArray(name, { maxLength: 12 }), (names) => {
      const stems = outputStems(names);
      expect(new Set(stems.map((stem) => stem.toLowerCase())).size).toBe(names.length);
      stems.forEach((stem, i) => {
        expect(stem.length).toBeLessThanOrEqual(250);
        const position = /^output_(\d+)$/i.exec(stem)?.[1];
        if (position === undefined) expect(nameOfStem(stem)).toBe(names[i]);
        else expect(Number(position)).toBe(i);
      });
    }),
    fuzz(300),
  );
});

test('as examples', () => {
  expect(outputStems(['a/b', 'a:b', 'a_b', '重み', 'Y', 'y', 'output_0', 'output_7', 'k'.repeat(300)])).toEqual([
    'a%2Fb', 'a%3Ab', 'a_b', '%E9%87%8D%E3%81%BF', '%59', 'y', 'output%5F0', 'output_7', 'output_8',
  ]); // prettier-ignore
  expect(nameOfStem('100%')).toBe('100%');
  expect(nameOfStem('größe')).toBe('größe');
  expect(formerStem('a/b')).toBe('a_b');
});
