/**
 * Updates in place: where the result lies where the operand does, only what is replaced is written, so that a step which adds a row to
 * a long cache costs a row. One invocation for each element of the update.
 */
import type { Node, ValueId } from '../../ir/graph.js';
import { delinearize, type Index } from '../../ir/index-expr.js';
import { elementCount } from '../../base/tensor.js';
import type { LoweredKernel } from '../kernel/body.js';
import type { KernelContext } from './context.js';
import { staticElementCost } from './cost.js';
import { accessKey, type KernelSpec } from './spec.js';

/** The update whose result is all that a kernel of `spec` writes, if it lies where its operand does. */
export function updateInPlace({ form, sources, results }: KernelSpec): ValueId | undefined {
  const { graph } = form;
  if (form.results.length !== 1) return undefined;
  const [id] = form.results;
  const node = graph.nodes[id];
  if (node.op !== 'updateSlice') return undefined;
  const operand = form.sources.indexOf(node.inputs[0]);
  return operand >= 0 && accessKey(sources[operand]) === accessKey(results[0]) ? id : undefined;
}

export function lowerUpdate(k: KernelContext, id: ValueId): LoweredKernel {
  const { s, evaluator, form } = k;
  const node = k.graph.nodes[id] as Node<'updateSlice'>;
  const { axis } = node.attrs;
  const [, update, start] = node.inputs;
  const [extent, shape] = [evaluator.sizes(id)[axis], evaluator.sizes(update)];
  const count = elementCount(shape);
  return k.each(count, count * staticElementCost(k, form.members), (ref) => {
    const from = delinearize(evaluator.indexOf(ref, count, 'i'), shape);
    // Places before the first wrap to large words, so that one test does.
    const place = s.prim('iadd', evaluator.indices.emit(from[axis]), evaluator.at(start, []));
    s.if(s.ltu(place, extent), () => {
      const to: readonly Index[] = from.with(axis, evaluator.indexOf(place, extent));
      k.put(id, to, evaluator.at(update, from));
    });
  });
}
