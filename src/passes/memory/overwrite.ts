/** Which results a kernel may write over what it reads: where it reads an element only to compute the one in its place. */
import { isFloat } from '../../base/dtype.js';
import { elementCount } from '../../base/tensor.js';
import type { Graph, ValueId } from '../../ir/graph.js';
import { staticShape } from '../../ir/types.js';
import { isRowLevel, resultIndex, type Fusion, type Group } from '../fusion/group.js';
import { isFree } from '../fusion/traits.js';
import { findUses, usedOnlyAt, type Uses } from '../fusion/walk.js';

/** Whether `group`, which reads `source`, may write `result` over it. */
export type MayOverwrite = (result: ValueId, source: ValueId) => boolean;

const shapeIn = (graph: Graph, id: ValueId): readonly number[] => staticShape(graph.nodes[id].type.shape);

/** Whether two values can lie in one buffer: as many words, read as the same type. */
export function sameWords(graph: Graph, a: ValueId, b: ValueId): boolean {
  const isFloatValue = (id: ValueId): boolean => isFloat(graph.nodes[id].type.dtype);
  return (
    isFloatValue(a) === isFloatValue(b) && elementCount(shapeIn(graph, a)) === elementCount(shapeIn(graph, b))
  );
}

/** The rule for the kernel of `group`. Any number of pairs that it allows may be overwritten in one run of the kernel. */
export function overwriteRule(graph: Graph, group: Group): MayOverwrite {
  if (group.copy !== undefined || group.sources.length === 0) return () => false;
  const { space } = group;
  const members = new Set(group.members);
  const usesOf = (results: readonly ValueId[]): Uses =>
    findUses(graph, space, results, (id) => !members.has(id));
  const uses = usesOf(group.results);
  // Lanes that are done with a row must not overwrite what the others still read to compute its elements.
  const elements =
    space.kind === 'rows' ? group.results.filter((id) => !isRowLevel(space, shapeIn(graph, id))) : [];
  const elementUses = usesOf(elements);
  const shared = (source: ValueId): boolean =>
    space.kind === 'rows' && isRowLevel(space, shapeIn(graph, source)) && elementUses.has(source);
  return (result, source) =>
    !isFree(graph.nodes[source].op) &&
    sameWords(graph, result, source) &&
    !shared(source) &&
    usedOnlyAt(uses, source, resultIndex(space, shapeIn(graph, source)));
}

/**
 * Pairs of a result of `group` and a source that it may be written over, where this is the first group that touches the one
 * and the last that touches the other. A value may be in several pairs.
 */
export function overwritable(
  graph: Graph,
  { placements, aliases }: Fusion,
  group: Group,
): (readonly [ValueId, ValueId])[] {
  const allowed = overwriteRule(graph, group);
  return group.results.flatMap((result) =>
    group.sources.flatMap((source) => {
      const inside = placements.has(result) || aliases.has(result) || placements.has(source);
      return !inside && allowed(result, source) ? [[result, source] as const] : [];
    }),
  );
}
