/** Models without the cost of their initial values. */
import { jit, random, treeMap, zeros } from '../../dist/index.js';

/**
 * The model that `make` makes from a key, with zeros, which take no memory, for all its tensors. Under trace the random
 * numbers of its parameters are never computed.
 * @template M
 * @param {(key: import('../../dist/index.js').Tensor) => M} make
 * @returns {M}
 */
export function modelOfShapes(make) {
  let model;
  const note = jit((key) => {
    model = treeMap((leaf) => zeros(leaf.shape, { dtype: leaf.dtype }), make(key));
    return key;
  });
  note.lower(random.key(0));
  return model;
}
