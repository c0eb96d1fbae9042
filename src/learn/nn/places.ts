/** Where the tensors of a tree stand, and what modules say of those places. */
import { describeValue } from '../../base/describe.js';
import { isFloat } from '../../base/dtype.js';
import { HeddleError } from '../../base/errors.js';
import { listOf, text } from '../../base/kinds.js';
import { nearestName } from '../../base/nearest.js';
import { refuseHidden } from '../../tensor/expressions/hidden.js';
import { isTensor, type Tensor } from '../../tensor/tensors/tensor.js';
import { isNode, keysOf, TREE_NODE } from '../../tensor/trees/tree.js';

const strings = listOf('names', text.accepts);

const NONE: ReadonlySet<string> = new Set();

export interface Place {
  readonly tensor: Tensor;
  /** In a field that its module's class declares as a buffer. */
  readonly isBuffer: boolean;
  /** In a module that is frozen. */
  readonly isFrozen: boolean;
  /** Puts another tensor there. */
  readonly put: (tensor: Tensor) => void;
}

/** The places of all tensors of `tree`, in the order of its leaves. Throws USAGE where an object hides some, or a buffer is none. */
export function placesOf(tree: unknown): Place[] {
  const places: Place[] = [];
  const root = [tree];
  const visit = (node: object, path: string, isBuffer: boolean, isFrozen: boolean): void => {
    const fields = node as Record<string, unknown>;
    const frozen = isFrozen || ('frozen' in node && node.frozen === true);
    const buffers = buffersOf(node, path);
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
      else {
        const place = node === root ? '' : path === '' ? key : `${path}.${key}`;
        if (Array.isArray(value) || isNode(value)) visit(value, place, buffer, frozen);
        else refuseHidden(value, place);
      }
    }
  };
  visit(root, '', false, false);
  return places;
}

/**
 * Which tensors of `tree` an optimiser may change, in the order of its leaves: floats that are neither buffers nor in a
 * frozen module. Integers and bools never are.
 */
export const trainable = (tree: unknown): readonly boolean[] =>
  placesOf(tree).map(({ tensor, isBuffer, isFrozen }) => isFloat(tensor.dtype) && !isBuffer && !isFrozen);

/** Names of the buffers that the class of `node`, and those that it extends, declare. Throws USAGE where no field has the name. */
function buffersOf(node: object, path: string): ReadonlySet<string> {
  if (!(TREE_NODE in node)) return NONE;
  const where = path === '' ? node.constructor.name : `${node.constructor.name}, ${path}`;
  if ('buffers' in node && strings.accepts(node.buffers) && (node.buffers as readonly string[]).length > 0)
    refuseList(where, 'a field buffers', 'it is the class that names its buffers');
  const names = new Set<string>();
  let type: unknown = node.constructor;
  while (typeof type === 'function' && type !== Function.prototype) {
    if (Object.hasOwn(type, 'buffers')) {
      const { buffers } = type as unknown as { readonly buffers: unknown };
      if (!strings.accepts(buffers)) refuseList(where, describeValue(buffers));
      for (const name of buffers as readonly string[]) names.add(name);
    }
    type = Object.getPrototypeOf(type);
  }
  for (const name of names) if (!Object.hasOwn(node, name)) refuseBuffer(node, name, where);
  return names;
}

function refuseList(where: string, found: string, hint?: string): never {
  throw new HeddleError('USAGE', 'the buffers of a module are a static list of names of fields', {
    where,
    found,
    expected: "static buffers = ['runningMean']",
    hint,
  });
}

function refuseBuffer(node: object, name: string, where: string): never {
  const fields = Object.keys(node).filter((field) => field !== 'frozen');
  const near = nearestName(name, fields);
  throw new HeddleError('USAGE', 'no field has the name of a buffer', {
    where,
    found: `static buffers: ${JSON.stringify(name)}`,
    expected: fields.length === 0 ? 'no names: it has no fields' : `one of ${fields.join(', ')}`,
    hint:
      near === undefined ? 'a buffer that is left out is a field that is undefined' : `did you mean ${near}?`,
  });
}
