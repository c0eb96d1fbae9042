/** What recurrent layers of configs refuse: with both sides and the place. */
import { expect, test } from 'vitest';
import { fromConfig } from '../../../src/frontends/config/index.js';

const SIZES = { hidden_size: 4, input_size: 3, seq_length: 5 };

test.each([
  [{ ...SIZES, type: 'lstm', seq_length: -1 }, 'seq_length', '-1', 'a whole number from 0'],
  [{ ...SIZES, type: 'gru', seq_length: 1.5 }, 'seq_length', '1.5', 'a whole number'],
  [{ ...SIZES, type: 'rnn', seq_length: '5' }, 'seq_length', '"5"', 'a whole number'],
  [{ ...SIZES, type: 'gru', seq_length: 7 }, 'seq_length', '7, for an input [5, 3]', '5'],
  [{ ...SIZES, type: 'rnn', seq_length: 2 ** 40 }, 'seq_length', `${2 ** 40}, for an input [5, 3]`, '5'],
  [{ ...SIZES, type: 'lstm', input_size: 4 }, 'input_size', '4, for an input [5, 3]', 'a divisor of its number of values'], // prettier-ignore
  [{ ...SIZES, type: 'lstm', hidden_size: 0 }, 'hidden_size', '0', 'a whole number from 1'],
])('%j', (layer, field, found, expected) => {
  expect(() => fromConfig({ input: [5, 3], layers: [layer] })).toThrow(
    expect.objectContaining({ code: 'CONFIG_INVALID', where: `$.layers[0].${field}`, found, expected }),
  );
});

test('more steps than a loop may have', () => {
  const layers = [{ type: 'rnn', hidden_size: 1 }];
  expect(() => fromConfig({ input: [2 ** 22, 1], layers })).toThrow(
    expect.objectContaining({
      code: 'LIMIT_EXCEEDED',
      where: '$.layers[0]',
      found: `${2 ** 22} rounds`,
      expected: `at most ${2 ** 20}`,
    }),
  );
});
