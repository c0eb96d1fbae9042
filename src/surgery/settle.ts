/** The end of an edit: what the recipe may leave open is filled in while the draft is still one, so that patches have it. */
import * as args from '../base/arguments.js';
import { HeddleError } from '../base/errors.js';
import { describeValue } from '../base/describe.js';
import { kind, listOf, record, required, text, type Kind } from '../base/kinds.js';
import { checkElements } from '../base/tensor.js';
import { isListOf } from '../base/values.js';
import {
  isReserved,
  Provenance,
  tensorIn,
  Weight,
  type DraftOutput,
  type DraftValue,
  type ModelDraft,
  type ProgramForm,
} from './form.js';
import { snapshot } from './snapshot.js';

const PARTS: Readonly<Record<keyof ModelDraft, Kind>> = {
  name: required(text),
  values: required(record),
  outputs: required(
    listOf("outputs, such as { name: 'y', value: 'add' }", (output) => {
      const { name, value } = (output ?? {}) as Partial<Record<keyof DraftOutput, unknown>>;
      return typeof name === 'string' && typeof value === 'string';
    }),
  ),
  weights: required(record),
  aliases: required(
    kind(
      'an object of names',
      (value) => record.accepts(value) && isListOf(Object.values(value as object), text.accepts),
    ),
  ),
  provenance: required(kind('what importing noted', (value) => value instanceof Provenance)),
};

/** Completes `draft`, which began as `base`. Throws USAGE where a part of it is none, or a value has no possible name. */
export function settle(draft: ModelDraft, base: ProgramForm): void {
  args.checkArguments('draft', { ...snapshot(draft) }, PARTS);
  const values = snapshot(draft.values);
  for (const key of Object.keys(values)) checkValue(key, values[key]);
  settleIds(draft, values, base);
  for (const alias of Object.keys(draft.aliases))
    if (!(draft.aliases[alias] in values) || alias in values) delete draft.aliases[alias];
  for (const [key, { inputs }] of Object.entries(values))
    inputs.forEach((input, i) => {
      if (!(input in values) && input in draft.aliases) draft.values[key].inputs[i] = draft.aliases[input];
    });
  draft.outputs.forEach((output) => {
    if (!(output.value in values) && output.value in draft.aliases)
      output.value = draft.aliases[output.value];
  });
  for (const id of Object.keys(draft.weights)) {
    const weight = draft.weights[id];
    if (weight instanceof Weight) continue;
    const where = `draft.weights, ${JSON.stringify(id)}`;
    args.checkArguments(where, { tensor: weight }, { tensor: args.hostTensor });
    checkElements(weight, where);
    draft.weights[id] = new Weight(snapshot(tensorIn(weight)));
  }
}

function checkValue(key: string, value: unknown): void {
  const {
    op,
    inputs,
    attrs,
    id = 0,
    origin = '',
  } = (value ?? {}) as Partial<Record<keyof DraftValue, unknown>>;
  const isValue =
    typeof op === 'string' &&
    isListOf(inputs, text.accepts) &&
    typeof attrs === 'object' &&
    attrs !== null &&
    typeof origin === 'string' &&
    Number.isSafeInteger(id);
  if (isValue && !isReserved(key)) return;
  throw new HeddleError(
    'USAGE',
    isValue ? 'a value cannot have this name' : 'the object is not a value of a draft',
    {
      where: `draft.values, ${JSON.stringify(key)}`,
      found: describeValue(value),
      expected: isValue ? undefined : "{ op: 'add', inputs: ['x', 'y'], attrs: {} }",
    },
  );
}

/** A value keeps its id, one that takes another's name takes its id, and every other new one gets the next free one. */
function settleIds(draft: ModelDraft, values: Readonly<Record<string, DraftValue>>, base: ProgramForm): void {
  const owners = new Map<number, string>();
  const keys = Object.keys(values);
  const baseId = (key: string): number | undefined => (key in base.values ? base.values[key].id : undefined);
  for (const key of keys) {
    const id = baseId(key);
    if (id !== undefined && (values[key].id ?? id) === id) owners.set(id, key);
  }
  for (const key of keys) {
    const { id } = values[key];
    if (id !== undefined && !owners.has(id)) owners.set(id, key);
  }
  let next = 0;
  for (const { id } of Object.values(base.values)) next = Math.max(next, id! + 1);
  for (const id of owners.keys()) next = Math.max(next, id + 1);
  for (const key of keys) {
    const { id } = values[key];
    const own = id ?? baseId(key);
    if (own !== undefined && owners.get(own) === key) {
      if (id === undefined) draft.values[key].id = own;
    } else draft.values[key].id = next++;
  }
}
