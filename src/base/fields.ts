/**
 * Structural validation of parsed JSON: a check takes a value of unknown shape and gives it back typed, or throws
 * FILE_CORRUPT with the path to the first wrong place. Checks of objects are tables of checks of their fields.
 */
import { HeddleError } from '../base/errors.js';

export type Check<T> = (value: unknown, path: string) => T;

/** Throws FILE_CORRUPT unless `condition` holds. */
export function must(
  condition: boolean,
  message: string,
  where: string,
  found?: string | number,
  expected?: string | number,
): asserts condition {
  const facts = { where, found: found?.toString(), expected: expected?.toString() };
  if (!condition) throw new HeddleError('FILE_CORRUPT', message, facts);
}

/** Throws FILE_CORRUPT unless `found` is what is expected. */
export function same<T extends string | number>(found: T, expected: T, message: string, where: string): void {
  must(found === expected, message, where, found, expected);
}

/** A short description of a value, whatever it is. */
function show(value: unknown): string {
  const text =
    typeof value === 'object' && value !== null
      ? Array.isArray(value)
        ? 'a list'
        : 'an object'
      : String(value);
  return text.length > 60 ? `${text.slice(0, 60)}...` : text;
}

function wrong(value: unknown, expected: string, where: string): never {
  throw new HeddleError('FILE_CORRUPT', 'a field has a wrong value', { found: show(value), expected, where });
}

/** A value that `accepts` says yes to. */
const checked =
  <T>(expected: string, accepts: (value: unknown) => value is T): Check<T> =>
  (value, path) =>
    accepts(value) ? value : wrong(value, expected, path);

/** A number from 0 on. */
const number = (expected: string, accepts: (value: number) => boolean): Check<number> =>
  checked(expected, (value): value is number => typeof value === 'number' && value >= 0 && accepts(value));

export const text = checked('text', (value): value is string => typeof value === 'string');

/** A size, offset or index: an integer that JSON and typed arrays represent exactly. */
export const count = number('an integer below 2^53', Number.isSafeInteger);

/** A word of the device. */
export const word = number('an integer below 2^32', (value) => value >>> 0 === value);

export const amount = number('a number from 0 on', () => true);

export const oneOf =
  <T extends string>(...values: readonly T[]): Check<T> =>
  (value, path) =>
    values.find((candidate) => candidate === value) ?? wrong(value, values.join(' or '), path);

export const list =
  <T>(item: Check<T>): Check<readonly T[]> =>
  (value, path) =>
    Array.isArray(value) ? value.map((each, i) => item(each, `${path}[${i}]`)) : wrong(value, 'a list', path);

export const flag = checked('true or false', (value): value is boolean => typeof value === 'boolean');

/** What need not be there. */
export const optional =
  <T>(item: Check<T>): Check<T | undefined> =>
  (value, path) =>
    value === undefined ? undefined : item(value, path);

/** A list with exactly one item for each check. */
export const tuple =
  <T extends readonly unknown[]>(...items: { readonly [K in keyof T]: Check<T[K]> }): Check<T> =>
  (value, path) => {
    if (!Array.isArray(value) || value.length !== items.length)
      return wrong(value, `${items.length} items`, path);
    return items.map((check, i) => check(value[i], `${path}[${i}]`)) as unknown as T;
  };

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** An object with at least these fields; others are dropped. */
export const object =
  <T extends object>(fields: { readonly [K in keyof T]-?: Check<T[K]> }): Check<T> =>
  (value, path) => {
    if (!isObject(value)) return wrong(value, 'an object', path);
    const checked = Object.entries<Check<unknown>>(fields).map(([name, check]) => {
      return [name, check(Object.hasOwn(value, name) ? value[name] : undefined, `${path}.${name}`)] as const;
    });
    return Object.fromEntries(checked) as T;
  };

/** An object whose keys are data. */
export const dictionary =
  <T>(item: Check<T>): Check<ReadonlyMap<string, T>> =>
  (value, path) =>
    isObject(value)
      ? new Map(Object.entries(value).map(([key, each]) => [key, item(each, `${path}["${key}"]`)]))
      : wrong(value, 'an object', path);

/** Parses JSON, given as text or in UTF-8, and checks the result. */
export function parseJson<T>(json: string | Uint8Array, check: Check<T>, path: string): T {
  let value: unknown;
  try {
    value = JSON.parse(
      typeof json === 'string' ? json : new TextDecoder('utf-8', { fatal: true }).decode(json),
    );
  } catch (cause) {
    throw new HeddleError('FILE_CORRUPT', 'not valid JSON', { found: String(cause), where: path, cause });
  }
  return check(value, path);
}
