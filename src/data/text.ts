/** Text for language models, character by character: a vocabulary, and windows of a text with the text that follows. */
import { checkArguments } from '../base/arguments.js';
import { describeValue } from '../base/describe.js';
import { ensure } from '../base/errors.js';
import { kind, number, record, required, text as someText } from '../base/kinds.js';
import { tensorData } from '../base/tensor.js';
import type { Examples, Dataset } from './dataset.js';
import { datasetOf } from './dataset.js';
import type { Column } from './column.js';
import { RandomStream } from './random.js';

/** The characters (code points) of a text, numbered from 0 in the order of Unicode. */
export interface Vocabulary {
  readonly size: number;
  /** Character i. */
  readonly characters: readonly string[];
  /** The number of every character. Throws DATASET_INVALID for a character that the vocabulary lacks. */
  encode(text: string): Int32Array;
  /** The text again. Throws DATASET_INVALID for a number that is not a character. */
  decode(tokens: Iterable<number>): string;
}

/** The characters that occur in `text`. */
export function vocabularyOf(text: string): Vocabulary {
  checkArguments('vocabularyOf', { text }, { text: required(someText) });
  const points = new Set<number>();
  for (const character of text) points.add(pointOf(character));
  const characters = [...points].sort((a, b) => a - b).map((point) => String.fromCodePoint(point));
  const numbers = new Map(characters.map((character, i) => [character, i]));
  return {
    size: characters.length,
    characters,
    encode: (other) => {
      checkArguments('encode', { text: other }, { text: required(someText) });
      return Int32Array.from(other, (character, i) => {
        const number = numbers.get(character);
        ensure(number !== undefined, 'DATASET_INVALID', 'the vocabulary lacks a character', () => ({
          where: `character ${i}`,
          found: `${JSON.stringify(character)} (U+${pointOf(character).toString(16).toUpperCase().padStart(4, '0')})`,
          expected: `one of ${characters.length} characters`,
          hint: 'make the vocabulary from all text that will be encoded',
        }));
        return number;
      });
    },
    decode: (tokens) => {
      checkArguments('decode', { tokens }, { tokens: iterable });
      return Array.from(tokens, (token, i) => {
        ensure(Object.hasOwn(characters, token), 'DATASET_INVALID', 'a token is not a character', () => ({
          where: `token ${i}`,
          found: describeValue(token),
          expected: `0 to ${characters.length - 1}`,
        }));
        return characters[token];
      }).join('');
    },
  };
}

const iterable = required(
  kind(
    'a list of numbers',
    (value) => typeof value === 'object' && value !== null && Symbol.iterator in value,
  ),
);

const pointOf = (character: string): number => character.codePointAt(0) ?? 0;

/** Characters of a batch. */
const MAX_BATCH = 2 ** 26;

export interface TextOptions {
  /** Characters that a model sees at once: T. */
  readonly context: number;
  /** Windows in a batch of {@link TextPart.windowsAt}: B. 32 unless given. */
  readonly batchSize?: number;
  /** Decides which windows each step gets; 0 unless given. */
  readonly seed?: number;
  /** The part of the text, from its end, that is kept for validation. 0.1 unless given. */
  readonly validation?: number;
}

/** A stretch of the text. */
export interface TextPart {
  readonly tokens: Int32Array;
  /**
   * Random windows for a step, which only (seed, step) decide: x i32 `[B, T]` and y i32 `[B, T]`, the same windows one
   * character further on. Throws USAGE unless `step` is an integer from 0 to 2^32 - 1.
   */
  windowsAt(step: number): Examples;
  /**
   * The windows that follow each other without overlap, as a data set for `batches`: features `text` i32 `[T]`, labels
   * `next` i32 `[T]`. Less than a window at the end is left out.
   */
  readonly windows: Dataset;
}

export interface CharacterDataset {
  readonly vocabulary: Vocabulary;
  readonly train: TextPart;
  readonly validation: TextPart;
}

