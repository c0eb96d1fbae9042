/**
 * Where a group uses its values: the index, in terms of the variables of its space, at which each value is needed.
 * Fusion accepts a reduction or a second result only where that index is the one that the kernel has at hand, and counts
 * the indices: a kernel computes a value once for each.
 */
import { dotIndices, termsOf } from '../../ir/contraction.js';
import { dimAdd, dimMul, dimProduct, isStatic, type Dim } from '../../ir/dim.js';
import { LEAST_SIZE } from '../../ir/dim-proofs.js';
import type { Graph, ValueId } from '../../ir/graph.js';
import { delinearize, indexAdd, indexConst, indexVar, isWithin, type Index } from '../../ir/index-expr.js';
import { mapIndex } from '../../ir/index-map.js';
import { isView, traitsOf } from '../../ir/ops.js';
import { staticShape } from '../../ir/types.js';
import { isContraction } from './traits.js';
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

/** The indices at which values are needed, each once. */
export type Uses = ReadonlyMap<ValueId, readonly Use[]>;

export type IndexOf = typeof resultIndex;

/** Equal for equal indices. */
export const indexKey = (index: readonly Index[]): string => index.map((i) => i.key).join(',');

/** Few uses are compared, so that keys are made when they are asked for. */
class UseAt implements Use {
  private text: string | undefined;

  constructor(
    readonly index: readonly Index[],
    readonly times = 1,
    readonly exact = true,
  ) {}

  get key(): string {
    return (this.text ??= `${this.exact ? '' : '~'}${indexKey(this.index)}`);
  }

  get length(): number {
    return this.index.reduce((most, { key }) => Math.max(most, key.length), 0);
  }
}

const NONE: readonly Use[] = [];

/** Both lists; of two uses with one key, the one that is needed more often. */
function merged(known: readonly Use[], more: readonly Use[]): readonly Use[] {
  const byKey = new Map(known.map((use) => [use.key, use]));
  for (const use of more) if ((byKey.get(use.key)?.times ?? 0) < use.times) byKey.set(use.key, use);
  return [...byKey.values()];
}

/** Uses that grow as a group does: consumers are added before what they use. */
export class UseTable {
  private readonly table = new Map<ValueId, readonly Use[]>();
  private readonly names = new Map<string, string>();

  constructor(
    private readonly graph: Graph,
    private readonly indexOf: IndexOf,
  ) {}

  get uses(): Uses {
    return this.table;
  }

  /** The indices at which `id` is needed. */
  of(id: ValueId): readonly Use[] {
    return this.table.get(id) ?? NONE;
  }

  /** Notes that the kernel stores `id`. */
  addResult(id: ValueId, space: Space<Dim>): void {
    this.add(id, [new UseAt(this.indexOf(space, this.graph.nodes[id].type.shape))]);
  }

  /** Notes that the kernel keeps `id` for those that use it: it is computed at its own index, and nowhere else. */
  keep(id: ValueId, space: Space<Dim>): void {
    this.table.delete(id);
    this.addResult(id, space);
  }

  /** Notes what the operands of `id` are needed for: `id` is computed inside, wherever it is used. */
  addOperands(id: ValueId, space: Space<Dim>): void {
    const { op, inputs } = this.graph.nodes[id];
    // A contraction reads its operands once, however many of its results an element needs.
    const isOnce = isContraction(op) && space.kind !== 'cell';
    const own = isOnce ? this.of(id).slice(0, 1) : this.of(id);
    if (traitsOf(op).reads === 'same') return inputs.forEach((input) => this.add(input, own));
    const operands = own.map((use) => operandUses(this.graph, id, use, space, this.variable));
    inputs.forEach((input, place) => {
      const uses = operands.map((each) => each[place]);
      this.add(input, uses.length > 1 ? merged(NONE, uses) : uses);
    });
  }

  private add(id: ValueId, uses: readonly Use[]): void {
    const known = this.of(id);
    if (known === uses || uses.length === 0) return;
    this.table.set(id, known.length === 0 ? uses : merged(known, uses));
  }

  /** A variable over [0, extent) for what `meaning` says, by a short name: keys hold the names of what they are made from. */
  private readonly variable: Variables = (meaning, extent) => {
    const name = this.names.get(meaning) ?? `~${this.names.size}`;
    this.names.set(meaning, name);
    return indexVar(name, extent);
  };
}

