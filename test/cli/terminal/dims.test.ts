import { expect, test } from 'vitest';
import { collectDim } from '../../../src/cli/terminal/options.js';

test.each([
  ['batch=3', { batch: 3 }],
  ['a=b=0', { 'a=b': 0 }],
  ['batch=1..64', { batch: { min: 1, max: 64 } }],
  ['batch=2..', { batch: { min: 2, max: Infinity } }],
  ['batch=2..2', { batch: { min: 2, max: 2 } }],
  ['width=32..320:32', { width: { min: 32, max: 320, step: 32 } }],
  ['width=32..:32', { width: { min: 32, max: Infinity, step: 32 } }],
])('--dim %s', (text, expected) => {
  expect(collectDim(text)).toEqual(expected);
});

test.each(['batch', 'batch=', '=3', 'batch=-1', 'batch=1..x', 'batch=..3', 'batch=1...3', 'batch=1..9:0', 'batch=1..9:'])('--dim %j is none', (text) => {
  expect(() => collectDim(text)).toThrow(/It is name=value/);
}); // prettier-ignore

test('a range has its ends in order, and a name is given once', () => {
  expect(() => collectDim('batch=3..2')).toThrow('A range ends where it begins, or later.');
  expect(() => collectDim('n=1..2', { n: 1 })).toThrow('"n" is given twice.');
});
