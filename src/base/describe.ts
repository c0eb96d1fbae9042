/** Values of any kind, in a few characters, for messages. */
import { nestsBeyond } from './nesting.js';

/** Characters of a text that are shown. */
const SHOWN = 40;

/** Keys of an object that are named. */
const NAMED = 6;

/** `"abc"`, `3`, `a list of 2`, `an object with a, b`, `a Float32Array of 4`, `the function step`. */
export function describeValue(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return JSON.stringify(value.length > SHOWN ? `${value.slice(0, SHOWN)}...` : value);
    case 'function':
      return value.name === '' ? 'a function' : `the function ${value.name}`;
    case 'object':
      return value === null ? 'null' : describeObject(value);
    case 'undefined':
      return 'nothing';
    default:
      return String(value);
  }
}

/** A template whose values may be anything: ``shown`${heads} heads` ``. Texts stand there as they are, if not at length. */
export const shown = (parts: TemplateStringsArray, ...values: readonly unknown[]): string =>
  String.raw(
    { raw: parts },
    ...values.map((value) => (typeof value === 'string' ? value.slice(0, SHOWN) : describeValue(value))),
  );

function describeObject(value: object): string {
  if (Array.isArray(value)) return `a list of ${value.length}`;
  const name = classOf(value);
  if (ArrayBuffer.isView(value) && 'length' in value)
    return `${article(name)} ${name} of ${String(value.length)}`;
  if (name !== 'Object') return `${article(name)} ${name}`;
  const keys = Object.keys(value);
  if (keys.length === 0) return 'an empty object';
  return `an object with ${keys.slice(0, NAMED).join(', ')}${keys.length > NAMED ? ', ...' : ''}`;
}

/** The name of an object's class; `Object` for plain objects and those without one. */
function classOf(value: object): string {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (typeof prototype !== 'object' || prototype === null) return 'Object';
  return typeof prototype.constructor === 'function' && prototype.constructor.name !== ''
    ? prototype.constructor.name
    : 'Object';
}

const article = (name: string): string => (/^(?!Uint)[AEIOU]/.test(name) ? 'an' : 'a');

/** Levels of JSON that are shown as such. */
const SHOWN_LEVELS = 16;

/** What JSON has no form for, in words. */
const plain = (_: string, value: unknown): unknown =>
  typeof value === 'bigint' ? describeValue(value) : value;

/** A JSON value in at most `most` characters; `nothing` where there is none. */
export function excerptOf(value: unknown, most = 60): string {
  const text = nestsBeyond(value, SHOWN_LEVELS)
    ? describeValue(value)
    : (JSON.stringify(value, plain) ?? 'nothing');
  return text.length <= most ? text : `${text.slice(0, most - 3)}...`;
}
