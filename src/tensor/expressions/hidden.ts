/** Tensors and modules that no tree shows: those in an object of another class, a Map, a Set, or beside a function. */
import { describeValue } from '../../base/describe.js';
import { HeddleError } from '../../base/errors.js';
import { isTensor } from '../tensors/tensor.js';
import { TREE_NODE } from '../trees/tree.js';

/** Values that are looked at in one object. */
const LOOKED_AT = 10_000;

/**
 * Throws USAGE where `value`, which is not a node of a tree, holds tensors or modules: nothing would train, save or move them.
 * `place` leads to it.
 */
export function refuseHidden(value: unknown, place: string): void {
  if (!hidesTensors(value)) return;
  const isCollection = value instanceof Map || value instanceof Set;
  throw new HeddleError('USAGE', 'tensors or modules are hidden in an object that is not a module', {
    where: place === '' ? undefined : place,
    found: describeValue(value),
    expected: 'a tensor, a module, or a list or a plain object of them',
    hint: isCollection ? 'make a plain object or a list of it' : 'its class extends nn.Module: then they are trained, saved and moved', // prettier-ignore
  });
}

function hidesTensors(value: unknown): boolean {
  const seen = new Set<unknown>([value]);
  // A set is walked in the order in which it grows.
  for (const holder of seen)
    for (const item of itemsOf(holder)) {
      if (typeof item !== 'function' && (typeof item !== 'object' || item === null)) continue;
      if (isTensor(item) || TREE_NODE in item) return true;
      if (seen.size < LOOKED_AT) seen.add(item);
    }
  return false;
}

/** What an object holds itself. No getter is called. */
function* itemsOf(holder: unknown): Generator {
  if (holder instanceof Map) yield* holder.keys();
  if (holder instanceof Map || holder instanceof Set) yield* holder.values();
  if (ArrayBuffer.isView(holder)) return;
  if (Array.isArray(holder)) yield* holder.slice(0, LOOKED_AT);
  else if ((typeof holder === 'object' && holder !== null) || typeof holder === 'function')
    for (const field of Object.values(Object.getOwnPropertyDescriptors(holder)))
      if (field.enumerable === true) yield field.value;
}
