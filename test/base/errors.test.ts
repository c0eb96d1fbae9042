import { inspect } from 'node:util';
import { expect, test } from 'vitest';
import { HeddleError, withFacts } from '../../src/base/errors.js';

const error = new HeddleError('USAGE', 'that is wrong', { found: 'this', expected: 'that', hint: 'try' });

test('an error that nobody catches says each fact once', () => {
  const printed = inspect(error);
  for (const fact of ['that is wrong', 'found:', 'expected:', 'hint:', 'USAGE'])
    expect(printed.split(fact)).toHaveLength(2);
  expect(inspect(new HeddleError('USAGE', 'x', { cause: new Error('behind it') }))).toContain('behind it');
});

test('its facts can be read, and written as JSON', () => {
  const { code, name, found, expected, hint, where } = error;
  expect({ code, name, found, expected, hint, where }).toEqual({
    code: 'USAGE',
    name: 'HeddleError',
    found: 'this',
    expected: 'that',
    hint: 'try',
    where: undefined,
  });
  expect(JSON.parse(JSON.stringify(error))).toEqual({
    code: 'USAGE',
    summary: 'that is wrong',
    found: 'this',
    expected: 'that',
    hint: 'try',
  });
});

test('withFacts adds facts and keeps the others', () => {
  const more = withFacts(error, { where: 'here', hint: undefined, found: 'other' });
  expect(more).toMatchObject({ where: 'here', hint: 'try', found: 'other', expected: 'that' });
  expect(more.message).toContain('at:       here');
  expect(more.stack).toContain('at:       here');
});
