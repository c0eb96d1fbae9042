/** Tensors by name, and trees filled from them. */
import { describeValue } from '../../base/describe.js';
import { flag } from '../../base/kinds.js';
import type { OptionTable } from '../../base/options.js';
import { HeddleError } from '../../base/errors.js';
import { checkElements, copyTensor, describeType, type TensorData } from '../../base/tensor.js';
import { optionsOf } from '../../tensor/arguments.js';
import { flattenTensors } from '../../tensor/expressions/call.js';
import { fromData } from '../../tensor/tensors/factories.js';
import { isTensor, type Tensor } from '../../tensor/tensors/tensor.js';
import { nearestName } from '../../base/nearest.js';

type Entry = Tensor | TensorData;

/** Tensors by name: an object, or a map such as that of `readSafetensors`. */
export type State = Readonly<Record<string, Entry>> | ReadonlyMap<string, Entry>;

export interface LoadOptions {
  /** Whether the names have to be the same on both sides. Default true; else what both have is taken. */
  readonly strict?: boolean;
}

const OPTIONS: OptionTable<LoadOptions> = { strict: flag };

/** Names that a message lists; the rest is counted. */
const LISTED = 5;

/**
 * For each leaf of `tree`, in order, the tensor of its name, on the backend of the leaf; the leaf itself where `strict` is
 * false and there is none. `what` names the tree in errors.
 *
 * @throws TREE_MISMATCH where the names differ; SHAPE_MISMATCH and DTYPE_MISMATCH where a tensor is not like the leaf.
 */
export function leavesFrom(what: string, tree: unknown, state: State, options?: LoadOptions): Tensor[] {
  const { strict = true } = optionsOf(`${what}.load`, options, OPTIONS);
  if (typeof state !== 'object' || state === null)
    throw new HeddleError('USAGE', 'a state is an object or a Map of tensors by name', {
      where: what,
      found: describeValue(state),
      expected: 'model.state(), or readSafetensors(bytes).tensors',
    });
  const { leaves, paths } = flattenTensors(tree);
  const given = state instanceof Map ? new Map([...state].map(([name, entry]) => [String(name), entry])) : new Map(Object.entries(state)); // prettier-ignore
  if (strict) checkNames(what, [...given.keys()], paths);
  return leaves.map((leaf, i) => {
    const entry = given.get(paths[i]) as Entry | undefined;
    return entry === undefined ? leaf : likeLeaf(`${what}, ${paths[i]}`, leaf, entry);
  });
}

function likeLeaf(where: string, leaf: Tensor, entry: Entry): Tensor {
  if (!isTensor(entry)) checkElements(entry, where);
  const found = describeType(entry.dtype, entry.shape);
  const expected = describeType(leaf.dtype, leaf.shape);
  if (entry.dtype !== leaf.dtype)
    throw new HeddleError('DTYPE_MISMATCH', 'a tensor of the state has another dtype', {
      where,
      found,
      expected,
    });
  if (found !== expected)
    throw new HeddleError('SHAPE_MISMATCH', 'a tensor of the state has another shape', {
      where,
      found,
      expected,
    });
  const tensor = isTensor(entry) ? entry : fromData(copyTensor(entry));
  const backend = leaf.expr.storage?.backend;
  return backend === undefined ? tensor : tensor.to(backend);
}

function checkNames(where: string, given: readonly string[], wanted: readonly string[]): void {
  const unexpected = without(given, wanted);
  const missing = without(wanted, given);
  if (unexpected.length === 0 && missing.length === 0) return;
  // A name that fits another tensor already is not a likely meaning, unless there is nothing else.
  const candidates = missing.length > 0 ? missing : wanted;
  const guesses = unexpected.slice(0, LISTED).flatMap((name) => {
    const near = nearestName(name, candidates);
    return near === undefined ? [] : [`${name}: did you mean ${near}?`];
  });
  throw new HeddleError('TREE_MISMATCH', 'the state has other names', {
    where,
    found:
      unexpected.length === 0
        ? `${given.length} names, none that is unknown`
        : `unexpected ${list(unexpected)}`,
    expected: missing.length === 0 ? 'only names that there are' : `also ${list(missing)}`,
    ...(guesses.length === 0 ? {} : { hint: guesses.join('; ') }),
  });
}

function without(names: readonly string[], known: readonly string[]): string[] {
  const set = new Set(known);
  return names.filter((name) => !set.has(name));
}

const list = (names: readonly string[]): string =>
  names.length <= LISTED
    ? names.join(', ')
    : `${names.slice(0, LISTED).join(', ')} and ${names.length - LISTED} more`;
