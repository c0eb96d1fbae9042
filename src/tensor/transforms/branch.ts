/** Parts of a program that are always computed and do not always count. */
import { isFloat } from '../../base/dtype.js';
import { flattenTensors } from '../expressions/call.js';
import { nextSerial, type Expr } from '../expressions/expr.js';
import { inline, lower } from '../expressions/lower.js';
import { Tensor } from '../tensors/tensor.js';
import { unflatten } from '../trees/tree.js';

/**
 * What `body` gives, a tree of tensors, with derivatives only where the bool scalar `taken` holds. Where it does not, what
 * flows back is a product with 0, and NaN where the body has no derivative, as a root at 0: so everything that the body uses
 * enters it through a choice between the value and the same value without a derivative. The bits are those of `body()`.
 */
export function branch<R>(taken: Tensor, body: () => R): R {
  const start = nextSerial();
  const result = body();
  const flat = flattenTensors(result);
  // What the body hands through as it is needs nothing: the choice between the branches is enough.
  const own = flat.leaves
    .map(({ expr }) => expr)
    .filter(({ serial, traces }) => serial >= start && traces.length > 0);
  if (own.length === 0) return result;
  const { graph, captured } = lower({
    name: 'branch',
    params: [],
    outputs: own,
    capture: ({ serial, traces }) => serial < start || traces.length === 0,
  });
  if (!captured.some(isDifferentiable)) return result;
  const entered = captured.map((expr) => entering(expr, taken));
  const guarded = new Map(inline(graph, entered).map((expr, i) => [own[i], expr]));
  return unflatten(
    flat.structure,
    flat.leaves.map((leaf) => {
      const expr = guarded.get(leaf.expr);
      return expr === undefined ? leaf : new Tensor(expr);
    }),
  ) as R;
}

/** Derivatives exist by what depends on the inputs of a trace alone. */
const isDifferentiable = ({ traces, type }: Expr): boolean => traces.length > 0 && isFloat(type.dtype);

function entering(expr: Expr, taken: Tensor): Expr {
  if (!isDifferentiable(expr)) return expr;
  const value = new Tensor(expr);
  return taken.where(value, value.stopGradient()).expr;
}
