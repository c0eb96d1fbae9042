/** Checks JSON against the part of JSON Schema that the generator uses, with errors for people. */
import { excerptOf } from '../../base/describe.js';
import { HeddleError } from '../../base/errors.js';
import { nearestName } from '../../base/nearest.js';

export interface Schema {
  readonly $ref?: string;
  readonly anyOf?: readonly Schema[];
  readonly type?: string;
  readonly const?: string;
  readonly enum?: readonly string[];
  readonly minimum?: number;
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly description?: string;
  readonly additionalProperties?: boolean;
  readonly patternProperties?: Readonly<Record<string, Schema>>;
}

export interface SchemaFile extends Schema {
  readonly $schema?: string;
  readonly title?: string;
  readonly definitions: Readonly<Record<string, Schema>>;
}

/** What an error says of the JSON value at `path`. */
export interface Finding {
  readonly path: string;
  readonly found: string;
  readonly expected: string;
  readonly hint?: string | undefined;
}

/** Throws CONFIG_INVALID. */
export function refuse(message: string, { path, found, expected, hint }: Finding): never {
  throw new HeddleError('CONFIG_INVALID', message, {
    where: path,
    found,
    expected,
    ...(hint === undefined ? {} : { hint }),
  });
}

/** Keys that say nothing to the program. */
export const isComment = (key: string): boolean => key.startsWith('_') || key.startsWith('comment');

type Json = Readonly<Record<string, unknown>>;
const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Throws CONFIG_INVALID where `value`, which stands at `path`, is not what the schema says. */
export function validate(file: SchemaFile, value: unknown, path = '$'): void {
  check(file, file, value, path);
}

function check(file: SchemaFile, schema: Schema, value: unknown, path: string): void {
  const target = resolve(file, schema);
  if (target.anyOf !== undefined) return check(file, choose(file, target.anyOf, value, path), value, path);
  checkType(target, value, path);
  checkNames(target, value, path);
  if (target.minimum !== undefined && (value as number) < target.minimum)
    refuse('the number is too small', {
      path,
      found: excerptOf(value),
      expected: `${describe(target)} from ${target.minimum}`,
    });
  if (Array.isArray(value) && target.items !== undefined) {
    const { items } = target;
    for (const [i, item] of value.entries()) check(file, items, item, `${path}[${i}]`);
  }
  if (isObject(value)) checkObject(file, target, value, path);
}

function resolve(file: SchemaFile, schema: Schema): Schema {
  if (schema.$ref === undefined) return schema;
  return resolve(file, file.definitions[schema.$ref.replace('#/definitions/', '')]);
}

/** The alternative that `value` is meant to be: by its type, or by the keys that only one form has. */
function choose(file: SchemaFile, options: readonly Schema[], value: unknown, path: string): Schema {
  const resolved = options.map((option) => resolve(file, option));
  const objects = resolved.filter(({ properties }) => properties !== undefined);
  if (objects.length < resolved.length) {
    const fitting = resolved.find(({ type }) => isOfType(type, value));
    return (
      fitting ??
      refuse('the value has another type', {
        path,
        found: excerptOf(value),
        expected: resolved.map(describe).join(' or '),
      })
    );
  }
  if (!isObject(value))
    refuse('the value has another type', { path, found: excerptOf(value), expected: 'an object' });
  const named = objects.filter(({ properties }) => properties?.type !== undefined);
  if (named.length === 0)
    // The form with more required keys, if one of those that only it has is there; else the last.
    return (
      objects.find(({ required = [] }) =>
        required.some((key) => key in value && objects.some(({ properties = {} }) => !(key in properties))),
      ) ?? objects[objects.length - 1]
    );
  const namesOf = ({ properties }: Schema): readonly string[] => valuesOf(properties?.type ?? {});
  const chosen = named.find((option) => namesOf(option).includes(value.type as string));
  if (chosen !== undefined) return chosen;
  const names = named.flatMap(namesOf);
  return refuse('unknown layer', {
    path: `${path}.type`,
    found: excerptOf(value.type),
    expected: `one of ${names.join(', ')}`,
    hint: meaning(value.type, names),
  });
}

const valuesOf = (schema: Schema): readonly string[] =>
  schema.enum ?? (schema.const === undefined ? [] : [schema.const]);

const typeName = (value: unknown): string =>
  Array.isArray(value) ? 'array' : value === null ? 'null' : typeof value;

function isOfType(type: string | undefined, value: unknown): boolean {
  if (type === 'integer') return Number.isSafeInteger(value);
  return type === 'number' ? Number.isFinite(value) : typeName(value) === type;
}

function checkType(schema: Schema, value: unknown, path: string): void {
  const { type } = schema;
  if (type === undefined) return;
  if (isOfType(type, value)) return;
  refuse('the value has another type', {
    path,
    found: excerptOf(value),
    expected: describe(schema),
    hint: typeof value === 'string' ? meaning(value, valuesOf(schema)) : undefined,
  });
}

function checkNames(schema: Schema, value: unknown, path: string): void {
  const names = valuesOf(schema);
  if (names.length === 0 || names.includes(value as string)) return;
  refuse('unknown name', {
    path,
    found: excerptOf(value),
    expected: describe(schema),
    hint: meaning(value, names),
  });
}

function checkObject(file: SchemaFile, schema: Schema, value: Json, path: string): void {
  const { properties = {}, required = [] } = schema;
  const names = Object.keys(properties);
  for (const [key, item] of Object.entries(value)) {
    if (isComment(key)) continue;
    if (!Object.hasOwn(properties, key))
      refuse(`unknown field${owner(value, properties)}`, {
        path: `${path}.${key}`,
        found: JSON.stringify(key),
        expected: `one of ${names.join(', ')}; comments begin with _ or comment`,
        hint: meaning(key, names),
      });
    check(file, properties[key], item, `${path}.${key}`);
  }
  const missing = required.find((key) => !Object.hasOwn(value, key));
  if (missing !== undefined)
    refuse(`a field is missing${owner(value, properties)}`, {
      path,
      found: Object.keys(value).join(', ') || 'no fields',
      expected: `${missing}: ${describe(resolve(file, properties[missing]))}`,
    });
}

/** The type of a layer; what is no layer may have a "type" of any other meaning. */
const owner = ({ type }: Json, properties: object): string =>
  typeof type === 'string' && Object.hasOwn(properties, 'type') ? ` in ${type}` : '';

/** What other frameworks call some layers and fields: too far from our names for a guess by their letters. */
const FOREIGN: Readonly<Record<string, string>> = {
  linear: 'dense',
  Linear: 'dense',
  fc: 'dense',
  fully_connected: 'dense',
  mlp: 'dense',
  attention: 'multi_head_attention',
  conv: 'conv2d',
  skip: 'residual',
  in_features: 'input_size',
  out_features: 'output_size',
  units: 'output_size',
  size: 'output_size',
};

function meaning(found: unknown, names: readonly string[]): string | undefined {
  if (typeof found !== 'string') return undefined;
  const foreign = Object.hasOwn(FOREIGN, found) ? FOREIGN[found] : undefined;
  const near = foreign !== undefined && names.includes(foreign) ? foreign : nearestName(found, names);
  return near === undefined ? undefined : `did you mean ${JSON.stringify(near)}?`;
}

const TYPES: Readonly<Record<string, string>> = {
  integer: 'a whole number',
  number: 'a number',
  string: 'a string',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
};

function describe(schema: Schema): string {
  const names = valuesOf(schema);
  if (names.length > 0) return `one of ${names.map((name) => JSON.stringify(name)).join(', ')}`;
  return TYPES[schema.type ?? ''] ?? 'a value';
}
