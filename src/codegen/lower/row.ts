/**
 * Row kernels: softmax and the norms become one kernel with several reductions. A workgroup does a row: its invocations are the
 * lanes of the definition of reduce, so each sums its own and the lanes fold by halving. Or, where the target has it so, an
 * invocation does a row by itself, in the same order.
 */
import { REDUCE_LANES } from '../../ir/accumulation.js';
import { dimEquals, dimProduct, type Dim } from '../../ir/dim.js';
import type { Node, ValueId } from '../../ir/graph.js';
import { delinearize, type Index } from '../../ir/index-expr.js';
import { elementIndex, isRowLevel, rowsIndex, type Rows } from '../../passes/fusion/group.js';
import { WORKGROUP_SIZE, type LoweredKernel } from '../kernel/body.js';
import type { Ref } from '../ssa/instr.js';
import type { KernelContext } from './context.js';
import { elementCost } from './cost.js';
import { reduceElement } from './loops.js';
import { combine, emptyResult, identity } from './reducers.js';
import { roundTo, scalarTypeOf } from './scalar-rules.js';

/** Who does what of a row. */
interface Schedule {
  /** The reduction's result for the row. */
  reduce(node: Node<'reduce'>, row: Index): Ref;
  /** Calls `body` for the columns that this invocation stores. */
  columns(body: (col: Ref) => void): void;
  /** Runs `body` once a row. */
  once(body: () => void): void;
}

export function lowerRows(k: KernelContext, space: Rows<Dim>): LoweredKernel {
  const { s, graph, form } = k;
  const { rows, cols } = space;
  const elementwise = form.members.filter((id) => graph.nodes[id].op !== 'reduce');
  const cost = dimProduct([rows, cols, elementCost(k, elementwise)]);
  if (k.likely(rows) >= k.target.rowsAlone)
    return k.each(rows, cost, (row) => emitRow(k, space, row, invocationEach(k, space)));
  return k.kernel(rows, cost, (row) => {
    // A grid that is folded into two axes may have a few workgroups too many; a whole workgroup skips, so barriers agree.
    s.if(s.ltu(row, rows), () => emitRow(k, space, row, workgroupEach(k, space)));
  });
}

function emitRow(k: KernelContext, space: Rows<Dim>, at: Ref, schedule: Schedule): void {
  const { evaluator, graph, form } = k;
  const row = evaluator.indexOf(at, space.rows, 'r');
  for (const id of form.members) {
    const node = graph.nodes[id];
    if (node.op !== 'reduce' || !isLong(k, id, space)) continue;
    evaluator.provide(id, delinearize(row, evaluator.shape(id)), schedule.reduce(node, row));
  }
  const ofRow = (id: ValueId): boolean => isRowLevel(space, evaluator.shape(id));
  const store = (ids: readonly ValueId[], col: Index): void =>
    k.store(ids.map((id) => [id, rowsIndex(space, evaluator.shape(id), row, col)]));
  const elementResults = form.results.filter((id) => !ofRow(id));
  const rowResults = form.results.filter(ofRow);
  if (elementResults.length > 0)
    schedule.columns((col) => store(elementResults, evaluator.indexOf(col, space.cols, 'c')));
  if (rowResults.length > 0) schedule.once(() => store(rowResults, row));
}

const workgroupEach = (k: KernelContext, space: Rows<Dim>): Schedule => ({
  reduce: (node, row) => reduceTogether(k, space, node, row),
  columns: (body) => k.s.for(k.lane, space.cols, WORKGROUP_SIZE, body),
  once: (body) => k.s.if(k.s.ieq(k.lane, 0), body),
});

const invocationEach = (k: KernelContext, space: Rows<Dim>): Schedule => ({
  reduce: (node, row) => reduceElement(k.evaluator, node, delinearize(row, node.type.shape)),
  columns: (body) => k.s.for(0, space.cols, 1, body),
  once: (body) => body(),
});
/** Whether the reduction is one of the row's, and not a short one inside of an element's expression. */
function isLong(k: KernelContext, id: ValueId, space: Rows<Dim>): boolean {
  const node = k.graph.nodes[id] as Node<'reduce'>;
  const shape = k.evaluator.shape(node.inputs[0]);
  return dimEquals(dimProduct(node.attrs.axes.map((axis) => shape[axis])), space.cols);
}

/** By all invocations of a workgroup. */
function reduceTogether(k: KernelContext, space: Rows<Dim>, node: Node<'reduce'>, row: Index): Ref {
  const { s, evaluator } = k;
  const { dtype } = node.type;
  const { kind } = node.attrs;
  const type = scalarTypeOf(dtype);
  const operand = node.inputs[0];
  const lanes = s.array({ name: `lanes${s.arrays.length}`, type, length: REDUCE_LANES, space: 'workgroup' });
  const sum = s.variable((space.cols === 0 ? emptyResult : identity)(s, kind, dtype));
  s.for(k.lane, space.cols, REDUCE_LANES, (c) => {
    const col = evaluator.indexOf(c, space.cols, 'c');
    // The element (row, col) of the space, seen through the operand's own axes.
    const own = { ...space, shape: evaluator.shape(operand), axes: node.attrs.axes };
    const value = evaluator.at(operand, elementIndex(own, row, col));
    s.update(sum, (old) => combine(s, kind, dtype, old, value));
  });
  s.arrayStore(lanes, k.lane, s.get(sum));
  s.barrier();
  s.for(1, Math.log2(REDUCE_LANES) + 1, 1, (level) => {
    const stride = s.ishr(REDUCE_LANES, level);
    s.if(s.ltu(k.lane, stride), () => {
      const [a, b] = [s.arrayLoad(lanes, type, k.lane), s.arrayLoad(lanes, type, s.iadd(k.lane, stride))];
      s.arrayStore(lanes, k.lane, combine(s, kind, dtype, a, b));
    });
    s.barrier();
  });
  return roundTo(s, dtype, s.arrayLoad(lanes, type, 0));
}
