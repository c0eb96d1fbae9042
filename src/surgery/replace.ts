/** Operators and weights that others take the place of. */
import { checkArguments, hostTensor } from '../base/arguments.js';
import { HeddleError } from '../base/errors.js';
import { func, required, text } from '../base/kinds.js';
import { checkElements, describeType, type TensorData } from '../base/tensor.js';
import type { Value } from '../ir/emitter.js';
import { printShape, shapesEqual, type Shape } from '../ir/types.js';
import { DraftBuilder, freeName, type DraftRef } from './builder.js';
import { tensorIn, type ModelDraft } from './form.js';
import { keyOf, placeOf } from './lookup.js';
import { redirect } from './ports.js';
import { copyOf, snapshot } from './snapshot.js';

/** What stands where something is to be replaced. */
export interface Site {
  /** The value itself: what is built on it stands behind it. */
  readonly value: DraftRef;
  /** The operands of its operation. */
  readonly inputs: readonly DraftRef[];
}

/**
 * Has `value` computed by what `build` gives, which everything that reads it reads from then on:
 *
 *     replace(draft, 'relu1', (b, { inputs: [x] }) => b.unary('tanh', x));     another operator
 *     replace(draft, 'relu1', (b, { value }) => b.binary('mul', value, value)); one more behind it
 *     replace(draft, 'relu1', (b, { inputs: [x] }) => x);                       none
 *
 * `b` is an Emitter, for which all compositions of operators are written. What only the replaced operation needed stays
 * until {@link prune}. Throws VALUE_UNKNOWN, VALUE_FOLDED; NAME_COLLISION where importing made one value of several; what the
 * type rules throw.
 */
export function replace(
  draft: ModelDraft,
  value: string,
  build: (b: DraftBuilder, site: Site) => Value,
): void {
  checkArguments('replace', { value, build }, { value: required(text), build: required(func) });
  const key = keyOf(draft, value, 'replace');
  refuseMerged(draft, value, key, 'replace');
  const before = freeName(draft, `${key}/replaced`);
  const old = copyOf(draft.values[key]);
  draft.values[before] = old;
  delete draft.values[key];
  const b = new DraftBuilder(draft, key);
  const result = build(b, { value: b.value(before), inputs: old.inputs.map((input) => b.value(input)) });
  const { name } = b.value((result as Partial<DraftRef> | undefined)?.name ?? '');
  if (name === before || b.added.includes(name)) {
    draft.values[key] = copyOf(draft.values[name]);
    delete draft.values[name];
    redirect(draft, name, key);
  } else {
    redirect(draft, key, name);
    if (!key.startsWith('%')) draft.aliases[key] = name;
  }
  if (before in draft.values && !isRead(draft, before)) delete draft.values[before];
}

const isRead = ({ values, outputs }: ModelDraft, key: string): boolean =>
  outputs.some(({ value }) => value === key) ||
  Object.values(snapshot(values)).some(({ inputs }) => inputs.includes(key));

/** Throws NAME_COLLISION where a value of the file may be another one, too. */
function refuseMerged(
  { provenance: { merged }, aliases }: ModelDraft,
  name: string,
  key: string,
  where: string,
): void {
  const names = new Set([name, key, ...Object.keys(aliases).filter((alias) => aliases[alias] === key)]);
  if (![...names].some((one) => merged.has(one))) return;
  throw new HeddleError('NAME_COLLISION', 'importing found this value equal to others, and made them one', {
    where,
    found: Array.from(names, (one) => JSON.stringify(one)).join(', '),
    expected: 'a value that is this one only',
    hint: 'change the operands of what reads it: draft.values[NAME].inputs; or a tensor with `weights` of importOnnx',
  });
}

/**
 * Replaces the tensor of a weight, by the id of the weight or the name of its value. One of another shape changes the types
 * of what reads it. Throws VALUE_UNKNOWN, VALUE_FOLDED, USAGE for what is not a weight, INPUT_DTYPE and INPUT_SHAPE for a tensor
 * whose data is not what it says, WEIGHT_INVALID where the model reads the weight with a shape of its own.
 */
export function setWeight(draft: ModelDraft, weight: string, tensor: TensorData): void {
  checkArguments('setWeight', { weight, tensor }, { weight: required(text), tensor: hostTensor });
  checkElements(tensor, `setWeight, ${JSON.stringify(weight)}`);
  const { id, type } = weightNamed(draft, weight);
  const [found, expected] = [tensor, type].map(({ dtype, shape }) => describeType(dtype, shape));
  if (found !== expected)
    for (const [key, { op, attrs }] of Object.entries(snapshot(draft.values))) {
      if (op !== 'weight' || attrs.id !== id) continue;
      if (!shapesEqual(attrs.shape as Shape, type.shape))
        throw new HeddleError('WEIGHT_INVALID', 'the model reads this weight with a shape of its own', {
          where: placeOf(key, { op }),
          found,
          expected: `${expected}, which is read as ${printShape(attrs.shape as Shape)}`,
        });
      Object.assign(draft.values[key].attrs, { dtype: tensor.dtype, shape: [...tensor.shape] });
    }
  draft.weights[id] = tensor;
}

interface NamedWeight {
  readonly id: string;
  readonly type: Pick<TensorData, 'dtype' | 'shape'>;
}

/** The weight of that id, or behind the value of that name; a literal becomes one. */
function weightNamed(draft: ModelDraft, name: string): NamedWeight {
  if (name in draft.weights) return { id: name, type: tensorIn(draft.weights[name]) };
  const key = keyOf(draft, name, 'setWeight');
  const value = copyOf(draft.values[key]);
  if (value.op === 'weight') return weightNamed(draft, value.attrs.id as string);
  if (value.op !== 'constant')
    throw new HeddleError('USAGE', 'the value is not a weight', {
      where: 'setWeight',
      found: placeOf(key, value),
      expected: 'a weight or a constant',
    });
  refuseMerged(draft, name, key, 'setWeight');
  const type = value.attrs as unknown as NamedWeight['type'];
  let id = key;
  while (id in draft.weights) id += '+';
  draft.values[key] = { ...value, op: 'weight', attrs: { id, dtype: type.dtype, shape: type.shape } };
  return { id, type };
}
