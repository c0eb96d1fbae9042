/** In which order the kernels of a program run, what they write over what, and what memory they use. */
import { DEVICE_ELEMENT_BYTES } from '../../base/dtype.js';
import type { Graph, ValueId } from '../../ir/graph.js';
import { sizeOf } from '../../ir/types.js';
import type { Bindings } from '../fusion/bindings.js';

import type { Fusion, Group } from '../fusion/group.js';
import type { Target } from '../target.js';
import { aliasesOf } from './aliases.js';
import { assignBuffers, type BufferAssignment } from './buffer-assignment.js';
import type { InPlace } from './in-place.js';
import { schedule, type Schedule } from './schedule.js';

export interface Arrangement extends Schedule {
  readonly assignment: BufferAssignment;
}

/**
 * `donations`: output -> the param whose buffer is given up for it; undefined where inputs and outputs lie in the arena. `own`: the
 * bytes that loops need for their trips, which lie where their values do.
 */
export function arrange(
  graph: Graph,
  fusion: Fusion,
  target: Target,
  donations?: InPlace,
  own: ReadonlyMap<ValueId, number> = new Map(),
): Arrangement {
  const aliases = aliasesOf(graph, fusion);
  const outputs = new Set(graph.outputs.map(({ value }) => aliases.bufferOf(value)));
  const isPort = (buffer: ValueId): boolean =>
    donations !== undefined && (graph.nodes[buffer].op === 'param' || outputs.has(buffer));
  const isOutside = (buffer: ValueId): boolean => graph.nodes[buffer].op === 'weight' || isPort(buffer);
  const bytesOf = (id: ValueId): number => own.get(id) ?? sizeOf(graph.nodes[id].type) * DEVICE_ELEMENT_BYTES;
  const request = { aliases, donations: donations ?? new Map(), isOutside, target, bytesOf };
  const scheduled = schedule(graph, fusion, request);
  return { ...scheduled, assignment: assignBuffers(graph, aliases, scheduled, isPort, bytesOf) };
}

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
