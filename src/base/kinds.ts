/** What an option may be, as a test and in words: the entries of the tables of `options.ts`. */

import { isListOf } from './values.js';

/** One kind of values. `R`: whether the option has to be given. */
export interface Kind<R extends boolean = boolean> {
  /** Completes "expected: ". */
  readonly expected: string;
  readonly accepts: (value: unknown) => boolean;
  readonly required: R;
  /** What helps with a value that was probably meant well. */
  readonly hint?: (value: unknown) => string | undefined;
}

export const kind = (expected: string, accepts: (value: unknown) => boolean): Kind<false> => ({
  expected,
  accepts,
  required: false,
});

/** The same values, for an option that has no default. */
export const required = (kind: Kind): Kind<true> => ({ ...kind, required: true });

export const optional = (kind: Kind): Kind<false> => ({ ...kind, required: false });

const isNumber = (value: unknown): value is number => typeof value === 'number' && !Number.isNaN(value);
/** Whether a function is the constructor of a class, or such as Map: these cannot be called without `new`. */
function isClass(f: object): boolean {
  const prototype = Object.getOwnPropertyDescriptor(f, 'prototype');
  if (prototype?.writable !== false) return false;
  return (
    /^class\b/.test(Function.prototype.toString.call(f)) || Symbol.toStringTag in Object(prototype.value)
  );
}

const isNumbers = (value: unknown): value is readonly number[] => isListOf(value, isNumber);

export const flag = kind('true or false', (value) => typeof value === 'boolean');
export const number = kind('a number', isNumber);
export const integer = kind('an integer', Number.isInteger);
export const numbers = kind('a list of numbers', isNumbers);
export const numberOrNumbers = kind(
  'a number or a list of numbers',
  (value) => isNumber(value) || isNumbers(value),
);
export const pair = kind('a list of two numbers', (value) => isNumbers(value) && value.length === 2);
export const text = kind('text', (value) => typeof value === 'string');
export const func = kind('a function', (value) => typeof value === 'function' && !isClass(value));
export const record = kind('an object', (value) => typeof value === 'object' && value !== null);
export const list = kind('a list', (value) => Array.isArray(value));
export const map = kind('a Map', (value) => value instanceof Map);
export const anything = kind('anything', () => true);

/** One of some words. */
export const oneOf = (...words: readonly string[]): Kind<false> =>
  kind(words.map((word) => JSON.stringify(word)).join(' or '), (value) =>
    words.some((word) => word === value),
  );

/** A list of what passes a test of its own. */
export const listOf = (expected: string, accepts: (value: unknown) => boolean): Kind<false> =>
  kind(`a list of ${expected}`, (value) => isListOf(value, accepts));

/** What either of two kinds may be. */
export const either = (a: Kind, b: Kind): Kind<false> =>
  kind(`${a.expected} or ${b.expected}`, (value) => a.accepts(value) || b.accepts(value));
