/** Two models as one. */
import { HeddleError } from '../base/errors.js';
import { sameTensor } from './tensors.js';
import { kind, required, text } from '../base/kinds.js';
import { checkedOptions, type OptionTable } from '../base/options.js';
import { givenProgram } from '../given-program.js';
import { checkGraph } from '../ir/check-program.js';
import { dimSubstitute } from '../ir/dim.js';
import type { Program } from '../ir/graph.js';
import { printType, shapesEqual, type Shape, type TensorType } from '../ir/types.js';
import { bindingsOf, substitute } from './dims.js';
import {
  anonymousKey,
  formOf,
  Provenance,
  recordOf,
  type DraftValue,
  type ModelDraft,
  type ProgramForm,
  tensorIn,
  unnamedWeights,
} from './form.js';
import { placeOf, resultKeyOf, typesFor, unknownValue } from './lookup.js';
import { programOf } from './program.js';

export interface MergeOptions {
  /** For inputs of the second model, by name, what they are: an output of the first, or any other of its values. */
  readonly connect: Readonly<Record<string, string>>;
  /** Put before every name of the second model. */
  readonly prefix?: string;
}

const OPTIONS: OptionTable<MergeOptions> = {
  connect: required(
    kind(
      "an object such as { 'input of b': 'output of a' }",
      (value) =>
        typeof value === 'object' &&
        value !== null &&
        !Array.isArray(value) &&
        Object.values(value).every((name) => typeof name === 'string'),
    ),
  ),
  prefix: text,
};

/**
 * One model of two: `a`, and `b`, whose inputs in `connect` are values of `a`. The other inputs of both stay inputs; outputs
 * are those of `a` that are not connected, and those of `b`. Symbolic dimensions of a connected input become what they are in
 * `a`; symbols of one name are one.
 *
 *     merge(features, classifier, { connect: { image_features: 'pooled' } })
 *
 * @throws HeddleError: VALUE_UNKNOWN; DTYPE_MISMATCH and SHAPE_MISMATCH for a connection that does not fit; NAME_COLLISION
 *   where both have inputs, outputs, weights or values of one name, which `prefix` avoids; what `edit` throws.
 */
export function merge(a: Program, b: Program, options: MergeOptions): Program {
  for (const program of [a, b]) {
    givenProgram('merge', program);
    checkGraph('merge', program.graph);
  }
  const { connect, prefix = '' } = checkedOptions(options, OPTIONS, 'merge');
  const first = formOf(a);
  const second = renamed(formOf(b), prefix, nextId(first));
  const connections = Object.entries(connect).map(([input, value]) =>
    connectionOf(first, second, prefix + input, value),
  );
  substituteShapes(second, connections);
  const results = new Map(connections.map(({ input, key }) => [input, key]));
  const used = new Set(results.values());
  const shared = shareWeights(first, second);
  for (const key of [...results.keys(), ...shared]) delete second.values[key];
  const follow = (key: string): string => results.get(key) ?? key;
  for (const value of Object.values(second.values)) value.inputs = value.inputs.map(follow);
  for (const what of ['values', 'weights'] as const) refuseShared(what, first, second);
  const form: ProgramForm = {
    name: `${first.name}+${second.name}`,
    values: recordOf([...Object.entries(first.values), ...Object.entries(second.values)]),
    outputs: [
      ...first.outputs.filter(({ value }) => !used.has(value)),
      ...second.outputs.map(({ name, value }) => ({ name, value: follow(value) })),
    ],
    weights: recordOf([...Object.entries(first.weights), ...Object.entries(second.weights)]),
    aliases: recordOf([
      ...Object.entries(second.aliases).map(([alias, key]) => [alias, follow(key)] as const),
      ...Object.entries(first.aliases),
    ]),
    provenance: both(first.provenance, second.provenance),
  };
  return programOf(form, [...unnamedWeights(a), ...unnamedWeights(b)]);
}

const both = (a: Provenance, b: Provenance): Provenance =>
  new Provenance(new Set([...a.folded, ...b.folded]), new Set([...a.merged, ...b.merged]));

const nextId = ({ values }: ProgramForm): number =>
  Object.values(values).reduce((next, { id }) => Math.max(next, id! + 1), 0);

