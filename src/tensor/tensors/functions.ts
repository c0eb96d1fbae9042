/** Functions of several tensors. */
import { HeddleError } from '../../base/errors.js';
import * as compose from '../../compose/index.js';
import { checkNumber, checkTensorList, checkTensors, refuse } from '../arguments.js';
import { asExpr, EXPRS } from '../expressions/expr.js';
import { describing, named, type Operand } from './core.js';
import { Tensor } from './tensor.js';
import { treeLeaves, treeMap } from '../trees/trees.js';

/** Tensors one after the other along `axis`, on which alone their extents may differ. */
export function concat(tensors: readonly Tensor[], axis = 0): Tensor {
  return joined('concat', tensors, (values) => compose.concat(EXPRS, values, axis));
}

/** Tensors of one shape along a new axis. */
export function stack(tensors: readonly Tensor[], axis = 0): Tensor {
  return joined('stack', tensors, (values) => {
    const at = compose.normalizeAxis(axis, values[0].type.shape.length + 1);
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
  checkTensorList(name, tensors);
  if (tensors.length === 0) throw new HeddleError('ATTRIBUTE_INVALID', `${name} needs at least one tensor`);
  const values = tensors.map((tensor) => tensor.exprFor(name));
  return named(name, () => describing(values, () => new Tensor(asExpr(body(values)))));
}

/** `whenTrue` where `condition` (bool) holds, `whenFalse` elsewhere; all broadcast together. */
export function where(condition: Tensor, whenTrue: Operand, whenFalse: Operand): Tensor {
  checkTensors('where', { 'the condition': condition });
  return condition.where(whenTrue, whenFalse);
}

export function minimum(x: Tensor, y: Operand): Tensor {
  checkTensors('minimum', { 'the first operand': x });
  return x.minimum(y);
}
export function maximum(x: Tensor, y: Operand): Tensor {
  checkTensors('maximum', { 'the first operand': x });
  return x.maximum(y);
}
export function matmul(x: Tensor, y: Tensor): Tensor {
  checkTensors('matmul', { 'the first operand': x, 'the second operand': y });
  return x.matmul(y);
}

/** The same value, or tree of values, through which no gradient flows. Throws USAGE where there is no tensor. */
export function stopGradient<T>(x: T): T {
  if (treeLeaves(x).length === 0) checkTensors('stopGradient', { 'the operand': x });
  return treeMap((leaf) => leaf.stopGradient(), x);
}

/** The upper (`k` = 0: with the diagonal) triangle of the last two axes; 0 elsewhere. */
export const triu = (x: Tensor, k = 0): Tensor => part('triu', x, 'upper', k);
/** The lower triangle of the last two axes; 0 elsewhere. */
export const tril = (x: Tensor, k = 0): Tensor => part('tril', x, 'lower', k);

const part = (name: string, x: Tensor, which: 'upper' | 'lower', k: number): Tensor =>
  named(name, () => {
    checkTensors(name, { 'the operand': x });
    checkNumber(name, 'k', k);
    return new Tensor(asExpr(compose.triangle(EXPRS, x.exprFor(name), which, k)));
  });

/**
 * Einstein's summation over letters: `einsum('bij,bjk->bik', x, y)`. Without `->` the result has the letters that occur
 * once, in alphabetical order. `...` stands for leading axes, which broadcast. Letters that occur once and not in the
 * result are summed first; pairs are contracted from left to right, each as one dot.
 */
export function einsum(equation: string, ...operands: readonly Tensor[]): Tensor {
  if (typeof equation !== 'string') refuse('einsum', 'an equation is a text', equation, "'ij,jk->ik'");
  checkTensorList('einsum', operands);
  const values = operands.map((operand) => operand.exprFor('einsum'));
  return named('einsum', () => new Tensor(asExpr(compose.einsum(EXPRS, equation, values))));
}
