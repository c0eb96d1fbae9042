/**
 * In which order the kernels of a program run and what memory they use. Where inputs and outputs lie in buffers of the
 * caller's: also which outputs take over the buffer of an input. Those whose kernel is the last that needs the input, and
 * needs each element only where it writes the new one.
 */
import { DEVICE_ELEMENT_BYTES } from '../../base/dtype.js';
import type { Graph, ValueId } from '../../ir/graph.js';
import { sizeOf } from '../../ir/types.js';
import type { Bindings } from '../fusion/bindings.js';
import type { InPlace } from '../fusion/fuse.js';
import type { Fusion, Group } from '../fusion/group.js';
import type { Target } from '../target.js';
import { aliasesOf, type Aliases } from './aliases.js';
import { dataflowOf } from './dataflow.js';
import { overwriteTable, sameWords, type Overwrites } from './overwrite.js';
import { storedAs } from './residents.js';
import { schedule } from './schedule.js';
import { assignBuffers, type BufferAssignment } from './buffer-assignment.js';

/** Inputs and outputs in buffers of the caller's. */
export interface ResidentPorts {
  /** Output -> the param whose buffer is given up for it (see `donatedValues`). */
  readonly donations: ReadonlyMap<ValueId, ValueId>;
}

export interface Arrangement {
  /** With its groups in the order in which they run. */
  readonly fusion: Fusion;
  readonly assignment: BufferAssignment;
  /** Stored value -> the param in whose buffer it is stored. A param that is returned as it is stands for itself. */
  readonly inPlace: ReadonlyMap<ValueId, ValueId>;
  /** In the arena: buffers that are written over another, each with that other. */
  readonly overwritten: ReadonlyMap<ValueId, ValueId>;
}

/**
 * `ports`: undefined where inputs and outputs lie in the arena. `own`: the bytes that loops need for their trips, which lie where
 * their values do.
 */
export function arrange(
  graph: Graph,
  fusion: Fusion,
  target: Target,
  ports?: ResidentPorts,
  own: ReadonlyMap<ValueId, number> = new Map(),
): Arrangement {
  const aliases = aliasesOf(graph, fusion);
  const overwrites = overwriteTable();
  const { inPlace, before } = takeOver(graph, fusion, aliases, overwrites, ports?.donations ?? new Map());
  const outputs = new Set(graph.outputs.map(({ value }) => aliases.bufferOf(value)));
  const isPort = (buffer: ValueId): boolean =>
    ports !== undefined && (graph.nodes[buffer].op === 'param' || outputs.has(buffer));
  const isOutside = (buffer: ValueId): boolean => graph.nodes[buffer].op === 'weight' || isPort(buffer);
  const bytesOf = (id: ValueId): number => own.get(id) ?? sizeOf(graph.nodes[id].type) * DEVICE_ELEMENT_BYTES;
  const scheduled = schedule(graph, fusion, { aliases, overwrites, before, isOutside, target, bytesOf });
  const shared = { ...scheduled, inPlace: new Map([...inPlace, ...scheduled.inPlace]) };
  const assignment = assignBuffers(graph, aliases, shared, isPort, bytesOf);
  return { fusion: scheduled.fusion, inPlace, assignment, overwritten: scheduled.inPlace };
}

/**
 * What fusion may count on: a value and what it is written over are one buffer, which allows larger kernels (Adam updates a
 * parameter and its two moments in one).
 */
export const promisesOf = (graph: Graph, ports: ResidentPorts | undefined): InPlace =>
  new Map([...(ports?.donations ?? [])].map(([output, param]) => [storedAs(graph, output), param]));

/** The promises that hold, where kernels are too large without the others; undefined where all is well. */
export function promisesLeft(
  promised: InPlace,
  { fusion, inPlace }: Arrangement,
  { storageBuffers }: Target,
  bindings: Bindings,
): InPlace | undefined {
  if (fusion.groups.every((group) => bindingsIn(group, inPlace, bindings) <= storageBuffers))
    return undefined;
  const kept = new Map([...promised].filter(([value]) => inPlace.has(value)));
  return kept.size === promised.size ? undefined : kept;
}

/** Bindings of the kernel of a group. */
export function bindingsIn({ sources, results, space }: Group, inPlace: InPlace, bindings: Bindings): number {
  // A loop binds nothing: the groups of its body do.
  if (space.kind === 'loop') return 0;
  const written = results.filter((id) => !sources.includes(inPlace.get(id) ?? -1));
  return [...sources, ...written].reduce((sum, id) => sum + bindings(id), 0);
}

/** The donations that can be had, and what then must run before what. */
function takeOver(
  graph: Graph,
  fusion: Fusion,
  aliases: Aliases,
  overwrites: Overwrites,
  donations: ReadonlyMap<ValueId, ValueId>,
): { readonly inPlace: ReadonlyMap<ValueId, ValueId>; readonly before: readonly ReadonlySet<number>[] } {
  const flow = dataflowOf(fusion, aliases);
  const before = flow.needs.map((needs) => new Set(needs));
  const after = before.map(() => new Set<number>());
  before.forEach((needs, then) => needs.forEach((first) => after[first].add(then)));
  const inPlace = new Map<ValueId, ValueId>();
  // The largest first: where two exclude each other, it is the larger that is worth more.
  const bytes = (id: ValueId): number => sizeOf(graph.nodes[id].type) * DEVICE_ELEMENT_BYTES;
  const wishes = [...donations]
    .map(([output, param]) => [aliases.original(output), param] as const)
    .sort(([, a], [, b]) => bytes(b) - bytes(a));
  const returned = new Set(wishes.filter(([value, param]) => value === param).map(([id]) => id));
  for (const [value, param] of wishes) {
    if (value === param) inPlace.set(value, param);
    else if (!returned.has(param)) {
      const [readers, writers] = [flow.readers(param), flow.writers(value)];
      if (!mayWriteOver(graph, fusion, aliases, overwrites, { value, param, readers, writers })) continue;
      // A writer that some reader needs cannot wait for it. Little needs what is written last, so this looks ahead.
      if (writers.some((then) => reachesAny(after, then, new Set(readers)))) continue;
      for (const then of writers)
        for (const first of readers) {
          if (first === then) continue;
          before[then].add(first);
          after[first].add(then);
        }
      inPlace.set(value, param);
    }
  }
  return { inPlace, before };
}

/** A wish to write `value` over `param`, with the groups that write the one and read the other. */
interface Wish {
  readonly value: ValueId;
  readonly param: ValueId;
  readonly readers: readonly number[];
  readonly writers: readonly number[];
}

/** Whether the groups allow it, given that those which read `param` run before those which write `value`. */
function mayWriteOver(
  graph: Graph,
  fusion: Fusion,
  { original }: Aliases,
  overwrites: Overwrites,
  { value, param, readers, writers }: Wish,
): boolean {
  if (!sameWords(graph, value, param)) return false;
  const both = new Set(readers);
  return writers.every((writer) => {
    if (!both.has(writer)) return true;
    const group = fusion.groups[writer];
    const alone = group.sources.filter((id) => original(id) === param);
    const direct = writers.length === 1 && group.results.includes(value) && alone.length === 1;
    return direct && overwrites(group).some(([result, source]) => result === value && source === alone[0]);
  });
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
