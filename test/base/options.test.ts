import { runInNewContext } from 'node:vm';
import { describe, expect, test } from 'vitest';
import { describeValue } from '../../src/base/describe.js';
import { HeddleError } from '../../src/base/errors.js';
import { either, flag, func, number, oneOf, required, text } from '../../src/base/kinds.js';
import { checkedOptions, type OptionTable } from '../../src/base/options.js';

interface Options {
  readonly learningRate: number | (() => number);
  readonly epsilon?: number;
  readonly nesterov?: boolean;
  readonly mode?: 'a' | 'b';
}

const TABLE: OptionTable<Options> = {
  learningRate: required(either(number, func)),
  epsilon: number,
  nesterov: flag,
  mode: oneOf('a', 'b'),
};

function refusal(given: unknown): HeddleError {
  try {
    checkedOptions(given, TABLE);
  } catch (error) {
    if (error instanceof HeddleError) return error;
  }
  throw new Error('nothing was refused');
}

/** Has the options as its fields, and is none. */
class Sgd {
  readonly learningRate = 1;
}

describe('options', () => {
  test('that fit are given back', () => {
    const given = { learningRate: 1, nesterov: true, epsilon: undefined };
    expect(checkedOptions(given, TABLE)).toBe(given);
    expect(checkedOptions<Pick<Options, 'mode'>>(undefined, { mode: oneOf('a', 'b') })).toEqual({});
  });

  test('that are objects without a prototype, or of another realm', () => {
    const bare: unknown = Object.assign(Object.create(null) as object, { learningRate: 1 });
    expect(checkedOptions(bare, TABLE)).toBe(bare);
    const foreign: unknown = runInNewContext('({ learningRate: 1 })');
    expect(checkedOptions(foreign, TABLE)).toBe(foreign);
  });

  test.each([new Map(), new Date(), Promise.resolve(), new Sgd()])('%o is not an empty object', (given) => {
    expect(() => checkedOptions<Pick<Options, 'mode'>>(given, { mode: text })).toThrow(
      /the options are given as an object/,
    );
  });

  test.each<[unknown, Partial<HeddleError>]>([
    [
      undefined,
      { summary: 'the options are given as an object', hint: 'learningRate: a number or a function' },
    ],
    [{}, { summary: 'an option is missing', expected: 'learningRate: a number or a function' }],
    [{ lr: 0.1 }, { summary: 'unknown option', found: 'lr', hint: 'did you mean learningRate?' }],
    [
      { learningRate: 1, eps: 1 },
      { found: 'eps', hint: 'did you mean epsilon?' },
    ],
    [
      { learningRate: 1, nestrov: true },
      { found: 'nestrov', hint: 'did you mean nesterov?' },
    ],
    [
      { learningRate: 1, zzz: 1 },
      { expected: '{ learningRate, epsilon?, nesterov?, mode? }', hint: undefined },
    ],
    [{ learningRate: '0.1' }, { summary: 'an option has a wrong value', found: 'learningRate: "0.1"' }],
    [{ learningRate: NaN }, { found: 'learningRate: NaN' }],
    [
      { learningRate: 1, mode: 'c' },
      { found: 'mode: "c"', expected: 'mode: "a" or "b"' },
    ],
    [
      { learningRate: 1, nesterov: null },
      { found: 'nesterov: null', expected: 'nesterov: true or false' },
    ],
    [0.1, { found: '0.1', hint: 'did you mean { learningRate: 0.1 }?' }],
    ['b', { found: '"b"', hint: 'did you mean { mode: "b" }?' }],
    [[1], { found: 'a list of 1', hint: undefined }],
    [new Float32Array(2), { found: 'a Float32Array of 2' }],
    [new Map([['learningRate', 1]]), { found: 'a Map' }],
    [Promise.resolve({ learningRate: 1 }), { found: 'a Promise' }],
    [new Date(), { found: 'a Date' }],
    [new Sgd(), { found: 'a Sgd', expected: '{ learningRate, epsilon?, nesterov?, mode? }' }],
  ])('%o is refused', (given, facts) => {
    expect(refusal(given)).toMatchObject({ code: 'USAGE', ...facts });
  });
});

test('values in a few characters', () => {
  const named = function named(): void {};
  expect(
    [undefined, null, 1, 'x'.repeat(50), [1, 2], { a: 1 }, {}, new Map(), named, Object.create(null)].map(
      describeValue,
    ),
  ).toEqual([
    'nothing',
    'null',
    '1',
    `"${'x'.repeat(40)}..."`,
    'a list of 2',
    'an object with a',
    'an empty object',
    'a Map',
    'the function named',
    'an empty object',
  ]);
  expect(text.accepts(1)).toBe(false);
});
