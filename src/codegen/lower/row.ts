/**
 * Row kernels: softmax and the norms become one kernel with several reductions. A workgroup does a row: the 64 lanes are those
 * of the definition of reduce, so each invocation sums its own and the lanes fold by halving. Or, where the target has it so,
 * an invocation does a row by itself, in the same order.
 */
import type { Node, ValueId } from '../../ir/graph.js';
import { REDUCE_LANES } from '../../ir/accumulation.js';
import { staticShape } from '../../ir/types.js';
import {
  COL_VAR,
  isRowLevel,
  resultIndex,
  ROW_VAR,
  rowIndex,
  elementIndex,
  type Space,
} from '../../passes/fusion/group.js';
import { WORKGROUP_SIZE } from '../kernel.js';
import type { Ref } from '../ssa/instr.js';
import type { KernelContext, LoweredKernel } from './context.js';
import { elementCost } from './cost.js';
import { reduceElement } from './loops.js';
import { combine, emptyResult, identity } from './reducers.js';
import { roundTo, scalarTypeOf } from './scalar-rules.js';

type Rows = Space & { kind: 'rows' };

/** Who does what of a row. */
interface Schedule {
  readonly row: Ref;
  readonly workgroups: number;
  reduce(node: Node<'reduce'>): Ref;
  /** Calls `body` for the columns that this invocation stores. */
  columns(body: (col: Ref) => void): void;
  /** Runs `body` once a row. */
  once(body: () => void): void;
}

export function lowerRows(k: KernelContext, space: Rows): LoweredKernel {
  const { s, evaluator, graph, form } = k;
  const schedule = space.rows >= k.target.rowsAlone ? invocationEach(k, space) : workgroupEach(k, space);
  evaluator.indices.define(ROW_VAR, schedule.row);
  // A grid that is folded into two axes may have a few workgroups too many; a whole workgroup skips, so barriers agree.
  s.if(s.ltu(schedule.row, space.rows), () => {
    for (const id of form.members) {
      const node = graph.nodes[id];
      if (node.op !== 'reduce' || !isLong(k, id, space)) continue;
      evaluator.provide(id, rowIndex(space, staticShape(node.type.shape)), schedule.reduce(node));
    }
    const shapeOf = (id: ValueId): readonly number[] => staticShape(graph.nodes[id].type.shape);
    const rowResults = form.results.filter((id) => isRowLevel(space, shapeOf(id)));
    const elementResults = form.results.filter((id) => !isRowLevel(space, shapeOf(id)));
    const store = (ids: readonly ValueId[]): void =>
      k.store(ids.map((id) => [id, resultIndex(space, shapeOf(id))]));
    if (elementResults.length > 0)
      schedule.columns((col) => {
        evaluator.indices.define(COL_VAR, col);
        store(elementResults);
      });
    if (rowResults.length > 0) schedule.once(() => store(rowResults));
  });
  const elementwise = form.members.filter((id) => graph.nodes[id].op !== 'reduce');
  return k.finish(schedule.workgroups, space.rows * space.cols * elementCost(graph, elementwise));
}

const workgroupEach = (k: KernelContext, space: Rows): Schedule => ({
  row: k.group,
  workgroups: space.rows,
  reduce: (node) => reduceTogether(k, space, node),
  columns: (body) => k.s.for(k.lane, space.cols, REDUCE_LANES, body),
  once: (body) => k.s.if(k.s.ieq(k.lane, 0), body),
});

const invocationEach = (k: KernelContext, space: Rows): Schedule => ({
  row: k.s.iadd(k.s.imul(k.group, WORKGROUP_SIZE), k.lane),
  workgroups: Math.ceil(space.rows / WORKGROUP_SIZE),
  reduce: (node) => reduceElement(k.evaluator, node, rowIndex(space, staticShape(node.type.shape))),
  columns: (body) => k.s.for(0, space.cols, 1, body),
  once: (body) => body(),
});

/** Whether the reduction is one of the row's, and not a short one inside of an element's expression. */
function isLong(k: KernelContext, id: ValueId, space: Rows): boolean {
  const node = k.graph.nodes[id] as Node<'reduce'>;
  const shape = k.evaluator.shape(node.inputs[0]);
  return node.attrs.axes.reduce((n, axis) => n * shape[axis], 1) === space.cols;
}

/** By all invocations of a workgroup. */
function reduceTogether(k: KernelContext, space: Rows, node: Node<'reduce'>): Ref {
  const { s, evaluator } = k;
  const { dtype } = node.type;
  const { kind } = node.attrs;
  const type = scalarTypeOf(dtype);
  const operand = node.inputs[0];
  const lanes = s.array({ name: `lanes${s.arrays.length}`, type, length: REDUCE_LANES, space: 'workgroup' });
  const sum = s.variable((space.cols === 0 ? emptyResult : identity)(s, kind, dtype));
  s.for(k.lane, space.cols, REDUCE_LANES, (c) => {
    evaluator.indices.define(COL_VAR, c);
    const shape = evaluator.shape(operand);
    const value = evaluator.at(operand, operandIndex(space, node, shape));
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

/** Index of element (r, c) in the operand of a reduction: that of the space, seen through the operand's own axes. */
function operandIndex(
  space: Rows,
  node: Node<'reduce'>,
  shape: readonly number[],
): ReturnType<typeof elementIndex> {
  return elementIndex({ ...space, shape, axes: node.attrs.axes });
}
