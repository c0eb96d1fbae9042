/**
 * Loops of one kernel whose rows lie in the memory of a workgroup (passes/fusion/cell.ts): each workgroup makes all trips for its row,
 * with a barrier behind each step of a trip. What is carried has two places there, in turn, so that a lane that is done does not write
 * over what others still read.
 */
import { fault } from '../../base/errors.js';
import { rowMajorStrides } from '../../base/tensor.js';
import { DOT_BLOCK } from '../../ir/accumulation.js';
import { dotIndices, termsOf } from '../../ir/contraction.js';
import type { Node, ValueId } from '../../ir/graph.js';
import { indexAdd, indexMul, linearize } from '../../ir/index-expr.js';
import { cellOf, lengthIn, type Cell, type Phase } from '../../passes/fusion/cell.js';
import { cellElementName, cellRow, resultIndex, ROW_VAR, type CellSpace } from '../../passes/fusion/group.js';
import { findUses, type Use } from '../../passes/fusion/walk.js';
import { WORKGROUP_SIZE, type LoweredKernel } from '../kernel/body.js';
import type { Ref } from '../ssa/instr.js';
import type { KernelContext } from './context.js';
import { staticElementCost } from './cost.js';
import { addBlock, multiplyAdd, zeroOf } from './loops.js';
import { roundTo, scalarTypeOf } from './scalar-rules.js';
import type { TripsSpec } from './spec.js';

/** A value in the memory of the workgroup. `start`: where its row begins. */
interface Kept {
  readonly array: string;
  readonly start: Ref;
}

export function lowerCell(
  k: KernelContext,
  space: CellSpace,
  { level, trips, carries }: TripsSpec,
): LoweredKernel {
  const { s, evaluator, form } = k;
  const held = carries.map(({ source, result }) => ({
    source: source === undefined ? undefined : form.sources[source],
    result: form.results[result],
  }));
  const carried = new Set(held.flatMap(({ source }) => source ?? []));
  const cell = cellOf(form.graph, space, carried, form.results, k.target);
  if (typeof cell === 'string') fault('a cell cannot be computed', cell);
  const phases = cell.steps.flat();
  const cost = phases.reduce((sum, { length, members }) => sum + length * staticElementCost(k, members), 0);
  const lengthOf = (id: ValueId): number => lengthIn({ graph: form.graph, space }, id);
  const arrayOf = (id: ValueId, places: number): string =>
    s.array({
      name: `kept${s.arrays.length}`,
      type: scalarTypeOf(evaluator.type(id).dtype),
      length: places * lengthOf(id),
      space: 'workgroup',
    });

  return k.kernel(space.rows, trips * space.rows * cost, (row) => {
    // A grid that is folded into two axes may have a few workgroups too many; a whole workgroup skips, so barriers agree.
    s.if(s.ltu(row, space.rows), () => {
      evaluator.indices.define(ROW_VAR, row);
      const arrays = new Map(held.map(({ result }) => [result, arrayOf(result, 2)]));
      const placeIn = (id: ValueId, parity: Ref): Kept => ({
        array: arrays.get(id)!,
        start: s.imul(parity, lengthOf(id)),
      });
      const first = s.iconst(0);
      for (const { source, result } of held)
        if (source !== undefined)
          eachElement(k, lengthOf(source), (c) => {
            const value = evaluator.at(source, resultIndex(space, evaluator.sizes(source)));
            put(k, placeIn(result, first), c, value);
          });
      s.barrier();
      s.rolled(s.literal(trips), (trip) =>
        s.inTrip(level, trip, () => {
          const [now, next] = [s.iand(trip, 1), s.iand(s.iadd(trip, 1), 1)];
          for (const { source, result } of held)
            if (source !== undefined) readFrom(k, space, source, placeIn(result, now));
          const places = new Map(held.map(({ result }) => [result, placeIn(result, next)]));
          for (const id of cell.shared)
            if (!places.has(id)) places.set(id, { array: arrayOf(id, 1), start: first });
          for (const step of cell.steps) {
            for (const phase of step) emitPhase(k, space, phase, cell, places);
            s.barrier();
            for (const id of step.flatMap(({ values }) => values)) {
              const place = places.get(id);
              if (place !== undefined) readFrom(k, space, id, place);
            }
          }
        }),
      );
      const last = s.iconst(trips % 2);
      for (const { result } of held)
        eachElement(k, lengthOf(result), (c) => {
          const { array, start } = placeIn(result, last);
          const value = s.arrayLoad(array, scalarTypeOf(evaluator.type(result).dtype), s.iadd(start, c));
          k.put(result, resultIndex(space, evaluator.sizes(result)), value);
        });
    });
  });
}

