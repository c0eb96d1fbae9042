/** Values by the names that people use. */
import { HeddleError, withFacts } from '../base/errors.js';
import { nearestName } from '../base/nearest.js';
import { shellWord } from '../base/printable.js';
import { inferType } from '../ir/infer.js';
import type { Op, OpAttrs } from '../ir/ops.js';
import type { TensorType } from '../ir/types.js';
import type { DraftValue, ModelDraft, ProgramForm } from './form.js';

/** A draft, or what it was made from. */
export type AnyForm = ModelDraft | ProgramForm;

/** The key of the value that `name` means: a value's own name, a further one, or that of an output. Throws as `unknown` says. */
export function keyOf(form: AnyForm, name: string, where: string): string {
  const key = name in form.values ? name : (form.aliases[name] ?? outputNamed(form, name));
  if (key !== undefined && key in form.values) return key;
  throw unknownValue(form, name, where);
}

/** The same, for who asks for a result: the output of that name comes first. */
export const resultKeyOf = (form: AnyForm, name: string, where: string): string =>
  outputNamed(form, name) ?? keyOf(form, name, where);

const outputNamed = (form: AnyForm, name: string): string | undefined =>
  form.outputs.find((output) => output.name === name)?.value;

/** Why there is no value `name`: VALUE_FOLDED where importing computed it, else VALUE_UNKNOWN. */
export function unknownValue(form: AnyForm, name: string, where: string): HeddleError {
  const found = JSON.stringify(name);
  if (form.provenance.folded.has(name))
    return new HeddleError('VALUE_FOLDED', 'importing computed this value, so the program does not have it', {
      where,
      found,
      expected: 'a value that depends on an input, or a weight as operators read it',
      hint: 'importOnnx(bytes, { weights: new Map([[name, tensor]]) }) replaces it before it is used',
    });
  return new HeddleError('VALUE_UNKNOWN', 'no value has that name', {
    where,
    found,
    hint: hintFor(form, name),
  });
}

/** Most values that a hint lists. */
const LISTED = 4;

function hintFor(form: AnyForm, name: string): string {
  const ofOperator = Object.keys(form.values).filter((key) => form.values[key].origin === name);
  if (ofOperator.length > 0)
    return `an operator has that name; its values are ${ofOperator.slice(-LISTED).map(shellWord).join(', ')}${ofOperator.length > LISTED ? ' and others' : ''}`;
  const names = [
    ...Object.keys(form.values).filter((key) => !key.startsWith('%')),
    ...Object.keys(form.aliases),
    ...form.outputs.map((output) => output.name),
  ];
  const near = nearestName(name, names);
  return near === undefined
    ? 'Object.keys(draft.values) has the names, and `heddle inspect --values` lists them'
    : `did you mean ${JSON.stringify(near)}?`;
}

/** `value "relu1" (max)` */
export const placeOf = (key: string, { op }: Pick<DraftValue, 'op'>): string =>
  `value ${JSON.stringify(key)} (${String(op)})`;

/** The type rule of an op, with the place where it does not hold. */
export function typeAt(
  key: string,
  { op, attrs }: Pick<DraftValue, 'op' | 'attrs'>,
  operands: readonly TensorType[],
): TensorType {
  try {
    return inferType(op, operands, attrs as unknown as OpAttrs[Op]);
  } catch (error) {
    throw error instanceof HeddleError ? withFacts(error, { where: placeOf(key, { op }) }) : error;
  }
}

/** The values that `keys` depend on, each after its operands. Throws IR_INVALID for a cycle, VALUE_UNKNOWN for an operand. */
export function inOrder(form: AnyForm, keys: readonly string[]): string[] {
  const order: string[] = [];
  const state = new Map<string, 'open' | 'done'>();
  for (const root of keys) {
    const path = state.has(root) ? [] : [{ key: root, next: 0 }];
    while (path.length > 0) {
      const top = path[path.length - 1];
      const { inputs } = form.values[top.key];
      if (top.next === 0) state.set(top.key, 'open');
      if (top.next === inputs.length) {
        state.set(top.key, 'done');
        order.push(top.key);
        path.pop();
        continue;
      }
      const operand = inputs[top.next++];
      const key = operand in form.values ? operand : form.aliases[operand];
      if (key === undefined || !(key in form.values))
        throw unknownValue(
          form,
          operand,
          `${placeOf(top.key, form.values[top.key])}, operand ${top.next - 1}`,
        );
      if (state.get(key) === 'open') throw cycle([...path.map((step) => step.key), key], key);
      if (!state.has(key)) path.push({ key, next: 0 });
    }
  }
  return order;
}

/** Values of a cycle that are named. */
const SHOWN = 8;

function cycle(path: readonly string[], key: string): HeddleError {
  const round = path.slice(path.indexOf(key)).map((name) => JSON.stringify(name));
  const shown = round.length > SHOWN ? [...round.slice(0, SHOWN - 1), '...', round[round.length - 1]] : round;
  return new HeddleError('IR_INVALID', 'values depend on each other in a cycle', {
    found: shown.join(' needs '),
    expected: 'values that depend on others only',
  });
}

/** The types of the values that `key` depends on, and its own. */
export function typesFor(form: AnyForm, keys: readonly string[]): ReadonlyMap<string, TensorType> {
  const types = new Map<string, TensorType>();
  for (const key of inOrder(form, keys)) {
    const value = form.values[key] as DraftValue;
    const operands = value.inputs.map((input) =>
      types.get(input in form.values ? input : form.aliases[input])!,
    );
    types.set(key, typeAt(key, value, operands));
  }
  return types;
}
