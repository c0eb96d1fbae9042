/** Two models as one. */
import { HeddleError } from '../base/errors.js';
import { sameTensor } from './tensors.js';
import { kind, required, text } from '../base/kinds.js';
import { checkedOptions, type OptionTable } from '../base/options.js';
import { checkGraph, checkProgram } from '../ir/check-program.js';
import type { Program } from '../ir/graph.js';
import { printType, shapesEqual, type Shape, type TensorType } from '../ir/types.js';
import { bindingsBetween, substitute } from './dims.js';
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
    checkProgram('merge', program);
    checkGraph('merge', program.graph);
  }
  const { connect, prefix = '' } = checkedOptions(options, OPTIONS, 'merge');
  const first = formOf(a);
  const second = renamed(formOf(b), prefix, nextId(first));
  const connections = new Map(
    Object.entries(connect).map(([input, value]) => [
      prefix + input,
      connectInput(first, second, prefix + input, value),
    ]),
  );
  for (const id of Object.keys(second.weights)) shareWeight(first, second, id, connections);
  for (const input of connections.keys()) delete second.values[input];
  const follow = (key: string): string => connections.get(key) ?? key;
  for (const value of Object.values(second.values)) value.inputs = value.inputs.map(follow);
  for (const what of ['values', 'weights'] as const) refuseShared(what, first, second);
  const used = new Set(connections.values());
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

/** The value of the first model that an input of the second one becomes; symbols of its shape get what they are there. */
function connectInput(first: ProgramForm, second: ModelDraft, input: string, value: string): string {
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
  if (given.dtype !== wanted.dtype)
    throw new HeddleError('DTYPE_MISMATCH', 'the value does not fit the input', {
      where,
      found: `${JSON.stringify(value)}: ${printType(given)}`,
      expected: printType(wanted),
    });
  substitute(second.values, bindingsBetween(wanted.shape, given.shape, where));
  const [found, expected] = [given, { ...wanted, shape: second.values[input].attrs.shape as Shape }];
  if (!shapesEqual(found.shape, expected.shape))
    throw new HeddleError('SHAPE_MISMATCH', 'the value does not fit the input', {
      where,
      found: `${JSON.stringify(value)}: ${printType(found)}`,
      expected: printType(expected),
    });
  return key;
}

/** Has both models read one weight where both have the same under one id. */
function shareWeight(
  first: ProgramForm,
  second: ModelDraft,
  id: string,
  connections: Map<string, string>,
): void {
  if (!(id in first.weights) || !sameTensor(tensorIn(first.weights[id]), tensorIn(second.weights[id])))
    return;
  delete second.weights[id];
  for (const [key, { op, attrs }] of Object.entries(second.values)) {
    if (op !== 'weight' || attrs.id !== id || !(key in first.values)) continue;
    const other = first.values[key];
    const same = other.op === 'weight' && other.attrs.id === id;
    if (same && shapesEqual(other.attrs.shape as Shape, attrs.shape as Shape)) connections.set(key, key);
  }
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