/** Calls `emit` for the elements of a row of `length` that this lane has: the same for all values of that length. */
function eachElement({ s, evaluator, lane }: KernelContext, length: number, emit: (c: Ref) => void): void {
  s.for(lane, length, WORKGROUP_SIZE, (c) => {
    evaluator.indices.define(cellElementName(length), c);
    emit(c);
  });
}

const put = ({ s }: KernelContext, { array, start }: Kept, c: Ref, value: Ref): void =>
  s.arrayStore(array, s.iadd(start, c), value);

/** From here on, elements of `id` are read from `place`. */
function readFrom({ s, evaluator, graph }: KernelContext, space: CellSpace, id: ValueId, place: Kept): void {
  const shape = evaluator.sizes(id);
  const type = scalarTypeOf(evaluator.type(id).dtype);
  const strides = rowMajorStrides(shape);
  const before = indexMul(cellRow(space), -lengthIn({ graph, space }, id));
  evaluator.keep(id, (index) => {
    const at = evaluator.indices.emit(indexAdd(linearize(index, strides), before));
    return s.arrayLoad(place.array, type, s.iadd(place.start, at));
  });
}

function emitPhase(
  k: KernelContext,
  space: CellSpace,
  { length, values, members }: Phase,
  { kept }: Cell,
  places: ReadonlyMap<ValueId, Kept>,
): void {
  const { evaluator, graph, form } = k;
  const { uses } = findUses(graph, space, values, members);
  eachElement(k, length, (c) => {
    for (const id of members) {
      const node = graph.nodes[id];
      const of = kept.has(id) ? undefined : uses.get(id);
      if (node.op === 'dot' && of !== undefined && of.length > 1) sumColumns(k, id, node, of);
    }
    const made = values.map((id) => evaluator.at(id, resultIndex(space, evaluator.sizes(id))));
    values.forEach((id, i) => {
      const place = places.get(id);
      if (place !== undefined) put(k, place, c, made[i]);
      if (form.results.includes(id) && !isCarried(space, form.results.indexOf(id)))
        k.put(id, resultIndex(space, evaluator.sizes(id)), made[i]);
    });
  });
}

const isCarried = ({ carries }: CellSpace, at: number): boolean => carries.some(({ result }) => result === at); // prettier-ignore

/** Elements of a product that stand in one row, in one loop over their terms, in the order of its definition. */
function sumColumns(k: KernelContext, id: ValueId, node: Node<'dot'>, uses: readonly Use[]): void {
  const { s, evaluator } = k;
  const { dtype } = node.type;
  const [lhs, rhs] = node.inputs;
  const [a, b] = [evaluator.sizes(lhs), evaluator.sizes(rhs)];
  const depth = termsOf(node, a, b);
  if (depth === 0 || !uses.every(({ exact }) => exact)) return;
  const zeros = (): Ref[] => uses.map(() => s.variable(zeroOf(evaluator, dtype)));
  const totals = zeros();
  s.for(0, s.prim('iopaque', s.iconst(depth)), DOT_BLOCK, (from) => {
    const sums = zeros();
    s.for(from, s.umin(s.iadd(from, DOT_BLOCK), depth), 1, (at) => {
      const term = evaluator.indexOf(at, depth);
      const factors = uses.map(({ index }): readonly [Ref, Ref] => {
        const [x, y] = dotIndices(node, a, b, index, term);
        return [evaluator.at(lhs, x), evaluator.at(rhs, y)];
      });
      sums.forEach((sum, i) => s.update(sum, (old) => multiplyAdd(evaluator, dtype, old, ...factors[i])));
    });
    totals.forEach((total, i) => {
      const sum = s.get(sums[i]);
      s.update(total, (old) => addBlock(evaluator, dtype, old, sum));
    });
  });
  uses.forEach(({ index }, i) => evaluator.provide(id, index, roundTo(s, dtype, s.get(totals[i]))));
}
