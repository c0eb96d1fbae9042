/** Signatures of the operators of ops/reduction.ts, from the specification. */
import { v, type SignatureTable } from './signature.js';

export const reduction = {
  ReduceSum: [
    v(1, 'T -> T', { T: 'wide' }, { axes: 'ints', keepdims: 'int' }),
    v(13, 'T int64? -> T', { T: 'wide' }, { keepdims: 'int', noop_with_empty_axes: 'int' }),
  ],
  ReduceProd: [
    v(1, 'T -> T', { T: 'wide' }, { axes: 'ints', keepdims: 'int' }),
    v(18, 'T int64? -> T', { T: 'wide' }, { keepdims: 'int', noop_with_empty_axes: 'int' }),
  ],
  ReduceMax: [
    v(1, 'T -> T', { T: 'wide' }, { axes: 'ints', keepdims: 'int' }),
    v(12, 'T -> T', { T: 'ordered' }, { axes: 'ints', keepdims: 'int' }),
    v(18, 'T int64? -> T', { T: 'ordered' }, { keepdims: 'int', noop_with_empty_axes: 'int' }),
    v(
      20,
      'T int64? -> T',
      { T: ['floats', 'int8', 'int32', 'int64', 'uint8', 'uint32', 'uint64', 'bool'] },
      { keepdims: 'int', noop_with_empty_axes: 'int' },
    ),
  ],
  ReduceMin: [
    v(1, 'T -> T', { T: 'wide' }, { axes: 'ints', keepdims: 'int' }),
    v(12, 'T -> T', { T: 'ordered' }, { axes: 'ints', keepdims: 'int' }),
    v(18, 'T int64? -> T', { T: 'ordered' }, { keepdims: 'int', noop_with_empty_axes: 'int' }),
    v(
      20,
      'T int64? -> T',
      { T: ['floats', 'int8', 'int32', 'int64', 'uint8', 'uint32', 'uint64', 'bool'] },
      { keepdims: 'int', noop_with_empty_axes: 'int' },
    ),
  ],
  ReduceMean: [
    v(1, 'T -> T', { T: 'wide' }, { axes: 'ints', keepdims: 'int' }),
    v(18, 'T int64? -> T', { T: 'wide' }, { keepdims: 'int', noop_with_empty_axes: 'int' }),
  ],
  ReduceL1: [
    v(1, 'T -> T', { T: 'wide' }, { axes: 'ints', keepdims: 'int' }),
    v(18, 'T int64? -> T', { T: 'wide' }, { keepdims: 'int', noop_with_empty_axes: 'int' }),
  ],
  ReduceL2: [
    v(1, 'T -> T', { T: 'wide' }, { axes: 'ints', keepdims: 'int' }),
    v(18, 'T int64? -> T', { T: 'wide' }, { keepdims: 'int', noop_with_empty_axes: 'int' }),
  ],
  ReduceSumSquare: [
    v(1, 'T -> T', { T: 'wide' }, { axes: 'ints', keepdims: 'int' }),
    v(18, 'T int64? -> T', { T: 'wide' }, { keepdims: 'int', noop_with_empty_axes: 'int' }),
  ],
  ReduceLogSum: [
    v(1, 'T -> T', { T: 'wide' }, { axes: 'ints', keepdims: 'int' }),
    v(18, 'T int64? -> T', { T: 'wide' }, { keepdims: 'int', noop_with_empty_axes: 'int' }),
    v(28, 'T int64? -> T', { T: 'floats' }, { keepdims: 'int', noop_with_empty_axes: 'int' }),
  ],
  ReduceLogSumExp: [
    v(1, 'T -> T', { T: 'wide' }, { axes: 'ints', keepdims: 'int' }),
    v(18, 'T int64? -> T', { T: 'wide' }, { keepdims: 'int', noop_with_empty_axes: 'int' }),
    v(28, 'T int64? -> T', { T: 'floats' }, { keepdims: 'int', noop_with_empty_axes: 'int' }),
  ],
  ArgMax: [
    v(1, 'T -> int64', { T: 'numbers' }, { axis: 'int', keepdims: 'int' }),
    v(12, 'T -> int64', { T: 'numbers' }, { axis: 'int', keepdims: 'int', select_last_index: 'int' }),
  ],
  ArgMin: [
    v(1, 'T -> int64', { T: 'numbers' }, { axis: 'int', keepdims: 'int' }),
    v(12, 'T -> int64', { T: 'numbers' }, { axis: 'int', keepdims: 'int', select_last_index: 'int' }),
  ],
  CumSum: [
    v(
      11,
      'T T2 -> T',
      { T: ['float', 'double', 'int32', 'int64', 'uint32', 'uint64'], T2: 'indices' },
      { exclusive: 'int', reverse: 'int' },
    ),
    v(14, 'T T2 -> T', { T: 'wide', T2: 'indices' }, { exclusive: 'int', reverse: 'int' }),
  ],
  CumProd: [v(26, 'T T2 -> T', { T: 'wide', T2: 'indices' }, { exclusive: 'int', reverse: 'int' })],
} satisfies SignatureTable;
