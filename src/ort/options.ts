/** The options of a session that count, checked; all others have no effect, whatever they are. */
import type { InferenceSession } from 'onnxruntime-common';
import { checkArguments } from '../base/arguments.js';
import { kind, listOf, type Kind } from '../base/kinds.js';

type Options = InferenceSession.SessionOptions;

const isCount = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 0;
const isText = (value: unknown): boolean => typeof value === 'string';
const isObject = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const member = (value: unknown, name: string): unknown =>
  isObject(value) ? (value as Readonly<Record<string, unknown>>)[name] : undefined;

const KINDS = {
  executionProviders: listOf(
    'names, or objects with a name',
    (value) => isText(value) || isText(member(value, 'name')),
  ),
  externalData: listOf('paths, or { path, data }', (value) => isText(value) || isText(member(value, 'path'))),
  freeDimensionOverrides: kind(
    'an object with a number for each name',
    (value) => isObject(value) && Object.values(value).every(isCount),
  ),
  preferredOutputLocation: kind(
    'a location, or an object with one for each output',
    (value) => isText(value) || (isObject(value) && Object.values(value).every(isText)),
  ),
  intraOpNumThreads: kind('a number of threads, 0 for the default', isCount),
} as const satisfies { readonly [K in keyof Options]: Kind };

/** Throws USAGE where an option that counts has a value of another kind. */
export function checkedSessionOptions(given: object): Options {
  checkArguments('InferenceSession.create', { ...given }, KINDS);
  return given;
}
