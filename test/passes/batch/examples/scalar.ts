import { DTYPES } from '../../../../src/base/dtype.js';
import { HeddleError } from '../../../../src/base/errors.js';
import {
  BINARY_OPS,
  COMPARE_OPS,
  UNARY_OPS,
  type BinaryOp,
  type CompareOp,
  type UnaryOp,
} from '../../../../src/ir/ops.js';
import { bool, example, f16, f32, i32, u32, type Example, type Examples } from './example.js';

/** The op on operands of every dtype that it takes, of one shape. */
function ofEveryDType(op: UnaryOp | BinaryOp | CompareOp, operands: number): Example[] {
  return DTYPES.flatMap((dtype) => {
    try {
      return [example(op, {}, ...Array.from({ length: operands }, () => ({ dtype, shape: [5, 3] })))];
    } catch (error) {
      if (error instanceof HeddleError && error.code === 'DTYPE_MISMATCH') return [];
      throw error;
    }
  });
}

const tableOf = <K extends UnaryOp | BinaryOp | CompareOp>(
  ops: readonly K[],
  operands: number,
): Examples<K> =>
  Object.fromEntries(ops.map((op) => [op, ofEveryDType(op, operands)])) as Record<K, Example[]>;

export const scalarExamples: Examples<UnaryOp | BinaryOp | CompareOp | 'cast' | 'bitcast' | 'select'> = {
  ...tableOf(UNARY_OPS, 1),
  ...tableOf(BINARY_OPS, 2),
  ...tableOf(COMPARE_OPS, 2),
  cast: DTYPES.flatMap((to) =>
    DTYPES.map((from) => example('cast', { dtype: to }, { dtype: from, shape: [7] })),
  ),
  bitcast: [example('bitcast', { dtype: 'f32' }, u32(3, 2)), example('bitcast', { dtype: 'u32' }, i32(3))],
  select: [
    example('select', {}, bool(4, 2), f32(4, 2), f32(4, 2)),
    example('select', {}, bool(), f16(), f16()),
  ],
};
