/**
 * Where a group uses its values: the index, in terms of the variables of its space, at which each value is needed.
 * Fusion accepts a reduction or a second result only where that index is the one that the kernel has at hand.
 */
import type { Graph, ValueId } from '../../ir/graph.js';
import { delinearize, indexVar, type Index } from '../../ir/index-expr.js';
import { isView, mapIndex } from '../../ir/index-map.js';
import { isBinary, isCompare, isUnary } from '../../ir/ops.js';
import { staticShape } from '../../ir/types.js';
import { COL_VAR, mergeAxes, resultIndex, type Space } from './group.js';

/** Index keys at which a value is used; DYNAMIC where the index depends on data or on an inner loop. */
export type Uses = ReadonlyMap<ValueId, ReadonlySet<string>>;
export const DYNAMIC = 'dynamic';

export const keyOf = (index: readonly Index[]): string => index.map((i) => i.key).join(',');

/**
 * `stop`: values that are read from memory; their own operands are not followed. `indexOf`: {@link resultIndex}, or a table
 * of what it gives.
 */
export function findUses(
  graph: Graph,
  space: Space,
  results: readonly ValueId[],
  stop: (id: ValueId) => boolean,
  indexOf: typeof resultIndex = resultIndex,
): Uses {
  const uses = new Map<ValueId, Set<string>>();
  const visit = (id: ValueId, index: readonly Index[] | undefined): void => {
    const key = index === undefined ? DYNAMIC : keyOf(index);
    const known = uses.get(id);
    if (known?.has(key) === true) return;
    if (known === undefined) uses.set(id, new Set([key]));
    else known.add(key);
    if (stop(id)) return;
    const node = graph.nodes[id];
    const { op, inputs } = node;
    if (index === undefined) return inputs.forEach((input) => visit(input, undefined));
    if (isUnary(op) || isBinary(op) || isCompare(op) || op === 'select' || op === 'cast' || op === 'bitcast')
      return inputs.forEach((input) => visit(input, index));
    if (isView(op)) {
      const operand = staticShape(graph.nodes[inputs[0]].type.shape);
      return visit(inputs[0], mapIndex(node as Parameters<typeof mapIndex>[0], operand, index));
    }
    if (node.op === 'reduce' && space.kind === 'rows') {
      const shape = staticShape(graph.nodes[inputs[0]].type.shape);
      const { axes } = node.attrs;
      const inner = delinearize(indexVar(COL_VAR, space.cols), axes.map((axis) => shape[axis])); // prettier-ignore
      return visit(inputs[0], mergeAxes(shape.length, axes, index, inner));
    }
    // scatter starts from the element in the same place.
    inputs.forEach((input, i) => visit(input, op === 'scatter' && i === 0 ? index : undefined));
  };
  for (const id of results) visit(id, indexOf(space, staticShape(graph.nodes[id].type.shape)));
  return uses;
}

/** Whether `id` is used, and at no other index than `expected`. */
export const usedOnlyAt = (uses: Uses, id: ValueId, expected: readonly Index[]): boolean => {
  const keys = uses.get(id);
  return keys !== undefined && keys.size === 1 && keys.has(keyOf(expected));
};
