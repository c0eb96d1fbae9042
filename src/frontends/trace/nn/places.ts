/** Where the tensors of a tree stand, and what modules say of those places. */
import { isFloat } from '../../../base/dtype.js';
import { isTensor, type Tensor } from '../tensor/tensor.js';
import { isNode, keysOf } from '../tree.js';

export interface Place {
  readonly tensor: Tensor;
  /** In a field that its module's class declares as a buffer. */
  readonly isBuffer: boolean;
  /** In a module that is frozen. */
  readonly isFrozen: boolean;
  /** Puts another tensor there. */
  readonly put: (tensor: Tensor) => void;
}

/** The places of all tensors of `tree`, in the order of its leaves. */
export function placesOf(tree: unknown): Place[] {
  const places: Place[] = [];
  const visit = (node: object, isBuffer: boolean, isFrozen: boolean): void => {
    const fields = node as Record<string, unknown>;
    const frozen = isFrozen || ('frozen' in node && node.frozen === true);
    const buffers = buffersOf(node);
    for (const key of keysOf(node)) {
      const value = fields[key];
      const buffer = isBuffer || buffers.has(key);
      if (isTensor(value))
        places.push({
          tensor: value,
          isBuffer: buffer,
          isFrozen: frozen,
          put: (tensor) => (fields[key] = tensor),
        });
      else if (Array.isArray(value) || isNode(value)) visit(value, buffer, frozen);
    }
  };
  visit([tree], false, false);
  return places;
}

/**
 * Which tensors of `tree` an optimiser may change, in the order of its leaves: floats that are neither buffers nor in a
 * frozen module. Integers and bools never are.
 */
export const trainable = (tree: unknown): readonly boolean[] =>
  placesOf(tree).map(({ tensor, isBuffer, isFrozen }) => isFloat(tensor.dtype) && !isBuffer && !isFrozen);

/** Names of the buffers that the class of `node`, and those that it extends, declare. */
function buffersOf(node: object): ReadonlySet<string> {
  const names = new Set<string>();
  let type: unknown = node.constructor;
  while (typeof type === 'function' && type !== Function.prototype) {
    if (Object.hasOwn(type, 'buffers')) {
      const { buffers } = type as unknown as { readonly buffers: unknown };
      if (Array.isArray(buffers)) for (const name of buffers) names.add(String(name));
    }
    type = Object.getPrototypeOf(type);
  }
  return names;
}
