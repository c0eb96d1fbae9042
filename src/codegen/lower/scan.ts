/** Running reductions: an invocation for each line; blocks and block totals as the definition of scan says. */
import { SCAN_BLOCK } from '../../ir/accumulation.js';
import type { Node, ValueId } from '../../ir/graph.js';
import { elementCount } from '../../base/tensor.js';
import { delinearize, indexAdd, indexConst, indexMul, type Index } from '../../ir/index-expr.js';
import type { LoweredKernel } from '../kernel/body.js';
import type { Ref } from '../ssa/instr.js';
import type { KernelContext } from './context.js';
import { combine, emptyResult, identity } from './reducers.js';
import { lowerSelect, roundTo, scalarTypeOf } from './scalar-rules.js';

export function lowerScan(k: KernelContext, id: ValueId, node: Node<'scan'>): LoweredKernel {
  const { s, evaluator } = k;
  const { kind, axis, exclusive, reverse } = node.attrs;
  const { dtype } = node.type;
  const shape = evaluator.sizes(id);
  const extent = shape[axis];
  const outer = shape.filter((_, i) => i !== axis);
  const lines = elementCount(outer);
  const merge = (a: Ref, b: Ref): Ref => combine(s, kind, dtype, a, b);
  // The first result of an exclusive sum is one of nothing.
  const ofSome = (position: Ref, result: Ref): Ref =>
    exclusive && kind === 'sum'
      ? lowerSelect(s, scalarTypeOf(dtype), s.ieq(position, 0), emptyResult(s, kind, dtype), result)
      : result;
  return k.each(lines, lines * extent * 2, (line) => {
    const others = delinearize(evaluator.indexOf(line, lines, 'line'), outer);
    const indexAt = (i: Index): Index[] => {
      const along = reverse ? indexAdd(indexMul(i, -1), indexConst(extent - 1)) : i;
      return [...others.slice(0, axis), along, ...others.slice(axis)];
    };
    const neutral = identity(s, kind, dtype);
    const prefix = s.variable(neutral);
    s.for(0, extent, SCAN_BLOCK, (start) => {
      const local = s.variable(neutral);
      s.for(start, s.umin(s.iadd(start, SCAN_BLOCK), extent), 1, (ref) => {
        const i = evaluator.indexOf(ref, extent);
        const value = evaluator.at(node.inputs[0], indexAt(i));
        const before = s.get(local);
        s.set(local, merge(before, value));
        const inner = exclusive ? before : s.get(local);
        evaluator.pin(id, [indexAt(i), ofSome(ref, roundTo(s, dtype, merge(s.get(prefix), inner)))]);
        k.store(k.form.results.map((result) => [result, indexAt(i)]));
      });
      const total = s.get(local);
      s.update(prefix, (old) => merge(old, total));
    });
  });
}
