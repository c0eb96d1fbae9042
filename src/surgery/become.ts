/** A draft made into another form, by as few changes as that takes. */
import type { TensorData } from '../base/tensor.js';
import { SymDim } from '../ir/dim.js';
import {
  Provenance,
  tensorIn,
  type DraftOutput,
  type DraftValue,
  type ModelDraft,
  type ProgramForm,
} from './form.js';
import { copyOf } from './snapshot.js';
import { sameTensor } from './tensors.js';

/** Makes `draft`, which is `base` as yet, into `target`. What both have stays what it is there, and gives no patches. */
export function become(draft: ModelDraft, base: ProgramForm, target: ProgramForm): void {
  if (base.name !== target.name) draft.name = target.name;
  for (const key of Object.keys(base.values)) if (!(key in target.values)) delete draft.values[key];
  for (const [key, value] of Object.entries(target.values))
    if (!(key in base.values)) draft.values[key] = copyOf(value as DraftValue);
    else if (base.values[key] !== value) becomeValue(draft, key, base, value as DraftValue);
  becomeOutputs(draft.outputs, base.outputs, target.outputs);
  becomeRecord(draft.weights, base.weights, target.weights, (a, b) => sameTensor(tensorIn(a), tensorIn(b)));
  becomeRecord(draft.aliases, base.aliases, target.aliases, Object.is);
  const [own, other] = [base.provenance, target.provenance];
  if (!sameSet(own.folded, other.folded) || !sameSet(own.merged, other.merged))
    draft.provenance = new Provenance(other.folded, other.merged);
}

function becomeValue(draft: ModelDraft, key: string, base: ProgramForm, target: DraftValue): void {
  const own = base.values[key];
  const value = (): DraftValue => draft.values[key];
  if (own.op !== target.op) value().op = target.op;
  if (own.inputs.length !== target.inputs.length) value().inputs = [...target.inputs];
  else target.inputs.forEach((input, i) => own.inputs[i] === input || (value().inputs[i] = input));
  const attrs = Object.keys({ ...own.attrs, ...target.attrs });
  for (const name of attrs)
    if (!(name in target.attrs)) delete value().attrs[name];
    else if (!sameData(own.attrs[name], target.attrs[name])) value().attrs[name] = target.attrs[name];
  if (own.id !== target.id) value().id = target.id!;
  if (own.origin !== target.origin) {
    if (target.origin === undefined) delete value().origin;
    else value().origin = target.origin;
  }
}

function becomeOutputs(
  draft: DraftOutput[],
  base: readonly DraftOutput[],
  target: readonly DraftOutput[],
): void {
  target.forEach(({ name, value }, i) => {
    const own = base.at(i);
    if (own === undefined || i >= base.length) draft.push({ name, value });
    else if (own.name !== name || own.value !== value) draft[i] = { name, value };
  });
  if (draft.length > target.length) draft.length = target.length;
}

function becomeRecord<T extends string | TensorData | object>(
  draft: Record<string, T>,
  base: Readonly<Record<string, unknown>>,
  target: Readonly<Record<string, unknown>>,
  isSame: (a: never, b: never) => boolean,
): void {
  for (const key of Object.keys(base)) if (!(key in target)) delete draft[key];
  for (const [key, entry] of Object.entries(target))
    if (!(key in base) || !isSame(base[key] as never, entry as never)) draft[key] = entry as T;
}

const sameSet = (a: ReadonlySet<string>, b: ReadonlySet<string>): boolean =>
  a.size === b.size && [...a].every((one) => b.has(one));

/** Whether two attributes say the same: numbers with their signs, dimensions by their text, lists and graphs part by part. */
function sameData(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (a instanceof SymDim || b instanceof SymDim)
    return a instanceof SymDim && b instanceof SymDim && a.text === b.text;
  const [x, y] = [Object.entries(a), b as Readonly<Record<string, unknown>>];
  return (
    Array.isArray(a) === Array.isArray(b) &&
    x.length === Object.keys(y).length &&
    x.every(([name, one]) => Object.hasOwn(y, name) && sameData(one, y[name]))
  );
}
