/** Trading time for memory in gradients. */
import { checkFunction } from '../arguments.js';
import { ensureSync, flattenTensors, rebuild } from '../expressions/call.js';
import { asExpr, EXPRS, type Expr } from '../expressions/expr.js';
import { Tensor } from '../tensors/tensor.js';
import { unflatten } from '../trees/tree.js';

/**
 * `f`, whose intermediate values are not kept for the gradient: the backward pass computes them again from the arguments.
 * Values and gradients keep their bits. What `f` uses beside its arguments is kept.
 */
export function checkpoint<A extends unknown[], R>(f: (...args: A) => R): (...args: A) => R {
  checkFunction('checkpoint', f);
  return (...args) => {
    const given = flattenTensors(args);
    const entered = given.leaves.map(({ expr }) => new Tensor(marked(expr, 'rematBegin')));
    const result = flattenTensors(ensureSync('checkpoint', f(...(unflatten(given.structure, entered) as A))));
    const left = result.leaves.map(({ expr }) => marked(expr, 'rematEnd'));
    return rebuild(result.structure, left) as R;
  };
}

const marked = (expr: Expr, op: 'rematBegin' | 'rematEnd'): Expr => asExpr(EXPRS.emit(op, [expr], {}));
