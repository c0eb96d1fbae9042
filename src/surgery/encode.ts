/** What patches hold, as JSON and back: numbers that JSON lacks, symbolic dimensions, and tensors, which lie beside it. */
import { HeddleError } from '../base/errors.js';
import { must } from '../base/fields.js';
import { describeValue } from '../base/describe.js';
import { isListOf } from '../base/values.js';
import { describeType, type TensorData } from '../base/tensor.js';
import { parseDim, SymDim } from '../ir/dim.js';
import { printNumber } from '../ir/print.js';
import type { Patch } from './edit.js';
import { Provenance, Weight } from './form.js';

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** What stands for a value that JSON has no form for: an object with this one key. An object that looks so is `$object`. */
type Tag = '$number' | '$dim' | '$tensor' | '$provenance' | '$object';

/** Gives a tensor a name in the file. */
export type Store = (tensor: TensorData) => string;
/** The tensor of a name; undefined where the file has none. */
export type Load = (name: string) => TensorData | undefined;

const tagged = (tag: Tag, value: Json): Json => ({ [tag]: value });

/** `value` as JSON. */
export function encode(value: unknown, store: Store): Json {
  switch (typeof value) {
    case 'number':
      return Number.isFinite(value) && !Object.is(value, -0) ? value : tagged('$number', printNumber(value));
    case 'string':
    case 'boolean':
      return value;
    case 'object':
      return value === null ? null : encodeObject(value, store);
    default:
      throw new HeddleError('USAGE', 'patches hold a value that no program has', {
        found: describeValue(value),
      });
  }
}

function encodeObject(value: object, store: Store): Json {
  if (Array.isArray(value)) return value.map((each) => encode(each, store));
  if (value instanceof SymDim) return tagged('$dim', value.text);
  if (value instanceof Weight) return tagged('$tensor', store(value.tensor));
  if (value instanceof Provenance)
    return tagged('$provenance', { folded: [...value.folded].sort(), merged: [...value.merged].sort() });
  const entries = Object.entries(value).flatMap(([key, each]) =>
    each === undefined ? [] : [[key, encode(each, store)] as const],
  );
  const object = Object.fromEntries(entries);
  return entries.length === 1 && entries[0][0].startsWith('$') ? tagged('$object', object) : object;
}

/** The value that `json` stands for. Throws FILE_CORRUPT, at `where`, for what {@link encode} does not write. */
export function decode(json: Json, load: Load, where: string): unknown {
  if (typeof json !== 'object' || json === null) return json;
  if (isJsonList(json)) return json.map((each, i) => decode(each, load, `${where}[${i}]`));
  const entries = Object.entries(json);
  const [tag, inner] = entries.length === 1 ? entries[0] : ['', null];
  if (tag.startsWith('$')) {
    must(isTag(tag), 'a value of an unknown kind', where, tag, Object.keys(READERS).join(', '));
    return READERS[tag](inner, load, `${where}.${tag}`);
  }
  return decodeObject(entries, load, where);
}

const isJsonList = (json: Json): json is readonly Json[] => Array.isArray(json);

const decodeObject = (
  entries: readonly (readonly [string, Json])[],
  load: Load,
  where: string,
): Record<string, unknown> =>
  Object.fromEntries(entries.map(([key, each]) => [key, decode(each, load, `${where}.${key}`)]));

const isTag = (tag: string): tag is Tag => Object.hasOwn(READERS, tag);

const isText = (value: unknown): value is string => typeof value === 'string';

const NUMBERS: ReadonlyMap<unknown, number> = new Map([NaN, Infinity, -Infinity, -0].map((one) => [printNumber(one), one])); // prettier-ignore

const READERS: Readonly<Record<Tag, (json: Json, load: Load, where: string) => unknown>> = {
  $number(json, _, where) {
    const number = NUMBERS.get(json);
    must(number !== undefined, 'not a number', where, describeValue(json), [...NUMBERS.keys()].join(', '));
    return number;
  },
  $dim(json, _, where) {
    must(isText(json), 'not a dimension', where, describeValue(json), 'text');
    return parseDim(json);
  },
  $tensor(json, load, where) {
    const tensor = isText(json) ? load(json) : undefined;
    must(tensor !== undefined, 'the file has no such tensor', where, describeValue(json));
    return new Weight(tensor);
  },
  $provenance(json, _, where) {
    const { folded, merged } = (json ?? {}) as Readonly<Record<string, Json>>;
    const isNames = (names: unknown): names is readonly string[] => isListOf(names, isText);
    must(isNames(folded) && isNames(merged), 'not two lists of names', where, describeValue(json));
    return new Provenance(new Set(folded), new Set(merged));
  },
  $object(json, load, where) {
    const isObject = typeof json === 'object' && json !== null && !isJsonList(json);
    must(isObject, 'not an object', where, describeValue(json));
    return decodeObject(Object.entries(json), load, where);
  },
};

/** Patches as programs read them; a tensor is its type. */
export const patchesAsJson = (patches: readonly Patch[]): Json =>
  encode(patches, ({ dtype, shape }) => describeType(dtype, shape));
