import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { batches, characterDataset, vocabularyOf } from '../../src/data/index.js';
import { fuzz } from '../support/fuzz.js';
import { errorOf } from './support.js';

const text = 'the quick brown fox jumps over the lazy dog. '.repeat(20);

describe('vocabularies', () => {
  test('characters are code points, in their order', () => {
    const vocabulary = vocabularyOf('b\u{1f600}aé\uffeeb');
    expect(vocabulary.characters).toEqual(['a', 'b', 'é', '\uffee', '\u{1f600}']);
    expect(vocabulary.size).toBe(5);
    expect(vocabulary.encode('a\u{1f600}b')).toEqual(Int32Array.of(0, 4, 1));
  });

  test('decoding undoes encoding, whatever the text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (any) => {
        const vocabulary = vocabularyOf(any);
        expect(vocabulary.decode(vocabulary.encode(any))).toBe(any);
      }),
      fuzz(100),
    );
  });

  test('strangers', () => {
    const vocabulary = vocabularyOf('ab');
    expect(errorOf('DATASET_INVALID', () => vocabulary.encode('abc'))).toMatchObject({
      where: 'character 2',
      found: '"c" (U+0063)',
    });
    for (const token of [2, -1, 0.5, NaN]) errorOf('DATASET_INVALID', () => vocabulary.decode([token]));
  });
});

describe('character data sets', () => {
  test('batches of any size are not made', () => {
    for (const batchSize of [2 ** 24, 2 ** 31, 2 ** 53 - 1])
      errorOf('LIMIT_EXCEEDED', () => characterDataset(text, { context: 8, batchSize }));
  });

  const data = characterDataset(text, { context: 8, batchSize: 4, seed: 3, validation: 0.25 });

  test('training text and validation text make up the whole', () => {
    const { vocabulary, train, validation } = data;
    expect(vocabulary.decode(train.tokens) + vocabulary.decode(validation.tokens)).toBe(text);
    expect(validation.tokens.length).toBe(text.length / 4);
  });

  test('windows of a step: targets are one character ahead, and the step alone decides', () => {
    const { x, y } = data.train.windowsAt(5);
    expect([x.dtype, x.shape, y.dtype, y.shape]).toEqual(['i32', [4, 8], 'i32', [4, 8]]);
    for (let row = 0; row < 4; row++) {
      const [window, next] = [x, y].map(({ data: all }) => [...all.subarray(8 * row, 8 * row + 8)]);
      expect(next.slice(0, 7)).toEqual(window.slice(1));
      expect(text).toContain(data.vocabulary.decode([...window, next[7]]));
    }
    const again = characterDataset(text, { context: 8, batchSize: 4, seed: 3, validation: 0.25 });
    expect(again.train.windowsAt(5)).toEqual({ x, y });
    expect(data.train.windowsAt(6).x).not.toEqual(x);
    expect(data.vocabulary.decode(x.data)).toMatchInlineSnapshot(`"uick brodog. theog. the  dog. th"`);
  });

  test('the first and the last window can come up', () => {
    const { train } = characterDataset('abcd', { context: 2, validation: 0, batchSize: 64 });
    const starts = new Set(train.windowsAt(0).x.data.filter((_, i) => i % 2 === 0));
    expect([...starts].sort()).toEqual([0, 1]);
  });

  test('windows in order, for validation', () => {
    const { vocabulary, validation } = data;
    const all = [...batches(validation.windows, { batchSize: 5, shuffle: false })];
    const [x, y] = [all.flatMap((batch) => [...batch.x.data]), all.flatMap((batch) => [...batch.y.data])];
    expect(x.length).toBe(8 * Math.floor((validation.tokens.length - 1) / 8));
    expect(vocabulary.decode(validation.tokens).startsWith(vocabulary.decode(x))).toBe(true);
    expect(vocabulary.decode(validation.tokens.subarray(1)).startsWith(vocabulary.decode(y))).toBe(true);
    expect(validation.windows.features).toEqual({ name: 'text', dtype: 'i32', shape: [8] });
  });

  test('what is too short, and options out of range', () => {
    errorOf('DATASET_INVALID', () => characterDataset('abc', { context: 3, validation: 0 }));
    const short = errorOf('DATASET_INVALID', () => characterDataset(text, { context: 100 }));
    expect(short).toMatchObject({ where: 'validation', found: '90 characters' });
    const { validation } = characterDataset('abcd', { context: 3, validation: 0 });
    expect(validation.windows.size).toBe(0);
    errorOf('DATASET_INVALID', () => validation.windowsAt(0));
    for (const options of [{ context: 0 }, { context: 1, batchSize: 1.5 }, { context: 1, validation: 1 }])
      errorOf('USAGE', () => characterDataset(text, options));
  });
});
