/**
 * Where stored values lie: a reshape lies where its operand lies, a part of a concat inside of it, every other value in a
 * buffer of its own. Asked once after fusion; order, in-place writes and offsets all build on it.
 */
import { rowMajorStrides } from '../../base/tensor.js';
import type { Graph, ValueId } from '../../ir/graph.js';
import { staticShape } from '../../ir/types.js';
import type { Fusion, Placement } from '../fusion/group.js';

/** Element (i0, i1, ...) of a value lies at `offset + sum of i * stride` elements of `buffer`. */
export interface BufferView {
  /** The value whose buffer it is. */
  readonly buffer: ValueId;
  readonly shape: readonly number[];
  readonly strides: readonly number[];
  readonly offset: number;
}

export interface Aliases {
  /** The stored value of which `id` is a reshape; `id` itself where it is none. */
  readonly original: (id: ValueId) => ValueId;
  readonly bufferOf: (id: ValueId) => ValueId;
  readonly viewOf: (id: ValueId) => BufferView;
  /** The view of a copy of `id` inside of a concat. */
  readonly placed: (id: ValueId, placement: Placement) => BufferView;
}

export function aliasesOf(graph: Graph, { placements, aliases }: Fusion): Aliases {
  const shapeOf = (id: ValueId): readonly number[] => staticShape(graph.nodes[id].type.shape);
  const original = (id: ValueId): ValueId => {
    for (let alias = aliases.get(id); alias !== undefined; alias = aliases.get(id)) id = alias;
    return id;
  };
  const bufferOf = (id: ValueId): ValueId => {
    let at = original(id);
    for (let into = placements.get(at)?.into; into !== undefined; into = placements.get(at)?.into)
      at = original(into);
    return at;
  };
  const placed = (id: ValueId, { into, axis, start }: Placement): BufferView => {
    const whole = viewOf(into);
    return { ...whole, shape: shapeOf(id), offset: whole.offset + start * whole.strides[axis] };
  };
  const viewOf = (id: ValueId): BufferView => {
    const source = original(id);
    const placement = placements.get(source);
    if (placement !== undefined) return placed(source, placement);
    const shape = shapeOf(id);
    return { buffer: source, shape, strides: rowMajorStrides(shape), offset: 0 };
  };
  return { original, bufferOf, viewOf, placed };
}
