/** Which scalar ops take which dtype, as their type rules say. */
import { DTYPES, type DType } from '../../src/base/dtype.js';
import { HeddleError } from '../../src/base/errors.js';
import { inferType } from '../../src/ir/infer.js';
import { BINARY_OPS, tableOf, UNARY_OPS, type BinaryOp, type UnaryOp } from '../../src/ir/ops.js';
import { tensorType } from '../../src/ir/types.js';

function takes(op: UnaryOp | BinaryOp, operands: number, dtype: DType): boolean {
  try {
    inferType(op, new Array(operands).fill(tensorType(dtype, [])), {});
    return true;
  } catch (error) {
    if (error instanceof HeddleError && error.code === 'DTYPE_MISMATCH') return false;
    throw error;
  }
}

export const UNARY_OPS_OF: Readonly<Record<DType, readonly UnaryOp[]>> = tableOf(DTYPES, (dtype) =>
  UNARY_OPS.filter((op) => takes(op, 1, dtype)),
);
export const BINARY_OPS_OF: Readonly<Record<DType, readonly BinaryOp[]>> = tableOf(DTYPES, (dtype) =>
  BINARY_OPS.filter((op) => takes(op, 2, dtype)),
);
