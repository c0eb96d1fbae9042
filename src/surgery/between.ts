/** The patches that lead from one program to another, whoever made them. */
import { givenProgram } from '../given-program.js';
import { checkGraph } from '../ir/check-program.js';
import type { Graph, Program, ValueId } from '../ir/graph.js';
import { become } from './become.js';
import { edit, type Edited } from './edit.js';
import {
  anonymousKey,
  formOf,
  isAnonymous,
  keysOf,
  recordOf,
  tensorIn,
  type DraftValue,
  type ProgramForm,
} from './form.js';
import { inOrder } from './lookup.js';
import { commonKeys, identitiesOf, type Identities } from './identity.js';
import { compareTensors } from './tensors.js';

/**
 * What an edit of `before` would have to change for it to be `after`: values are the same as {@link diff} says, by their names
 * and where one program has none by what computes them; each goes by its key in `before`. The program that comes with the
 * patches is `after` in these keys, and in the order of `before` as far as operands and inputs allow.
 *
 * @throws HeddleError: USAGE for what is not a program.
 */
export function patchesBetween(before: Program, after: Program): Edited {
  for (const program of [before, after]) {
    givenProgram('patchesBetween', program);
    checkGraph('patchesBetween', program.graph);
  }
  const base = formOf(before);
  const target = aligned(before, base, after);
  return edit(before, (draft) => become(draft, base, target));
}

/** The edit of `before` after which it is `after` to the last name and id: patches lead from the one to the other and back. */
export function exactlyBetween(before: Program, after: Program): Edited {
  const base = formOf(before);
  const target = formOf(after);
  return edit(before, (draft) => become(draft, base, target));
}

/** `after` with the keys and ids that its values have in `before`, and new ones for the others. */
function aligned(before: Program, own: ProgramForm, after: Program): ProgramForm {
  const other = formOf(after);
  const keys = keysOf(after.graph);
  const ids = freshIds(own);
  const { matched, known, weighty } = matches(before.graph, after.graph, own);
  const taken = new Set(matched.values());
  const named = keys.map((key, value): readonly [key: string, id: number] => {
    const match = matched.get(value);
    if (match !== undefined) return [match, own.values[match].id!];
    const id = ids();
    const isFree = !isAnonymous(key) && !(key in own.values) && !taken.has(key);
    taken.add(isFree ? key : anonymousKey(id));
    return [isFree ? key : anonymousKey(id), id];
  });
  const keyIn = new Map(keys.map((key, value) => [key, named[value][0]]));
  const values = recordOf<DraftValue>();
  keys.forEach((key, value) => {
    const [name, id] = named[value];
    const { op, inputs, attrs, origin } = other.values[key];
    const kept = own.values[name] as ProgramForm['values'][string] | undefined;
    const from = kept?.op === op ? kept.origin : origin;
    values[name] = known.has(value)
      ? (kept as DraftValue)
      : {
          op,
          inputs: inputs.map((input) => keyIn.get(input)!),
          attrs,
          id,
          ...(from === undefined ? {} : { origin: from }),
        };
  });
  keepOperands(values, own);
  const outputs = other.outputs.map(({ name, value }) => ({ name, value: keyIn.get(value)! }));
  dropUnread(values, outputs, [...weighty].map((value) => named[value][0]).filter((key) => !(key in own.values))); // prettier-ignore
  orderInputs(values, named.map(([key]) => key).filter((key) => key in values), own); // prettier-ignore
  const weights = Object.entries(other.weights).map(([id, weight]) => {
    const mine = id in own.weights ? own.weights[id] : undefined;
    return [id, mine !== undefined && sameElements(mine, weight) ? mine : weight] as const;
  });
  return { ...own, name: other.name, values, outputs, weights: recordOf(weights) };
}

interface Matches {
  /** Keys in `before`, by values of `after`. */
  readonly matched: ReadonlyMap<ValueId, string>;
  /** Values of `after` that are weights in whatever shape, and those of them that `before` has just so. */
  readonly weighty: Iterable<ValueId>;
  readonly known: ReadonlySet<ValueId>;
}

