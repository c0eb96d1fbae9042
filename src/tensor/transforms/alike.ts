/** Trees that have to have the same structure and types: carries, branches. */
import { HeddleError } from '../../base/errors.js';
import { printType } from '../../ir/types.js';
import { named } from '../tensors/core.js';
import type { Tensor } from '../tensors/tensor.js';
import { structureDifference, type Flat } from '../trees/tree.js';

/**
 * Throws TREE_MISMATCH or SHAPE_MISMATCH, with both sides and the place, unless `found` is like `expected`. `differ` is the
 * message up to what differs: 'structure' or 'type'.
 */
export function ensureAlike(name: string, differ: string, found: Flat<Tensor>, expected: Flat<Tensor>): void {
  const parting = structureDifference(found.structure, expected.structure);
  if (parting !== undefined)
    named(`${name}, ${parting.path}`, () => {
      const { found: is, expected: wanted } = parting;
      throw new HeddleError('TREE_MISMATCH', `${differ} structure`, { found: is, expected: wanted });
    });
  found.leaves.forEach((leaf, i) => {
    const [is, wanted] = [leaf, expected.leaves[i]].map(({ expr }) => printType(expr.type));
    if (is === wanted) return;
    const path = found.paths[i];
    named(path === '' ? name : `${name}, ${path}`, () => {
      throw new HeddleError('SHAPE_MISMATCH', `${differ} type`, { found: is, expected: wanted });
    });
  });
}
