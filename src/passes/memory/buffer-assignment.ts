/** What memory a scheduled fusion needs, and when: the values that share a buffer, and from which step to which it is in use. */
import { paramsOf, type Graph, type ValueId } from '../../ir/graph.js';
import type { Placement } from '../fusion/group.js';
import type { Aliases, BufferView } from './aliases.js';
import type { Schedule } from './schedule.js';

/** A buffer, in use from the first step that writes it to the last that reads it. */
export interface Allocation {
  readonly root: ValueId;
  readonly bytes: number;
  /** Steps are positions in `fusion.groups`; -1 is before the first (inputs), `groups.length` after the last. */
  readonly first: number;
  readonly last: number;
}

export interface BufferAssignment {
  /** Where a stored value lies; its `buffer` is the root of an allocation, or a weight. */
  readonly view: (id: ValueId) => BufferView;
  /** The view inside of a concat's buffer that a copy kernel writes. */
  readonly placedView: (id: ValueId, placement: Placement) => BufferView;
  /** What lies in the arena. */
  readonly allocations: readonly Allocation[];
  /** What lies in buffers of the caller's. */
  readonly ports: readonly Allocation[];
}

/** `isPort`: the buffers that the caller gives. */
export function assignBuffers(
  graph: Graph,
  aliases: Aliases,
  { fusion, inPlace }: Schedule,
  isPort: (buffer: ValueId) => boolean,
  bytesOf: (buffer: ValueId) => number,
): BufferAssignment {
  const { groups } = fusion;
  const roots = new Map<ValueId, ValueId>();
  for (const [written, read] of inPlace) roots.set(written, roots.get(read) ?? read);
  const rootOf = (buffer: ValueId): ValueId => roots.get(buffer) ?? buffer;
  const atRoot = (view: BufferView): BufferView => ({ ...view, buffer: rootOf(view.buffer) });
  const spans = new Map<ValueId, { first: number; last: number }>();
  const touch = (id: ValueId, step: number): void => {
    const root = rootOf(aliases.bufferOf(id));
    if (graph.nodes[root].op === 'weight') return;
    const span = spans.get(root);
    if (span === undefined) spans.set(root, { first: step, last: step });
    else {
      span.first = Math.min(span.first, step);
      span.last = Math.max(span.last, step);
    }
  };
  for (const { id } of paramsOf(graph)) touch(id, -1);
  groups.forEach(({ sources, results, copy }, step) => {
    for (const id of sources) touch(id, step);
    for (const id of copy === undefined ? results : [copy.into]) touch(id, step);
  });
  for (const { value } of graph.outputs) touch(value, groups.length);
  const all = [...spans].map(([root, span]) => ({ root, bytes: bytesOf(root), ...span }));
  return {
    view: (id) => atRoot(aliases.viewOf(id)),
    placedView: (id, placement) => atRoot(aliases.placed(id, placement)),
    allocations: all.filter(({ root }) => !isPort(root)),
    ports: all.filter(({ root }) => isPort(root)),
  };
}