function matches(before: Graph, after: Graph, own: ProgramForm): Matches {
  const [a, b] = [keysOf(before), keysOf(after)];
  const common = commonKeys(a, b);
  const numbers = new Map<string, number>();
  const [first, second] = [identitiesOf(before, a, common, numbers), identitiesOf(after, b, common, numbers)];
  const weights = new Map<string, string>();
  for (const value of first.weights.keys()) weights.set(first.definitions[value], a[value]);
  const free = freeKeys(first, a, common);
  const matched = new Map<ValueId, string>();
  const known = new Set<ValueId>();
  const taken = new Set<string>();
  const kept = new Set<string>();
  const match = (value: ValueId, key: string): void => {
    matched.set(value, key);
    taken.add(key);
  };
  const isWeight = (value: ValueId): boolean => second.weights.has(value);
  b.forEach((key, value) => isWeight(value) || !common.has(key) || match(value, key));
  // A weight that stays as it is may be a reshape, and what that reads has to stay, too.
  b.forEach((_, value) => {
    const key = isWeight(value) ? weights.get(second.definitions[value]) : undefined;
    const chain = key === undefined ? [] : chainOf(own, key);
    if (chain.length === 0 || chain.some((one) => taken.has(one) && !kept.has(one))) return;
    known.add(value);
    match(value, key!);
    for (const one of chain) {
      taken.add(one);
      kept.add(one);
    }
  });
  b.forEach((key, value) => {
    if (matched.has(value)) return;
    const found = isWeight(value)
      ? common.has(key) && !taken.has(key) ? key : undefined
      : takeFrom(free.get(second.definitions[value]), isAnonymous(key)); // prettier-ignore
    if (found !== undefined) match(value, found);
  });
  return { matched, known, weighty: second.weights.keys() };
}

/** The key of a weight, and those of the weights that it is a reshape of. */
function chainOf({ values }: ProgramForm, key: string): readonly string[] {
  const chain = [key];
  for (let [next] = values[key].inputs; next !== undefined; [next] = values[next].inputs) chain.push(next);
  return chain;
}

/** Keys of values that are equal and that the other program has no name for. */
interface Free {
  readonly named: string[];
  readonly nameless: string[];
}

/** Of two values with different names one is not the other: what has a name meets only what has none. */
const takeFrom = (free: Free | undefined, isNameless: boolean): string | undefined =>
  (isNameless ? free?.named.shift() : undefined) ?? free?.nameless.shift();

function freeKeys(
  { definitions, weights }: Identities,
  keys: readonly string[],
  common: ReadonlySet<string>,
): ReadonlyMap<string, Free> {
  const free = new Map<string, Free>();
  keys.forEach((key, value) => {
    if (weights.has(value) || common.has(key)) return;
    const alike = free.get(definitions[value]) ?? { named: [], nameless: [] };
    free.set(definitions[value], alike);
    (isAnonymous(key) ? alike.nameless : alike.named).push(key);
  });
  return free;
}

function freshIds({ values }: ProgramForm): () => number {
  let next = 0;
  for (const { id } of Object.values(values)) next = Math.max(next, id! + 1);
  return () => next++;
}

/** A weight that stays as it was may be a reshape, which needs its operand. */
function keepOperands(values: Record<string, DraftValue>, own: ProgramForm): void {
  for (let open = Object.keys(values); open.length > 0;) {
    const missing = open.flatMap((key) => values[key].inputs).filter((input) => !(input in values));
    for (const key of missing) values[key] = own.values[key] as DraftValue;
    open = missing;
  }
}

/**
 * Hands out the ids anew, in the order of `keys`, where the values would otherwise have inputs in another order than `keys`
 * does: what reads an input may draw it before others.
 */
function orderInputs(values: Record<string, DraftValue>, keys: readonly string[], own: ProgramForm): void {
  const isInput = (key: string): boolean => values[key].op === 'param';
  const byId = Object.keys(values).sort((a, b) => values[a].id! - values[b].id!);
  const found = inOrder({ ...own, values }, byId).filter(isInput);
  if (keys.filter(isInput).every((key, i) => key === found[i])) return;
  const listed = new Set(keys);
  const order = [...Object.keys(values).filter((key) => !listed.has(key)), ...listed];
  const ids = byId.map((key) => values[key].id!);
  order.forEach((key, i) => {
    if (values[key].id !== ids[i]) values[key] = { ...values[key], id: ids[i] };
  });
}

/** A weight that only reshapes read, which are weights of the program before, is nothing new. */
function dropUnread(
  values: Record<string, DraftValue>,
  outputs: readonly { readonly value: string }[],
  candidates: readonly string[],
): void {
  const read = new Set([
    ...outputs.map(({ value }) => value),
    ...Object.values(values).flatMap(({ inputs }) => inputs),
  ]);
  for (const key of candidates) if (!read.has(key)) delete values[key];
}

/** Whether a weight has the same bits, in whatever shape. */
function sameElements(a: ProgramForm['weights'][string], b: ProgramForm['weights'][string]): boolean {
  const [x, y] = [tensorIn(a), tensorIn(b)];
  return (
    x.dtype === y.dtype &&
    x.data.length === y.data.length &&
    compareTensors(x, { ...y, shape: x.shape }) === undefined
  );
}
