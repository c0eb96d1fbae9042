/**
 * Where a group uses its values: the index, in terms of the variables of its space, at which each value is needed.
 * Fusion accepts a reduction or a second result only where that index is the one that the kernel has at hand, and counts
 * the indices: a kernel computes a value once for each.
 */
import { elementCount } from '../../base/tensor.js';
import type { Graph, ValueId } from '../../ir/graph.js';
import { delinearize, indexAdd, indexConst, indexVar, type Index } from '../../ir/index-expr.js';
import { mapIndex } from '../../ir/index-map.js';
import { isView, traitsOf } from '../../ir/ops.js';
import { staticShape } from '../../ir/types.js';
import { COL_VAR, mergeAxes, resultIndex, type Space } from './group.js';

/** An index at which a value is needed. */
export interface Use {
  readonly index: readonly Index[];
  /** Equal for equal indices. */
  readonly key: string;
  /** How often for one element of the group's space: more than once in loops. */
  readonly times: number;
  /** Whether `index` is what it says: not where data or the loop of a template choose the element. */
  readonly exact: boolean;
  /** Characters of the longest expression in `index`. */
  readonly length: number;
}

/** The indices at which values are needed, by their keys. */
export type Uses = ReadonlyMap<ValueId, ReadonlyMap<string, Use>>;

export type IndexOf = typeof resultIndex;

const keyOf = (index: readonly Index[]): string => index.map((i) => i.key).join(',');

const useAt = (index: readonly Index[], times = 1, exact = true): Use => ({
  index,
  key: `${exact ? '' : '~'}${keyOf(index)}`,
  times,
  exact,
  length: index.reduce((most, { key }) => Math.max(most, key.length), 0),
});

const NONE: ReadonlyMap<string, Use> = new Map();

/** Uses that grow as a group does: consumers are added before what they use. */
export class UseTable {
  private readonly table = new Map<ValueId, Map<string, Use>>();
  private readonly names = new Map<string, string>();

  constructor(
    private readonly graph: Graph,
    private readonly indexOf: IndexOf,
  ) {}

  get uses(): Uses {
    return this.table;
  }

  /** The indices at which `id` is needed, by their keys. */
  of(id: ValueId): ReadonlyMap<string, Use> {
    return this.table.get(id) ?? NONE;
  }

  /** Notes that the kernel stores `id`. */
  addResult(id: ValueId, space: Space): void {
    this.add(id, useAt(this.indexOf(space, staticShape(this.graph.nodes[id].type.shape))));
  }

  /** Notes what the operands of `id` are needed for: `id` is computed inside, wherever it is used. */
  addOperands(id: ValueId, space: Space): void {
    const { inputs } = this.graph.nodes[id];
    for (const use of this.table.get(id)?.values() ?? [])
      operandUses(this.graph, id, use, space, this.variable).forEach((operand, place) =>
        this.add(inputs[place], operand),
      );
  }

  private add(id: ValueId, use: Use): void {
    const known = this.table.get(id) ?? new Map<string, Use>();
    this.table.set(id, known);
    if ((known.get(use.key)?.times ?? 0) < use.times) known.set(use.key, use);
  }

  /** A variable over [0, extent) for what `meaning` says, by a short name: keys hold the names of what they are made from. */
  private readonly variable: Variables = (meaning, extent) => {
    const name = this.names.get(meaning) ?? `~${this.names.size}`;
    this.names.set(meaning, name);
    return indexVar(name, extent);
  };
}

/** Gives variables: one for each meaning. */
type Variables = (meaning: string, extent: number) => Index;

/**
 * The uses in a group over `space` that computes `members` and stores `results`. `indexOf`: {@link resultIndex}, or a table of
 * what it gives.
 */
export function findUses(
  graph: Graph,
  space: Space,
  results: Iterable<ValueId>,
  members: Iterable<ValueId>,
  indexOf: IndexOf = resultIndex,
): UseTable {
  const table = new UseTable(graph, indexOf);
  for (const id of results) table.addResult(id, space);
  for (const id of [...members].sort((a, b) => b - a)) table.addOperands(id, space);
  return table;
}

/** Whether `id` is used, and at no other index than `expected`. */
export const usedOnlyAt = (uses: Uses, id: ValueId, expected: readonly Index[]): boolean => {
  const found = uses.get(id);
  return found !== undefined && found.size === 1 && found.has(keyOf(expected));
};

/** Where the operands of `id` are needed for its element at `use`, each in its place. Code generation does as this says. */
function operandUses(graph: Graph, id: ValueId, use: Use, space: Space, variable: Variables): Use[] {
  const node = graph.nodes[id];
  const { op, inputs } = node;
  const { index, times, exact } = use;
  const shapeOf = (value: ValueId): readonly number[] => staticShape(graph.nodes[value].type.shape);
  const at = (operand: readonly Index[]): Use => useAt(operand, times, exact);
  const limited = (i: Index, extent: number): Index =>
    i.min >= 0 && i.max < extent ? i : variable(`${i.key}<${extent}`, extent);
  if (isView(op)) return [at(mapIndex(node as Parameters<typeof mapIndex>[0], shapeOf(inputs[0]), index))];
  switch (node.op) {
    case 'pad': {
      const { low, interior } = node.attrs;
      const shape = shapeOf(inputs[0]);
      const unpadded = index.map((i, axis) => {
        const shifted = indexAdd(i, indexConst(-low[axis]));
        if (interior[axis] === 0) return limited(shifted, shape[axis]);
        return variable(`${shifted.key}/${interior[axis] + 1}<${shape[axis]}`, shape[axis]);
      });
      return [at(unpadded)];
    }
    case 'concat': {
      const { axis } = node.attrs;
      let start = 0;
      return inputs.map((input) => {
        const extent = shapeOf(input)[axis];
        const local = limited(indexAdd(index[axis], indexConst(-start)), extent);
        start += extent;
        return at(index.with(axis, local));
      });
    }
    case 'gather': {
      const { axis } = node.attrs;
      const picked = index.slice(axis, axis + shapeOf(inputs[1]).length);
      const row = variable(`${inputs[1]}[${keyOf(picked)}]`, shapeOf(inputs[0])[axis]);
      const operand = [...index.slice(0, axis), row, ...index.slice(axis + picked.length)];
      return [useAt(operand, times, false), at(picked)];
    }
    case 'reduce': {
      const shape = shapeOf(inputs[0]);
      const inner = node.attrs.axes.map((axis) => shape[axis]);
      const merged = (step: Index): Index[] =>
        mergeAxes(shape.length, node.attrs.axes, index, delinearize(step, inner));
      if (space.kind === 'rows') return [at(merged(indexVar(COL_VAR, space.cols)))];
      const count = elementCount(inner);
      return [useAt(merged(variable(`step of ${id}[${use.key}]`, count)), times * Math.max(count, 1), false)];
    }
    default:
      if (traitsOf(op).reads === 'same') return inputs.map(() => use);
      return inputs.map((input, place) => {
        // A scatter starts from the element in the same place.
        if (op === 'scatter' && place === 0) return use;
        const chosen = shapeOf(input).map((extent, axis) => variable(`${id}.${place}.${axis}[${use.key}]`, extent)); // prettier-ignore
        return useAt(chosen, times, false);
      });
  }
}
