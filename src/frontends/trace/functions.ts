/** Functions of several tensors. */
import { HeddleError } from '../../base/errors.js';
import * as compose from '../../compose/index.js';
import { asExpr, EXPRS } from './expr.js';
import { full } from './factories.js';
import { describing, named, TensorCore, type Operand } from './tensor/core.js';
import { isTensor, Tensor } from './tensor/tensor.js';

/** Tensors one after the other along `axis`, on which alone their extents may differ. */
export function concat(tensors: readonly Tensor[], axis = 0): Tensor {
  return joined('concat', tensors, (values) => compose.concat(EXPRS, values, axis));
}

/** Tensors of one shape along a new axis. */
export function stack(tensors: readonly Tensor[], axis = 0): Tensor {
  const rank = (tensors[0]?.rank ?? 0) + 1;
  return joined('stack', tensors, (values) => {
    const at = compose.normalizeAxis(axis, rank);
    return compose.concat(
      EXPRS,
      values.map((value) => compose.unsqueeze(EXPRS, value, [at])),
      at,
    );
  });
}

function joined(
  name: string,
  tensors: readonly Tensor[],
  body: (values: readonly Tensor['expr'][]) => ReturnType<typeof compose.concat>,
): Tensor {
  if (tensors.length === 0) throw new HeddleError('ATTRIBUTE_INVALID', `${name} needs at least one tensor`);
  const values = tensors.map(({ expr }) => expr);
  return named(name, () => describing(values, () => new Tensor(asExpr(body(values)))));
}

/** `whenTrue` where `condition` (bool) holds, `whenFalse` elsewhere; all broadcast together. */
export function where(condition: Tensor, whenTrue: Operand, whenFalse: Operand): Tensor {
  return condition.where(whenTrue, whenFalse);
}

export const minimum = (x: Tensor, y: Operand): Tensor => x.minimum(y);
export const maximum = (x: Tensor, y: Operand): Tensor => x.maximum(y);
export const matmul = (x: Tensor, y: Tensor): Tensor => x.matmul(y);

/** The same value, through which no gradient flows. Trees keep their structure. */
export function stopGradient(x: Tensor): Tensor {
  return x.stopGradient();
}

/** The upper (`k` = 0: with the diagonal) triangle of the last two axes; 0 elsewhere. */
export const triu = (x: Tensor, k = 0): Tensor => part('triu', x, 'upper', k);
/** The lower triangle of the last two axes; 0 elsewhere. */
export const tril = (x: Tensor, k = 0): Tensor => part('tril', x, 'lower', k);

const part = (name: string, x: Tensor, which: 'upper' | 'lower', k: number): Tensor =>
  named(name, () => new Tensor(asExpr(compose.triangle(EXPRS, x.expr, which, k))));

/**
 * Einstein's summation over letters: `einsum('bij,bjk->bik', x, y)`. Without `->` the result has the letters that occur
 * once, in alphabetical order. `...` stands for leading axes, which broadcast. Letters that occur once and not in the
 * result are summed first; pairs are contracted from left to right, each as one dot.
 */
export function einsum(equation: string, ...operands: readonly Tensor[]): Tensor {
  const values = operands.map(({ expr }) => expr);
  return named('einsum', () => new Tensor(asExpr(compose.einsum(EXPRS, equation, values))));
}

/** A scalar or tensor as a tensor. */
export const asTensor = (x: Operand): Tensor => (isTensor(x) ? x : full([], x as number | boolean));

export const isOperand = (x: unknown): x is Operand =>
  x instanceof TensorCore || typeof x === 'number' || typeof x === 'boolean';
