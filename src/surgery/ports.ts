/** The edges of a model: inputs, outputs, and the names of its values. */
import { checkArguments } from '../base/arguments.js';
import { describeValue } from '../base/describe.js';
import { HeddleError } from '../base/errors.js';
import { kind, required, text } from '../base/kinds.js';
import { isListOf } from '../base/values.js';
import { parseDim, type Dim } from '../ir/dim.js';
import type { Shape } from '../ir/types.js';
import { bindingsOf, substitute } from './dims.js';
import { isReserved, Provenance, type ModelDraft } from './form.js';
import { keyOf, placeOf, typesFor } from './lookup.js';
import { copyOf, snapshot } from './snapshot.js';

const name = required(text);

/**
 * Cuts the model at `value`: it becomes an input, of the name of the value or of `as`, and what computed it is left to
 * {@link prune}. Throws VALUE_UNKNOWN, VALUE_FOLDED, NAME_COLLISION.
 */
export function cut(draft: ModelDraft, value: string, as?: string): void {
  checkArguments('cut', { value, as }, { value: name, as: text });
  const key = keyOf(draft, value, 'cut');
  const { op, id, origin } = draft.values[key];
  if (op !== 'param') {
    const { dtype, shape } = typesFor(draft, [key]).get(key)!;
    draft.values[key] = {
      op: 'param',
      inputs: [],
      attrs: { name: key, dtype, shape },
      ...(id === undefined ? {} : { id }),
      ...(origin === undefined ? {} : { origin }),
    };
  }
  if (as !== undefined && as !== key) rename(draft, key, as);
}

/** Makes `value` an output too, of its own name or of `as`. Throws VALUE_UNKNOWN, VALUE_FOLDED, NAME_COLLISION. */
export function addOutput(draft: ModelDraft, value: string, as = value): void {
  checkArguments('addOutput', { value, as }, { value: name, as: name });
  const key = keyOf(draft, value, 'addOutput');
  if (draft.outputs.some((output) => output.name === as)) throw taken('addOutput', as, 'an output');
  draft.outputs.push({ name: as, value: key });
}

/**
 * Gives a value another name: an input, an output, a weight or any value within. An output that is called like its value goes
 * with it. Throws VALUE_UNKNOWN, VALUE_FOLDED, NAME_COLLISION where something has the new name.
 */
export function rename(draft: ModelDraft, from: string, to: string): void {
  checkArguments('rename', { from, to }, { from: name, to: name });
  if (from === to) return;
  if (isReserved(to) || to.startsWith('%'))
    throw new HeddleError('USAGE', 'a value cannot have this name', {
      where: 'rename',
      found: JSON.stringify(to),
      expected: 'a name that is not empty and does not begin with %, as ids do',
    });
  const output = draft.outputs.find((candidate) => candidate.name === from);
  const isKey = from in draft.values;
  if (!isKey && output === undefined && !(from in draft.aliases)) keyOf(draft, from, 'rename');
  // A value and an output that it is may come to share a name.
  const isTaken =
    (to in draft.values && (isKey || output?.value !== to)) ||
    to in draft.aliases ||
    draft.outputs.some((other) => other.name === to && !(isKey && other.value === from));
  if (isTaken) throw taken('rename', to, 'something');
  if (isKey && draft.values[from].op === 'weight' && to in draft.weights)
    throw taken('rename', to, 'a weight');
  if (output !== undefined && (!isKey || output.value === from)) output.name = to;
  if (from in draft.aliases) {
    draft.aliases[to] = draft.aliases[from];
    delete draft.aliases[from];
  }
  if (isKey) renameValue(draft, from, to);
  const { folded, merged } = draft.provenance;
  if (merged.has(from))
    draft.provenance = new Provenance(
      folded,
      new Set(Array.from(merged, (one) => (one === from ? to : one))),
    );
}

function renameValue(draft: ModelDraft, from: string, to: string): void {
  const value = copyOf(draft.values[from]);
  const { op, attrs } = value;
  const isWeight = op === 'weight' && attrs.id === from;
  if (op === 'param' && attrs.name === from) attrs.name = to;
  delete draft.values[from];
  draft.values[to] = value;
  if (isWeight) {
    draft.weights[to] = draft.weights[from];
    delete draft.weights[from];
    for (const other of Object.values(draft.values))
      if (other.op === 'weight' && other.attrs.id === from) other.attrs.id = to;
  }
  redirect(draft, from, to);
}

/** Makes everything that reads `from` read `to`. */
export function redirect(draft: ModelDraft, from: string, to: string): void {
  for (const [key, { inputs }] of Object.entries(snapshot(draft.values)))
    inputs.forEach((input, i) => {
      if (input === from) draft.values[key].inputs[i] = to;
    });
  for (const output of draft.outputs) if (output.value === from) output.value = to;
  for (const alias of Object.keys(draft.aliases))
    if (draft.aliases[alias] === from) draft.aliases[alias] = to;
}

const shapeKind = required(
  kind('a list of extents, such as [1, 3, 224, 224]; a text is a symbol', (value) =>
    isListOf(value, (dim) => typeof dim === 'string' || (Number.isSafeInteger(dim) && Number(dim) >= 0)),
  ),
);

/**
 * Gives an input another shape. A symbolic dimension gets its value in the whole model; a number that becomes another one
 * changes where operators compute their shape from the input's, and is an error, at the first of them, where one has it
 * written down. Throws VALUE_UNKNOWN, SHAPE_MISMATCH, IR_PARSE.
 */
export function setShape(draft: ModelDraft, input: string, shape: readonly (number | string)[]): void {
  checkArguments('setShape', { input, shape }, { input: name, shape: shapeKind });
  const key = keyOf(draft, input, 'setShape');
  const value = draft.values[key];
  if (value.op !== 'param')
    throw new HeddleError('USAGE', 'only inputs are given a shape', {
      where: 'setShape',
      found: placeOf(key, value),
      expected: `an input: ${inputsOf(draft).join(', ') || 'the model has none'}`,
    });
  const before = snapshot(value).attrs.shape as Shape;
  const after = shape.map((dim): Dim => (typeof dim === 'string' ? parseDim(dim) : dim));
  const where = `setShape, input ${JSON.stringify(input)}`;
  substitute(draft.values, bindingsOf([{ before, after, where }]));
  draft.values[key].attrs.shape = after;
}

const inputsOf = ({ values }: ModelDraft): string[] =>
  Object.keys(values).filter((key) => values[key].op === 'param');

const taken = (where: string, to: string, what: string): HeddleError =>
  new HeddleError('NAME_COLLISION', `${what} has this name already`, {
    where,
    found: describeValue(to),
    expected: 'a free name',
  });
