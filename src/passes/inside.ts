/**
 * Loops that one kernel makes all trips of: where a trip is one elementwise kernel, and each of its invocations needs of what is
 * carried only the element that it has made itself, it keeps that in registers, and the loop stands inside.
 */
import { elementCount } from '../base/tensor.js';
import { paramsOf, type Graph, type Node, type ValueId } from '../ir/graph.js';
import { staticShape } from '../ir/types.js';
import type { Bindings } from './fusion/bindings.js';
import { resultIndex, type Fusion } from './fusion/group.js';
import { findUses, usedOnlyAt } from './fusion/walk.js';
import { fuseWhole } from './fusion/whole.js';
import { workOf } from './subgraphs/work.js';
import type { Target } from './target.js';

/**
 * The one kernel of a trip, which may be the kernel of all of them; or why there is none. `trip`: the graph of a trip, whose carried
 * values are to be written over. `bindings`: what the buffers of its values take.
 * The loop has a static number of trips.
 */
export function fuseTrips(
  { attrs: { carries, trips } }: Node<'loop'>,
  trip: Graph,
  target: Target,
  bindings: Bindings,
): Fusion | string {
  const fusion = fuseWhole(trip, target);
  if (typeof fusion === 'string') return fusion;
  const [{ space, members, results, sources }] = fusion.groups;
  if (space.kind !== 'flat') return 'the kernel of a trip is not elementwise';
  const { uses } = findUses(trip, space, results, members);
  const isOwn = ({ id }: { readonly id: ValueId }): boolean => {
    const shape = staticShape(trip.nodes[id].type.shape);
    return elementCount(shape) === space.count && usedOnlyAt(uses, id, resultIndex(space, shape));
  };
  const carried = paramsOf(trip).slice(0, carries);
  if (!carried.every(isOwn)) return 'an element needs what is carried for another one';
  const inPlace = carried.filter(({ id }) => sources.includes(id)).map(({ id }) => id);
  const sum = (ids: readonly ValueId[]): number => ids.reduce((count, id) => count + bindings(id), 0);
  const buffers = sum(sources) + sum(results) - sum(inPlace);
  if (buffers > target.storageBuffers) return `its kernel would need ${buffers} buffers`;
  const operations = (Number(trips) * workOf(trip, target)) / space.count;
  return operations > target.maxLoopOperations ? 'its trips are too long for one kernel' : fusion;
}
