/** Scalar ops of 64-bit elements: each is computed, or refused with a code. */
import { expect, test } from 'vitest';
import { HeddleError } from '../../../../src/base/errors.js';
import { WideEmitter } from '../../../../src/frontends/onnx/wide/emitter.js';
import { GraphBuilder } from '../../../../src/ir/builder.js';
import { BINARY_OPS, COMPARE_OPS, UNARY_OPS, type Op } from '../../../../src/ir/ops.js';

/** The ops that are refused of two operands in words, with their codes. */
function refused(dtype: 'int64' | 'uint64' | 'double'): readonly string[] {
  const b = new GraphBuilder('wide');
  const emitter = new WideEmitter(b, () => undefined);
  const [x, y] = ['x', 'y'].map((name) => emitter.loaded(dtype, b.param(name, 'u32', [3, 2])));
  const outcome = (op: Op, operands: Parameters<typeof emitter.emit>[1]): readonly string[] => {
    try {
      emitter.emit(op, operands, {});
      return [];
    } catch (error) {
      expect(error).toBeInstanceOf(HeddleError);
      return [`${op} ${(error as HeddleError).code}`];
    }
  };
  return [
    ...UNARY_OPS.flatMap((op) => outcome(op, [x])),
    ...[...BINARY_OPS, ...COMPARE_OPS].flatMap((op) => outcome(op, [x, y])),
  ];
}

test('doubles have the ops of floats', () => {
  const bits = ['not', 'and', 'or', 'xor', 'shl', 'shr'];
  expect(refused('double')).toEqual(bits.map((op) => `${op} DTYPE_MISMATCH`));
});

test.each(['int64', 'uint64'] as const)('%s has the ops of integers', (dtype) => {
  const floats = UNARY_OPS.filter((op) => !['neg', 'abs', 'sign', 'not'].includes(op));
  expect(refused(dtype)).toEqual([...floats, 'pow'].map((op) => `${op} ONNX_UNSUPPORTED_DTYPE`));
});
