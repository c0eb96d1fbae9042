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
  found: string | number,
  expected: string | number,
): asserts condition {
  if (!condition)
    throw new HeddleError('FILE_CORRUPT', message, { where, found: `${found}`, expected: `${expected}` });
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

export const text: Check<string> = (value, path) =>
  typeof value === 'string' ? value : wrong(value, 'text', path);

/** A size, offset or index: an integer that JSON and typed arrays represent exactly. */
export const count: Check<number> = (value, path) =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
    ? value
    : wrong(value, 'an integer from 0 to 2^53 - 1', path);

/** A word of the device. */
export const word: Check<number> = (value, path) =>
  typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= 0xffffffff
    ? value
    : wrong(value, 'an integer from 0 to 2^32 - 1', path);

export const amount: Check<number> = (value, path) =>
  typeof value === 'number' && value >= 0 ? value : wrong(value, 'a number that is not negative', path);

export const oneOf =
  <T extends string>(...values: readonly T[]): Check<T> =>
  (value, path) =>
    values.find((candidate) => candidate === value) ?? wrong(value, values.join(' or '), path);

export const list =
  <T>(item: Check<T>): Check<readonly T[]> =>
  (value, path) =>
    Array.isArray(value) ? value.map((each, i) => item(each, `${path}[${i}]`)) : wrong(value, 'a list', path);

export const flag: Check<boolean> = (value, path) =>
  typeof value === 'boolean' ? value : wrong(value, 'true or false', path);

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
