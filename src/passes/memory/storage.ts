/**
 * Which values share memory: reshapes lie where their operand lies, parts of a concat lie inside of it, and a kernel may
 * write a result over a source that it reads for the last time, element by element.
 */
import { DEVICE_ELEMENT_BYTES } from '../../base/dtype.js';
import { elementCount, rowMajorStrides } from '../../base/tensor.js';
import type { Graph, ValueId } from '../../ir/graph.js';
import { staticShape } from '../../ir/types.js';
import type { Fusion, Placement } from '../fusion/group.js';
import { overwritable, overwriteTable } from './overwrite.js';

/** Element (i0, i1, ...) of a value lies at `offset + sum of i * stride` elements of its allocation. */
export interface StorageView {
  readonly root: ValueId;
  readonly shape: readonly number[];
  readonly strides: readonly number[];
  readonly offset: number;
}

/** A piece of the arena, live from the first step that writes it to the last that reads it. */
export interface Allocation {
  readonly root: ValueId;
  readonly bytes: number;
  /** Steps are positions in `fusion.groups`; -1 is before the first (inputs), `groups.length` after the last. */
  readonly first: number;
  readonly last: number;
}

export interface Storage {
  readonly view: (id: ValueId) => StorageView;
  /** The view inside of a concat's buffer that a copy kernel writes. */
  readonly placedView: (id: ValueId, placement: Placement) => StorageView;
  readonly allocations: readonly Allocation[];
  /** What lies in buffers of its own, likewise; none unless inputs and outputs are resident. */
  readonly ports: readonly Allocation[];
}

interface Span {
  bytes: number;
  first: number;
  last: number;
}

/**
 * `inPlace` is set where inputs and outputs are resident: the stored values that lie in the buffer of a param (see
 * `arrange`). Every other output then has a buffer of its own.
 */
export function assignStorage(
  graph: Graph,
  fusion: Fusion,
  inPlace?: ReadonlyMap<ValueId, ValueId>,
): Storage {
  const { groups, placements, aliases } = fusion;
  const shapeOf = (id: ValueId): readonly number[] => staticShape(graph.nodes[id].type.shape);
  const merged = new Map<ValueId, ValueId>();
  for (const [value, param] of inPlace ?? []) if (value !== param) merged.set(value, param);
  const find = (id: ValueId): ValueId => {
    for (;;) {
      const next = merged.get(id);
      if (next === undefined) return id;
      id = next;
    }
  };

  const original = (id: ValueId): ValueId => {
    const alias = aliases.get(id);
    return alias === undefined ? id : original(alias);
  };
  const placedView = (id: ValueId, { into, axis, start }: Placement): StorageView => {
    const whole = view(into);
    return { ...whole, shape: shapeOf(id), offset: whole.offset + start * whole.strides[axis] };
  };
  const view = (id: ValueId): StorageView => {
    const source = original(id);
    const placement = placements.get(source);
    if (placement !== undefined) return placedView(source, placement);
    const shape = shapeOf(id);
    return { root: find(source), shape, strides: rowMajorStrides(shape), offset: 0 };
  };

  const spans = new Map<ValueId, Span>();
  const touch = (id: ValueId, step: number): void => {
    const { root } = view(id);
    if (graph.nodes[root].op === 'weight') return;
    const span = spans.get(root);
    const bytes = elementCount(shapeOf(root)) * DEVICE_ELEMENT_BYTES;
    if (span === undefined) spans.set(root, { bytes, first: step, last: step });
    else {
      span.first = Math.min(span.first, step);
      span.last = Math.max(span.last, step);
    }
  };
  graph.nodes.forEach((node, id) => {
    if (node.op === 'param') touch(id, -1);
  });
  groups.forEach((group, step) => {
    for (const id of group.sources) touch(id, step);
    for (const id of group.results)
      if (group.copy === undefined) touch(id, step);
      else touch(group.copy.into, step);
  });
  for (const { value } of graph.outputs) touch(value, groups.length);
  const ported = new Set<ValueId>();
  if (inPlace !== undefined) {
    graph.nodes.forEach(({ op }, id) => void (op === 'param' && ported.add(id)));
    for (const { value } of graph.outputs) ported.add(view(value).root);
  }

  const overwrites = overwriteTable();
  groups.forEach((group, step) => {
    for (const [result, source] of overwritable(fusion, group, overwrites)) {
      const [to, from] = [find(source), find(result)];
      const [target, own] = [spans.get(to), spans.get(from)];
      if (target === undefined || own === undefined || to === from) continue;
      if (ported.has(to) || ported.has(from)) continue;
      if (target.last !== step || target.bytes !== own.bytes || own.first !== step) continue;
      // Another value in the same memory (a part of a concat, a reshape) is read at other places.
      const rivals = [...group.sources, ...group.results].filter((id) => id !== result && id !== source);
      if (rivals.some((id) => view(id).root === to)) continue;
      merged.set(from, to);
      target.last = own.last;
      spans.delete(from);
    }
  });
  const all = [...spans].map(([root, span]) => ({ root, ...span }));
  return {
    view,
    placedView,
    allocations: all.filter(({ root }) => !ported.has(root)),
    ports: all.filter(({ root }) => ported.has(root)),
  };
}
