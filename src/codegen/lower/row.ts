/**
 * Row kernels: a workgroup for each row. The 64 lanes are those of the definition of reduce, so each invocation sums its
 * own and the lanes fold by halving; softmax and the norms become one kernel with several such reductions.
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
import type { Ref } from '../ssa/instr.js';
import type { KernelContext, LoweredKernel } from './context.js';
import { elementCost } from './cost.js';
import { combine, identity } from './reducers.js';
import { roundTo, scalarTypeOf } from './scalar-rules.js';

type Rows = Space & { kind: 'rows' };

export function lowerRows(k: KernelContext, space: Rows): LoweredKernel {
  const { s, evaluator, graph, form } = k;
  evaluator.indices.define(ROW_VAR, k.group);
  // A grid that is folded into two axes may have a few workgroups too many; a whole workgroup skips, so barriers agree.
  s.if(s.ltu(k.group, space.rows), () => {
    for (const id of form.members) {
      const node = graph.nodes[id];
      if (node.op !== 'reduce' || !isLong(k, id, space)) continue;
      const value = reduceRow(k, space, node);
      evaluator.provide(id, rowIndex(space, staticShape(node.type.shape)), value);
    }
    const shapeOf = (id: ValueId): readonly number[] => staticShape(graph.nodes[id].type.shape);
    const rowResults = form.results.filter((id) => isRowLevel(space, shapeOf(id)));
    const elementResults = form.results.filter((id) => !isRowLevel(space, shapeOf(id)));
    if (elementResults.length > 0)
      s.for(k.lane, space.cols, REDUCE_LANES, (c) => {
        evaluator.indices.define(COL_VAR, c);
        k.store(elementResults.map((id) => [id, resultIndex(space, shapeOf(id))]));
      });
    if (rowResults.length > 0)
      s.if(s.ieq(k.lane, 0), () => k.store(rowResults.map((id) => [id, resultIndex(space, shapeOf(id))])));
  });
  return k.finish(space.rows, space.rows * space.cols * elementCost(graph, form.members.filter((id) => graph.nodes[id].op !== 'reduce'))); // prettier-ignore
}

/** Whether the reduction is one of the row's, and not a short one inside of an element's expression. */
function isLong(k: KernelContext, id: ValueId, space: Rows): boolean {
  const node = k.graph.nodes[id] as Node<'reduce'>;
  const shape = k.evaluator.shape(node.inputs[0]);
  return node.attrs.axes.reduce((n, axis) => n * shape[axis], 1) === space.cols;
}

function reduceRow(k: KernelContext, space: Rows, node: Node<'reduce'>): Ref {
  const { s, evaluator } = k;
  const { dtype } = node.type;
  const { kind } = node.attrs;
  const type = scalarTypeOf(dtype);
  const operand = node.inputs[0];
  const lanes = s.array({ name: `lanes${s.arrays.length}`, type, length: REDUCE_LANES, space: 'workgroup' });
  const sum = s.variable(identity(s, kind, dtype));
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