/** `form` with `prefix` before every name, and its ids from `start` on. */
function renamed(form: ProgramForm, prefix: string, start: number): ModelDraft {
  const keys = new Map(
    Object.entries(form.values).map(([key, { id, op }]) => [
      key,
      key === anonymousKey(id!) && op !== 'param' ? anonymousKey(id! + start) : prefix + key,
    ]),
  );
  const own = (key: string): string => keys.get(key) ?? key;
  const all = (names: ReadonlySet<string>): ReadonlySet<string> =>
    new Set(Array.from(names, (name) => prefix + name));
  const values = Object.entries(form.values).map(([key, value]): [string, DraftValue] => [
    own(key),
    {
      ...value,
      attrs: prefixed(value.op, value.attrs, prefix),
      inputs: value.inputs.map(own),
      id: value.id! + start,
    },
  ]);
  const withPrefix = <T>(record: Readonly<Record<string, T>>): Record<string, T> =>
    recordOf(Object.entries(record).map(([name, value]) => [prefix + name, value] as const));
  return {
    name: form.name,
    values: recordOf(values),
    outputs: form.outputs.map(({ name, value }) => ({ name: prefix + name, value: own(value) })),
    weights: withPrefix(form.weights),
    aliases: withPrefix(
      recordOf(Object.entries(form.aliases).map(([alias, key]) => [alias, own(key)] as const)),
    ),
    provenance: new Provenance(all(form.provenance.folded), all(form.provenance.merged)),
  };
}

function prefixed(op: string, attrs: DraftValue['attrs'], prefix: string): DraftValue['attrs'] {
  const name = op === 'param' ? 'name' : op === 'weight' ? 'id' : undefined;
  return name === undefined ? { ...attrs } : { ...attrs, [name]: prefix + String(attrs[name]) };
}

/** An input of the second model, and the value of the first one that it becomes. */
interface Connection {
  readonly input: string;
  /** As the caller names the value. */
  readonly value: string;
  readonly key: string;
  readonly given: TensorType;
  readonly wanted: TensorType;
  readonly where: string;
}

function connectionOf(first: ProgramForm, second: ModelDraft, input: string, value: string): Connection {
  const where = `merge, connect ${JSON.stringify(input)}`;
  if (!(input in second.values)) throw unknownValue(second, input, where);
  const { op, attrs } = second.values[input];
  if (op !== 'param')
    throw new HeddleError('USAGE', 'only inputs are connected', {
      where,
      found: placeOf(input, second.values[input]),
    });
  const key = resultKeyOf(first, value, where);
  const given = typesFor(first, [key]).get(key)!;
  const wanted = attrs as unknown as TensorType;
  const connection = { input, value, key, given, wanted, where };
  if (given.dtype !== wanted.dtype) throw misfit('DTYPE_MISMATCH', connection, wanted);
  return connection;
}

/** Gives the symbols of connected inputs what they are in the first model. */
function substituteShapes(second: ModelDraft, connections: readonly Connection[]): void {
  const bindings = bindingsOf(
    connections.map(({ wanted, given, where }) => ({ before: wanted.shape, after: given.shape, where })),
  );
  for (const connection of connections) {
    const { given, wanted } = connection;
    const shape = wanted.shape.map((dim) => dimSubstitute(dim, bindings));
    if (!shapesEqual(given.shape, shape)) throw misfit('SHAPE_MISMATCH', connection, { ...wanted, shape });
  }
  substitute(second.values, bindings);
}

const misfit = (
  code: 'DTYPE_MISMATCH' | 'SHAPE_MISMATCH',
  { where, value, given }: Connection,
  wanted: TensorType,
): HeddleError =>
  new HeddleError(code, 'the value does not fit the input', {
    where,
    found: `${JSON.stringify(value)}: ${printType(given)}`,
    expected: printType(wanted),
  });

/** Has both models read one weight where both have the same under one id; gives the values of both that then are one. */
function shareWeights(first: ProgramForm, second: ModelDraft): string[] {
  const shared = Object.keys(second.weights).filter(
    (id) => id in first.weights && sameTensor(tensorIn(first.weights[id]), tensorIn(second.weights[id])),
  );
  for (const id of shared) delete second.weights[id];
  const ids = new Set<unknown>(shared);
  return Object.entries(second.values).flatMap(([key, { op, attrs }]) => {
    if (op !== 'weight' || !ids.has(attrs.id) || !(key in first.values)) return [];
    const one = first.values[key];
    const same = one.op === 'weight' && one.attrs.id === attrs.id;
    return same && shapesEqual(one.attrs.shape as Shape, attrs.shape as Shape) ? [key] : [];
  });
}

/** Names that an error lists. */
const LISTED = 4;

/** Throws NAME_COLLISION where both models have something of one name. */
function refuseShared(what: 'values' | 'weights', a: ProgramForm, b: ModelDraft): void {
  const shared = Object.keys(b[what]).filter((name) => name in a[what]);
  if (shared.length === 0) return;
  const more = shared.length > LISTED ? `, and ${shared.length - LISTED} more` : '';
  throw new HeddleError('NAME_COLLISION', `both models have ${what} of these names`, {
    where: 'merge',
    found: `${shared
      .slice(0, LISTED)
      .map((name) => JSON.stringify(name))
      .join(', ')}${more}`,
    expected: 'names of their own',
    hint: "merge(a, b, { connect, prefix: 'b/' }) puts it before every name of the second model",
  });
}
