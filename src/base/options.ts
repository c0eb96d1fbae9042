/**
 * Option objects, checked for callers whose types nobody checks. What options a function has stands in one table beside
 * it: a name that is not in it, a value of another kind and a missing option are errors, and never silently a default.
 */
import { describeValue } from './describe.js';
import { HeddleError } from './errors.js';
import type { Kind } from './kinds.js';
import { nearestName } from './nearest.js';

/** All options of a type, each with what it may be; the type checker knows which have to be given. */
export type OptionTable<O> = {
  readonly [K in keyof O]-?: Kind<Partial<Pick<O, K>> extends Pick<O, K> ? false : true>;
};

/** What other frameworks call some options: too far from our names for a guess by their letters. */
const FOREIGN: Readonly<Record<string, readonly string[]>> = {
  argnums: ['argument'],
  argnum: ['argument'],
  backend: ['device'],
  ddof: ['correction'],
  device: ['backend'],
  dim: ['axis'],
  donate_argnums: ['donate'],
  donateArgnums: ['donate'],
  eps: ['epsilon'],
  has_aux: ['aux'],
  kernel_size: ['kernel'],
  lr: ['learningRate'],
  rng: ['key'],
  seed: ['key'],
  type: ['dtype'],
  unbiased: ['correction'],
};

/**
 * `given`, which is an object with options of `table`, each of its kind; `{}` where nothing is given and nothing has to be.
 * An option that is undefined counts as not given. Throws USAGE, at `where`. Cheap enough for every call.
 */
export function checkedOptions<O>(given: unknown, table: OptionTable<O>, where?: string): O {
  const kinds: Kinds = table;
  if (!isPlain(given)) {
    refuseOther(given, kinds, where);
    return {} as O;
  }
  for (const name of Object.keys(given)) if (!Object.hasOwn(kinds, name)) refuseUnknown(name, kinds, where);
  const values: Readonly<Record<string, unknown>> = given;
  for (const name of Object.keys(kinds)) {
    const value = values[name];
    const { accepts, expected, required } = kinds[name];
    if (value === undefined ? required : !accepts(value))
      throw new HeddleError(
        'USAGE',
        value === undefined ? 'an option is missing' : 'an option has a wrong value',
        {
          where,
          found: value === undefined ? describeValue(given) : `${name}: ${describeValue(value)}`,
          expected: `${name}: ${expected}`,
        },
      );
  }
  return values as O;
}

/**
 * Whether a value is an object of no class. The options of a Map, a promise or a tensor are no properties of their own: each
 * would pass for `{}`. A plain object of another realm has another Object.prototype, which has no prototype either.
 */
function isPlain(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

type Kinds = Readonly<Record<string, Kind>>;

/** `{ key, bias?, init? }` */
const listOf = (kinds: Kinds): string =>
  `{ ${Object.entries(kinds)
    .map(([name, { required }]) => (required ? name : `${name}?`))
    .join(', ')} }`;

/** Something in place of the object, such as the value of an option. Nothing will do where nothing has to be given. */
function refuseOther(given: unknown, kinds: Kinds, where: string | undefined): void {
  const missing = Object.entries(kinds).filter(([, { required }]) => required);
  if (given === undefined && missing.length === 0) return;
  throw new HeddleError('USAGE', 'the options are given as an object', {
    where,
    found: describeValue(given),
    expected: listOf(kinds),
    hint:
      given === undefined
        ? missing.map(([name, { expected }]) => `${name}: ${expected}`).join('; ')
        : optionFor(given, kinds),
  });
}

/** How a value can be given by name. */
function optionFor(value: unknown, kinds: Kinds): string | undefined {
  const name = Object.keys(kinds).find((option) => kinds[option].accepts(value));
  const shown = typeof value === 'object' || typeof value === 'function' ? '...' : describeValue(value);
  return name === undefined ? undefined : `did you mean { ${name}: ${shown} }?`;
}

function refuseUnknown(name: string, kinds: Kinds, where: string | undefined): never {
  const names = Object.keys(kinds);
  const foreign = Object.hasOwn(FOREIGN, name) ? FOREIGN[name].find((own) => names.includes(own)) : undefined;
  const near = foreign ?? nearestName(name, names);
  throw new HeddleError('USAGE', 'unknown option', {
    where,
    found: name,
    expected: names.length === 0 ? 'no options' : listOf(kinds),
    hint: near === undefined ? undefined : `did you mean ${near}?`,
  });
}