/**
 * A text as characters. The last `validation` of it is validation, the rest is for training; the vocabulary is of both.
 *
 * @throws USAGE for options out of range; DATASET_INVALID where a part is shorter than a window and the character after
 *   it (validation may be empty where the option is 0); LIMIT_EXCEEDED for batches of more than 2^26 characters.
 */
export function characterDataset(text: string, options: TextOptions): CharacterDataset {
  checkArguments(
    'characterDataset',
    { text, options },
    { text: required(someText), options: required(record) },
  );
  const { context, batchSize = 32, seed = 0, validation = 0.1 } = options;
  checkArguments('characterDataset', { seed, validation }, { seed: number, validation: number });
  checkCount(context, 'context');
  checkCount(batchSize, 'batchSize');
  ensure(batchSize * context <= MAX_BATCH, 'LIMIT_EXCEEDED', 'a batch has too many characters', () => ({
    where: 'batchSize',
    found: `${batchSize} windows of ${context}`,
    expected: `at most ${MAX_BATCH} characters`,
    hint: 'several batches can be taken one after the other; the limit is fixed',
  }));
  ensure(validation >= 0 && validation < 1, 'USAGE', 'the part for validation is not a valid number', {
    where: 'validation',
    found: String(validation),
    expected: 'at least 0, and less than 1',
  });
  const vocabulary = vocabularyOf(text);
  const tokens = vocabulary.encode(text);
  const border = tokens.length - Math.round(validation * tokens.length);
  const part = (name: string, stretch: Int32Array): TextPart => {
    ensure(
      stretch.length > context || (name === 'validation' && validation === 0),
      'DATASET_INVALID',
      'the text is shorter than a window',
      () => ({
        where: name,
        found: `${stretch.length} characters`,
        expected: `at least ${context + 1}: a window of ${context}, and what follows it`,
      }),
    );
    return textPart(stretch, context, batchSize, seed);
  };
  return {
    vocabulary,
    train: part('train', tokens.subarray(0, border)),
    validation: part('validation', tokens.subarray(border)),
  };
}

function textPart(tokens: Int32Array, context: number, batchSize: number, seed: number): TextPart {
  // The windows that have a character after them.
  const places = Math.max(0, tokens.length - context);
  const count = Math.floor(Math.max(0, tokens.length - 1) / context);
  const [x, y] = [windowsFrom(tokens, context, 0), windowsFrom(tokens, context, 1)];
  return {
    tokens,
    windowsAt(step) {
      ensure(places > 0, 'DATASET_INVALID', 'the text is shorter than a window', () => ({
        found: `${tokens.length} characters`,
        expected: `at least ${context + 1}`,
      }));
      const random = new RandomStream(seed, 'windows', step);
      const starts = Uint32Array.from({ length: batchSize }, () => random.below(places));
      return { x: x(starts), y: y(starts) };
    },
    windows: datasetOf(windowColumn('text', context, count, x), windowColumn('next', context, count, y)),
  };
}

/** Windows by where they start, i32 `[starts.length, T]`, `shift` characters further on. */
const windowsFrom =
  (tokens: Int32Array, context: number, shift: number) =>
  (starts: Uint32Array): Examples['x'] => {
    const out = new Int32Array(starts.length * context);
    starts.forEach((start, i) =>
      out.set(tokens.subarray(start + shift, start + shift + context), i * context),
    );
    return tensorData('i32', [starts.length, context], out);
  };

const windowColumn = (
  name: string,
  context: number,
  size: number,
  at: (starts: Uint32Array) => Examples['x'],
): Column => ({
  spec: { name, dtype: 'i32', shape: [context] },
  size,
  rows: (indices) => at(indices.map((index) => index * context)),
});

function checkCount(value: number, where: string): void {
  ensure(Number.isSafeInteger(value) && value > 0, 'USAGE', 'a number is out of range', {
    where,
    found: describeValue(value),
    expected: 'an integer above 0',
  });
}
