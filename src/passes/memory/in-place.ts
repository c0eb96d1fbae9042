/**
 * What is written over what: the one relation between buffers that fusion counts on, the scheduler settles and storage reads. A
 * donation is the case that the other is an input whose buffer the caller gives up.
 */
import { DEVICE_ELEMENT_BYTES } from '../../base/dtype.js';
import type { Graph, ValueId } from '../../ir/graph.js';
import { sizeOf } from '../../ir/types.js';
import type { Fusion, Group } from '../fusion/group.js';
import type { Aliases } from './aliases.js';
import { dataflowOf } from './dataflow.js';
import { overwriteTable, sameWords, type Overwrite } from './overwrite.js';
import { storedAs } from './residents.js';

/**
 * Buffers, by the values whose they are, each with the one that it is written over, which is read for the last time then. No two are
 * written over the same.
 */
export type InPlace = ReadonlyMap<ValueId, ValueId>;

/** Gives the buffers that a group writes, each with one that it reads and may write over in the same run. */
export type InPlacePairs = (group: Group) => readonly Overwrite[];

/** They hold where the group is the first that touches the one and the last that touches the other. */
export function inPlacePairs({ placements, aliases }: Fusion, { bufferOf }: Aliases): InPlacePairs {
  const overwrites = overwriteTable();
  const known = new Map<Group, readonly Overwrite[]>();
  const pairsOf = (group: Group): readonly Overwrite[] =>
    overwrites(group).flatMap(([result, source]): readonly Overwrite[] => {
      // Part of a concat, or a reshape: no buffer of its own.
      if (placements.has(result) || aliases.has(result) || placements.has(source)) return [];
      const read = bufferOf(source);
      // Another value in the same buffer is read at other places.
      const isRival = (id: ValueId): boolean => id !== source && bufferOf(id) === read;
      return group.sources.some(isRival) || group.results.some(isRival) ? [] : [[result, read]];
    });
  return (group) => {
    const pairs = known.get(group) ?? pairsOf(group);
    known.set(group, pairs);
    return pairs;
  };
}

/**
 * What fusion may count on: a value and the input that it is to be written over are one buffer, which allows larger kernels (Adam
 * updates a parameter and its two moments in one). `donations`: output -> param.
 */
export const promisesOf = (graph: Graph, donations: InPlace = new Map()): InPlace =>
  new Map(
    [...donations]
      .map(([output, param]) => [storedAs(graph, output), param] as const)
      .filter(([value, param]) => value !== param),
  );

/** The donations that can be had, and for each group those that then must have run. */
export interface Donations {
  readonly inPlace: InPlace;
  readonly before: readonly ReadonlySet<number>[];
}

/** `donations`: output -> param. A param that is returned as it is lies where it lies. */
export function settleDonations(
  graph: Graph,
  fusion: Fusion,
  aliases: Aliases,
  pairs: InPlacePairs,
  donations: InPlace,
): Donations {
  const flow = dataflowOf(fusion, aliases);
  const wishes = [...donations].map(([output, param]) => [aliases.original(output), param] as const);
  const returned = new Set(wishes.filter(([value, param]) => value === param).map(([id]) => id));
  const inPlace = new Map<ValueId, ValueId>();
  if (wishes.length === returned.size) return { inPlace, before: flow.needs };
  const before = flow.needs.map((needs) => new Set(needs));
  const after = before.map(() => new Set<number>());
  before.forEach((needs, then) => needs.forEach((first) => after[first].add(then)));
  // The largest first: where two exclude each other, it is the larger that is worth more.
  const bytes = (id: ValueId): number => sizeOf(graph.nodes[id].type) * DEVICE_ELEMENT_BYTES;
  for (const [value, param] of wishes.sort(([, a], [, b]) => bytes(b) - bytes(a))) {
    if (returned.has(param) || !sameWords(graph, value, param)) continue;
    const [readers, writers] = [new Set(flow.readers(param)), flow.writers(value)];
    const may = (group: Group): boolean => pairs(group).some(([to, from]) => to === value && from === param);
    if (writers.some((writer) => readers.has(writer) && !may(fusion.groups[writer]))) continue;
    // A writer that some reader needs cannot wait for it. Little needs what is written last, so this looks ahead.
    if (writers.some((then) => reachesAny(after, then, readers))) continue;
    for (const then of writers)
      for (const first of readers) {
        if (first === then) continue;
        before[then].add(first);
        after[first].add(then);
      }
    inPlace.set(value, param);
  }
  return { inPlace, before };
}

/** Whether `from` must run before another group of `some`, directly or not. */
function reachesAny(after: readonly ReadonlySet<number>[], from: number, some: ReadonlySet<number>): boolean {
  const seen = new Set([from]);
  const open = [from];
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    if (at !== from && some.has(at)) return true;
    for (const next of after[at]) {
      if (seen.has(next)) continue;
      seen.add(next);
      open.push(next);
    }
  }
  return false;
}
