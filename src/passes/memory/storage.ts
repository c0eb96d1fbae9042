/**
 * Which values share memory: reshapes lie where their operand lies, parts of a concat lie inside of it, and a kernel may
 * write a result over a source that it reads for the last time, element by element.
 */
import { DEVICE_ELEMENT_BYTES, isFloat } from '../../base/dtype.js';
import { elementCount, rowMajorStrides } from '../../base/tensor.js';
import type { Graph, ValueId } from '../../ir/graph.js';
import { staticShape } from '../../ir/types.js';
import { isRowLevel, resultIndex, type Fusion, type Group, type Placement } from '../fusion/group.js';
import { isFree } from '../fusion/traits.js';
import { findUses, usedOnlyAt } from '../fusion/walk.js';

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
}

interface Span {
  bytes: number;
  first: number;
  last: number;
}

export function assignStorage(graph: Graph, fusion: Fusion): Storage {
  const { groups, placements, aliases } = fusion;
  const shapeOf = (id: ValueId): readonly number[] => staticShape(graph.nodes[id].type.shape);
  const merged = new Map<ValueId, ValueId>();
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

  groups.forEach((group, step) => {
    for (const [result, source] of overwrites(graph, group)) {
      const [to, from] = [find(source), find(result)];
      const [target, own] = [spans.get(to), spans.get(from)];
      const free = placements.has(result) || aliases.has(result) || placements.has(source);
      if (free || target === undefined || own === undefined || to === from) continue;
      if (target.last !== step || target.bytes !== own.bytes || own.first !== step) continue;
      // Another value in the same memory (a part of a concat, a reshape) is read at other places.
      const rivals = [...group.sources, ...group.results].filter((id) => id !== result && id !== source);
      if (rivals.some((id) => view(id).root === to)) continue;
      merged.set(from, to);
      target.last = own.last;
      spans.delete(from);
    }
  });
  const allocations = [...spans].map(([root, span]) => ({ root, ...span }));
  return { view, placedView, allocations };
}

/** Pairs of a result and a source that the kernel reads only where it writes the result. */
function overwrites(graph: Graph, group: Group): (readonly [ValueId, ValueId])[] {
  if (group.copy !== undefined || group.sources.length === 0) return [];
  const shapeOf = (id: ValueId): readonly number[] => staticShape(graph.nodes[id].type.shape);
  const wordOf = (id: ValueId): boolean => isFloat(graph.nodes[id].type.dtype);
  const members = new Set(group.members);
  const uses = findUses(graph, group.space, group.results, (id) => !members.has(id));
  const pairs: (readonly [ValueId, ValueId])[] = [];
  const taken = new Set<ValueId>();
  // Lanes that are done with a row must not overwrite what the others still read to compute its elements.
  const { space } = group;
  const shared = (source: ValueId): boolean =>
    space.kind === 'rows' &&
    isRowLevel(space, shapeOf(source)) &&
    group.results.some((result) => !isRowLevel(space, shapeOf(result)));
  for (const result of group.results)
    for (const source of group.sources) {
      if (taken.has(source) || isFree(graph.nodes[source].op) || wordOf(source) !== wordOf(result)) continue;
      if (elementCount(shapeOf(source)) !== elementCount(shapeOf(result))) continue;
      if (shared(source) || !usedOnlyAt(uses, source, resultIndex(space, shapeOf(source)))) continue;
      pairs.push([result, source]);
      taken.add(source);
      break;
    }
  return pairs;
}
