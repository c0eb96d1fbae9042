/** Which groups write and read each stored value: what an order of groups has to respect. */
import type { ValueId } from '../../ir/graph.js';
import type { Fusion } from '../fusion/group.js';
import type { Aliases } from './aliases.js';

/** Groups by their position in `fusion.groups`. */
export interface Dataflow {
  /** The groups that write `id`: one, or one for each part of a concat that is stored part by part. */
  readonly writers: (id: ValueId) => readonly number[];
  /** The groups that read `id`, a reshape of it, or a concat of which it is a part. */
  readonly readers: (id: ValueId) => readonly number[];
  /** For each group, the groups that write what it reads. */
  readonly needs: readonly ReadonlySet<number>[];
}

export function dataflowOf({ groups, placements }: Fusion, { original }: Aliases): Dataflow {
  const add = (map: Map<ValueId, number[]>, id: ValueId, group: number): void => {
    const known = map.get(id);
    if (known === undefined) map.set(id, [group]);
    else if (!known.includes(group)) known.push(group);
  };
  const written = new Map<ValueId, number[]>();
  const read = new Map<ValueId, number[]>();
  groups.forEach(({ results, sources, copy }, i) => {
    for (const id of results) {
      // A part is written where the concats lie that hold it.
      let into: ValueId | undefined = copy === undefined ? original(id) : copy.into;
      for (; into !== undefined; into = placements.get(into)?.into) add(written, into, i);
    }
    for (const id of sources) add(read, original(id), i);
  });
  const writers = (id: ValueId): readonly number[] => written.get(original(id)) ?? [];
  const readers = (id: ValueId): readonly number[] => {
    const found = new Set<number>();
    for (let at: ValueId | undefined = original(id); at !== undefined; at = placements.get(at)?.into)
      for (const reader of read.get(at) ?? []) found.add(reader);
    return [...found];
  };
  const needs = groups.map(({ sources }, i) => {
    const found = new Set(sources.flatMap((id) => writers(id)));
    found.delete(i);
    return found;
  });
  return { writers, readers, needs };
}
