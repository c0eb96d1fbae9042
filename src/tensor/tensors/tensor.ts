/** The tensor that users hold: an immutable array of elements, computed when it is read. */
import type { Expr } from '../expressions/expr.js';
import { Contraction } from './contraction.js';
import { TensorCore } from './core.js';

/**
 * A tensor: dtype, shape, and elements in row-major order. Operations return new tensors and compute nothing: what they
 * describe runs, fused, when a value is read (`await x.data()`), on the backend on which the operands lie.
 *
 * Operands broadcast as in NumPy; dtypes never mix silently. Errors (SHAPE_MISMATCH, DTYPE_MISMATCH, ATTRIBUTE_INVALID)
 * are thrown where the operation is written, not where it runs, and name it, both types and the line.
 */
export class Tensor extends Contraction {
  protected override wrap(expr: Expr): this {
    // The class is final: what is `this` here is a Tensor.
    return new Tensor(expr) as this;
  }
}

export const isTensor = (value: unknown): value is Tensor => value instanceof TensorCore;
