/**
 * Sorting by rank: the place of an element is the number of elements that come before it, so each invocation finds one
 * element's place and writes its index there. Quadratic along the axis, but parallel and stable by construction.
 */
import type { DType } from '../../base/dtype.js';
import { elementCount } from '../../base/tensor.js';
import type { Node, ValueId } from '../../ir/graph.js';
import { delinearize, type Index } from '../../ir/index-expr.js';
import type { LoweredKernel } from '../kernel/body.js';
import type { Ref } from '../ssa/instr.js';
import type { KernelContext } from './context.js';
import { beats } from './loops.js';

export function lowerArgsort(k: KernelContext, id: ValueId, node: Node<'argsort'>): LoweredKernel {
  const { s, evaluator } = k;
  const [operand] = node.inputs;
  const { axis, descending } = node.attrs;
  const shape = evaluator.sizes(operand);
  const extent = shape[axis];
  const count = elementCount(shape);
  return k.each(count, count * extent * 4, (i) => {
    const index = delinearize(evaluator.indexOf(i, count, 'i'), shape);
    const at = (along: Index): Index[] => index.map((own, at) => (at === axis ? along : own));
    const mine = evaluator.at(operand, index);
    const own = evaluator.indices.emit(index[axis]);
    const rank = s.variable(s.iconst(0));
    s.for(0, extent, 1, (ref) => {
      const other = evaluator.at(operand, at(evaluator.indexOf(ref, extent)));
      const earlier = s.ltu(ref, own);
      const first = before(k, descending, evaluator.type(operand).dtype, other, mine);
      const later = before(k, descending, evaluator.type(operand).dtype, mine, other);
      const counts = s.bor(first, s.band(earlier, s.bnot(later)));
      s.update(rank, (old) => s.iadd(old, s.iselect(counts, 1, 0)));
    });
    const place = evaluator.indexOf(s.get(rank), extent);
    evaluator.pin(id, [at(place), own]);
    k.store(k.form.results.map((result) => [result, at(place)]));
  });
}

/** Whether `a` sorts strictly before `b`. NaN is the largest of all. */
function before(k: KernelContext, descending: boolean, dtype: DType, a: Ref, b: Ref): Ref {
  const [low, high] = descending ? [b, a] : [a, b];
  // `beats` for max says "high is larger than low", with NaN the largest.
  return beats(k.evaluator, 'max', dtype, high, low);
}