/** Gives variables: one for each meaning. */
type Variables = (meaning: string, extent: Dim) => Index;

/**
 * The uses in a group over `space` that computes `members` and stores `results`. `indexOf`: {@link resultIndex}, or a table of
 * what it gives.
 */
export function findUses(
  graph: Graph,
  space: Space<Dim>,
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
  if (found?.length !== 1) return false;
  const [use] = found;
  return (use.exact && use.index === expected) || use.key === indexKey(expected);
};

/** Where the operands of `id` are needed for its element at `use`, each in its place. Code generation does as this says. */
function operandUses(graph: Graph, id: ValueId, use: Use, space: Space<Dim>, variable: Variables): Use[] {
  const node = graph.nodes[id];
  const { op, inputs } = node;
  const { index, times, exact } = use;
  const shapeOf = (value: ValueId): readonly Dim[] => graph.nodes[value].type.shape;
  const at = (operand: readonly Index[]): Use => new UseAt(operand, times, exact);
  const limited = (i: Index, extent: Dim): Index =>
    isWithin(i, extent) ? i : variable(`${i.key}<${String(extent)}`, extent);
  const chosen = (): Use[] =>
    inputs.map((input, place) => {
      // A scatter starts from the element in the same place.
      if (op === 'scatter' && place === 0) return use;
      const anywhere = shapeOf(input).map((extent, axis) => variable(`${id}.${place}.${axis}[${use.key}]`, extent)); // prettier-ignore
      return new UseAt(anywhere, times, false);
    });
  if (isView(op)) return [at(mapIndex(node as Parameters<typeof mapIndex>[0], shapeOf(inputs[0]), index))];
  switch (node.op) {
    case 'pad': {
      const { low, interior } = node.attrs;
      const shape = shapeOf(inputs[0]);
      const unpadded = index.map((i, axis) => {
        const shifted = indexAdd(i, indexConst(-low[axis]));
        if (interior[axis] === 0) return limited(shifted, shape[axis]);
        return variable(`${shifted.key}/${interior[axis] + 1}<${String(shape[axis])}`, shape[axis]);
      });
      return [at(unpadded)];
    }
    case 'concat': {
      const { axis } = node.attrs;
      let start: Dim = 0;
      return inputs.map((input) => {
        const extent = shapeOf(input)[axis];
        const local = limited(indexAdd(index[axis], indexConst(dimMul(-1, start))), extent);
        start = dimAdd(start, extent);
        return at(index.with(axis, local));
      });
    }
    case 'gather': {
      const { axis } = node.attrs;
      const picked = index.slice(axis, axis + shapeOf(inputs[1]).length);
      const row = variable(`${inputs[1]}[${indexKey(picked)}]`, shapeOf(inputs[0])[axis]);
      const operand = [...index.slice(0, axis), row, ...index.slice(axis + picked.length)];
      return [new UseAt(operand, times, false), at(picked)];
    }
    case 'updateSlice': {
      const { axis } = node.attrs;
      const row = variable(`${indexKey([index[axis]])}-${inputs[2]}`, shapeOf(inputs[1])[axis]);
      return [use, new UseAt(index.with(axis, row), times, false), at([])];
    }
    case 'reduce': {
      const shape = shapeOf(inputs[0]);
      const inner = node.attrs.axes.map((axis) => shape[axis]);
      const merged = (step: Index): Index[] =>
        mergeAxes(shape.length, node.attrs.axes, index, delinearize(step, inner));
      if (space.kind === 'rows') return [at(merged(indexVar(COL_VAR, space.cols)))];
      const count = dimProduct(inner);
      const steps = isStatic(count) ? Math.max(count, 1) : LEAST_SIZE;
      return [new UseAt(merged(variable(`step of ${id}[${use.key}]`, count)), times * steps, false)];
    }
    case 'dot':
      if (space.kind === 'cell') {
        const [lhs, rhs] = inputs.map((input) => staticShape(shapeOf(input)));
        const terms = Math.max(1, termsOf(node, lhs, rhs));
        const operands = dotIndices(node, lhs, rhs, index, variable(`step of ${id}[${use.key}]`, terms));
        return operands.map((operand) => new UseAt(operand, times * terms, false));
      }
      return chosen();
    default:
      return chosen();
  }
}
