/** What the type rules refuse, and what shapes they give. */
import { describe, expect, test } from 'vitest';
import type { ErrorCode } from '../../src/base/errors.js';
import type { DType } from '../../src/base/dtype.js';
import { symbol } from '../../src/ir/dim.js';
import { inferType } from '../../src/ir/infer.js';
import type { Op, OpAttrs } from '../../src/ir/ops.js';
import { printType, tensorType, type Shape, type TensorType } from '../../src/ir/types.js';

const f32 = (...shape: Shape): TensorType => tensorType('f32', shape);
const of = (dtype: DType, ...shape: Shape): TensorType => tensorType(dtype, shape);
const N = symbol('N');

interface Case {
  readonly op: Op;
  readonly inputs: readonly TensorType[];
  readonly attrs: OpAttrs[Op];
}
const use = <K extends Op>(op: K, inputs: readonly TensorType[], attrs: OpAttrs[K]): Case => ({
  op,
  inputs,
  attrs,
});
const infer = ({ op, inputs, attrs }: Case): TensorType => inferType(op, inputs, attrs);

const CONV = { strides: [1], padLow: [0], padHigh: [0], lhsDilation: [1], rhsDilation: [1], groups: 1 };
const WINDOW = { kind: 'max', window: [2], strides: [1], dilations: [1], padLow: [0], padHigh: [0] } as const;
const DOT = { lhsBatch: [], rhsBatch: [], lhsContract: [1], rhsContract: [0] };
const SLICE = { starts: [0], sizes: [2], strides: [1] };
const PAD = { low: [0], high: [0], interior: [0], value: 0 };

describe('shapes', () => {
  test.each<[Case, string]>([
    [use('add', [f32(N, 3), f32(N, 3)], {}), 'f32[N,3]'],
    [use('lt', [of('i32', 2), of('i32', 2)], {}), 'bool[2]'],
    [use('reshape', [f32(N, 4)], { shape: [2, N, 2] }), 'f32[2,N,2]'],
    [use('permute', [f32(2, 3, N)], { permutation: [2, 0, 1] }), 'f32[N,2,3]'],
    [use('broadcast', [f32(1, 3)], { shape: [N, 3] }), 'f32[N,3]'],
    [use('slice', [f32(10)], { starts: [1], sizes: [3], strides: [4] }), 'f32[3]'],
    [use('pad', [f32(3)], { ...PAD, low: [1], high: [2], interior: [1] }), 'f32[8]'],
    [use('pad', [f32(0)], { ...PAD, interior: [3], high: [1] }), 'f32[1]'],
    [use('pad', [f32(N)], { ...PAD, low: [1] }), 'f32[N+1]'],
    [use('concat', [f32(2, N), f32(2, 3)], { axis: 1 }), 'f32[2,N+3]'],
    [use('reduce', [f32(2, 3, 4)], { kind: 'sum', axes: [0, 2] }), 'f32[3]'],
    [use('argreduce', [f32(2, 3)], { kind: 'max', axis: 0 }), 'i32[3]'],
    [use('reduceWindow', [f32(9)], { ...WINDOW, window: [3], strides: [2], dilations: [2] }), 'f32[3]'],
    [use('reduceWindow', [f32(1)], WINDOW), 'f32[0]'],
    [use('dot', [f32(N, 4), f32(4, 5)], DOT), 'f32[N,5]'],
    [use('dot', [f32(7, 2, 4), f32(4, 5, 7)], { lhsBatch: [0], rhsBatch: [2], lhsContract: [2], rhsContract: [0] }), 'f32[7,2,5]'], // prettier-ignore
    [
      use('conv', [f32(N, 4, 9), f32(6, 2, 3)], { ...CONV, strides: [2], padLow: [1], groups: 2 }),
      'f32[N,6,4]',
    ],
    [
      use('conv', [f32(1, 1, 4), f32(1, 1, 3)], { ...CONV, lhsDilation: [2], rhsDilation: [2] }),
      'f32[1,1,3]',
    ],
    [use('splitKDot', [f32(N, 257), f32(257, 5)], DOT), 'f32[3,N,5]'],
    [use('splitKDot', [of('i32', 2, 0), of('i32', 0, 5)], DOT), 'i32[0,2,5]'],
    [use('splitKConv', [of('f16', N, 64, 9), of('f16', 6, 64, 4)], CONV), 'f32[2,N,6,6]'],
    [use('gather', [f32(5, N), of('i32', 2, 3)], { axis: 0 }), 'f32[2,3,N]'],
    [use('scatter', [f32(5, 2), of('i32', 3), f32(3, 2)], { kind: 'add' }), 'f32[5,2]'],
    [use('updateSlice', [f32(5, 2), f32(5, 3), of('i32')], { axis: 1 }), 'f32[5,2]'],
    [use('argsort', [f32(4)], { axis: 0, descending: true }), 'i32[4]'],
    [use('random', [of('u32', 2)], { shape: [3, 4] }), 'u32[3,4]'],
    [use('broadcast', [f32(1)], { shape: [2 ** 31 - 1] }), 'f32[2147483647]'],
    [use('broadcast', [f32(1, 1, 1)], { shape: [70_000, 70_000, N] }), 'f32[70000,70000,N]'],
    [use('broadcast', [f32(1, 0)], { shape: [70_000, 0] }), 'f32[70000,0]'],
  ])('%j', (node, expected) => {
    expect(printType(infer(node))).toBe(expected);
  });
});

describe('too large', () => {
  test.each<[string, Case]>([
    ['a product of extents', use('broadcast', [f32(1, 1)], { shape: [70_000, 70_000] })],
    ['one element more than counts as i32', use('broadcast', [f32(1)], { shape: [2 ** 31] })],
    ['an extent of a tensor without elements', use('broadcast', [f32(1, 0)], { shape: [2 ** 31, 0] })],
    ['a product that overflows', use('broadcast', [f32(...new Array<number>(40).fill(1), 0)], { shape: [...new Array<number>(40).fill(2 ** 30), 0] })], // prettier-ignore
    ['an input', use('param', [], { name: 'x', dtype: 'f32', shape: [70_000, 70_000] })],
    [
      'an outer product',
      use('dot', [f32(70_000), f32(70_000)], { ...DOT, lhsContract: [], rhsContract: [] }),
    ],
    ['the sum of two axes', use('concat', [f32(2 ** 30), f32(2 ** 30)], { axis: 0 })],
    ['holes', use('pad', [f32(2 ** 20)], { ...PAD, interior: [2 ** 12] })],
    ['the padding of a window', use('reduceWindow', [f32(1)], { ...WINDOW, window: [1], padLow: [2 ** 31], strides: [2 ** 31] })], // prettier-ignore
    ['the holes of a convolution', use('conv', [f32(1, 1, 3), f32(1, 1, 1)], { ...CONV, lhsDilation: [2 ** 31], strides: [2 ** 31] })], // prettier-ignore
  ])('%s', (_, node) => {
    expect(() => infer(node)).toThrow(expect.objectContaining({ code: 'LIMIT_EXCEEDED' }) as Error);
  });
});

describe('refused', () => {
  test.each<[string, Case, ErrorCode]>([
    ['too few operands', use('add', [f32()], {}), 'IR_INVALID'],
    ['two shapes', use('add', [f32(2), f32(3)], {}), 'SHAPE_MISMATCH'],
    ['two dtypes', use('add', [f32(2), of('i32', 2)], {}), 'DTYPE_MISMATCH'],
    ['a sum of bools', use('add', [of('bool'), of('bool')], {}), 'DTYPE_MISMATCH'],
    ['the sine of integers', use('sin', [of('i32')], {}), 'DTYPE_MISMATCH'],
    ['bits of floats', use('and', [f32(), f32()], {}), 'DTYPE_MISMATCH'],
    ['shifts of bools', use('shl', [of('bool'), of('bool')], {}), 'DTYPE_MISMATCH'],
    ['not of a float', use('not', [f32()], {}), 'DTYPE_MISMATCH'],
    ['a condition that is not a bool', use('select', [f32(), f32(), f32()], {}), 'DTYPE_MISMATCH'],
    ['a condition of another shape', use('select', [of('bool', 2), f32(), f32()], {}), 'SHAPE_MISMATCH'],
    ['a bitcast of f16', use('bitcast', [of('f16')], { dtype: 'u32' }), 'DTYPE_MISMATCH'],
    [
      'too many values',
      use('constant', [], { dtype: 'f32', shape: [2], values: [1, 2, 3] }),
      'ATTRIBUTE_INVALID',
    ],
    ['a negative extent', use('param', [], { name: 'x', dtype: 'f32', shape: [-1] }), 'ATTRIBUTE_INVALID'],
    ['half an element', use('weight', [], { id: 'w', dtype: 'f32', shape: [1.5] }), 'ATTRIBUTE_INVALID'],
    ['an iota of floats', use('iota', [], { dtype: 'f32', shape: [2], axis: 0 }), 'DTYPE_MISMATCH'],
    ['an iota of a scalar', use('iota', [], { dtype: 'i32', shape: [], axis: 0 }), 'ATTRIBUTE_INVALID'],
    ['a key of three words', use('random', [of('u32', 3)], { shape: [] }), 'SHAPE_MISMATCH'],
    ['more elements than before', use('reshape', [f32(2, 3)], { shape: [7] }), 'SHAPE_MISMATCH'],
    ['a symbol that comes from nowhere', use('reshape', [f32(2, 3)], { shape: [N] }), 'SHAPE_MISMATCH'],
    ['an axis twice', use('permute', [f32(2, 3)], { permutation: [0, 0] }), 'ATTRIBUTE_INVALID'],
    ['an axis missing', use('permute', [f32(2, 3)], { permutation: [0] }), 'ATTRIBUTE_INVALID'],
    ['a broadcast of 2 to 4', use('broadcast', [f32(2)], { shape: [4] }), 'SHAPE_MISMATCH'],
    ['a broadcast to another rank', use('broadcast', [f32(1)], { shape: [1, 4] }), 'SHAPE_MISMATCH'],
    ['a slice beyond the end', use('slice', [f32(4)], { ...SLICE, starts: [3] }), 'ATTRIBUTE_INVALID'],
    ['a slice with stride 0', use('slice', [f32(4)], { ...SLICE, strides: [0] }), 'ATTRIBUTE_INVALID'],
    ['a slice from -1', use('slice', [f32(4)], { ...SLICE, starts: [-1] }), 'ATTRIBUTE_INVALID'],
    ['negative padding', use('pad', [f32(4)], { ...PAD, low: [-1] }), 'ATTRIBUTE_INVALID'],
    ['padding of too few axes', use('pad', [f32(4, 4)], PAD), 'ATTRIBUTE_INVALID'],
    ['a concat of nothing', use('concat', [], { axis: 0 }), 'IR_INVALID'],
    ['a concat of scalars', use('concat', [f32()], { axis: 0 }), 'ATTRIBUTE_INVALID'],
    ['a concat that does not fit', use('concat', [f32(2, 3), f32(3, 3)], { axis: 1 }), 'SHAPE_MISMATCH'],
    ['reduced axes out of order', use('reduce', [f32(2, 1, 3)], { kind: 'sum', axes: [2, 0] }), 'ATTRIBUTE_INVALID'], // prettier-ignore
    ['a reversed axis twice', use('reverse', [f32(2)], { axes: [0, 0] }), 'ATTRIBUTE_INVALID'],
    [
      'a reduced axis that is not there',
      use('reduce', [f32(2)], { kind: 'sum', axes: [1] }),
      'ATTRIBUTE_INVALID',
    ],
    ['the sum of bools', use('reduce', [of('bool', 2)], { kind: 'sum', axes: [0] }), 'DTYPE_MISMATCH'],
    ['the largest of nothing', use('argreduce', [f32(0)], { kind: 'max', axis: 0 }), 'SHAPE_MISMATCH'],
    ['a window of 0', use('reduceWindow', [f32(4)], { ...WINDOW, window: [0] }), 'ATTRIBUTE_INVALID'],
    ['a window on too few axes', use('reduceWindow', [f32(4, 4)], WINDOW), 'ATTRIBUTE_INVALID'],
    ['a scan of a scalar', use('scan', [f32()], { kind: 'sum', axis: 0, exclusive: false, reverse: false }), 'ATTRIBUTE_INVALID'], // prettier-ignore
    ['contracted extents that differ', use('dot', [f32(2, 3), f32(4, 5)], DOT), 'SHAPE_MISMATCH'],
    [
      'an axis without partner',
      use('dot', [f32(2, 3), f32(3, 5)], { ...DOT, rhsContract: [] }),
      'ATTRIBUTE_INVALID',
    ],
    [
      'separate blocks of a symbolic number of terms',
      use('splitKDot', [f32(2, N), f32(N, 5)], DOT),
      'ATTRIBUTE_INVALID',
    ],
    [
      'separate blocks among holes',
      use('splitKConv', [f32(1, 1, 4), f32(1, 1, 2)], { ...CONV, lhsDilation: [2] }),
      'ATTRIBUTE_INVALID',
    ],
    ['a dot of bools', use('dot', [of('bool', 2, 3), of('bool', 3, 5)], DOT), 'DTYPE_MISMATCH'],
    [
      'a convolution of bools',
      use('conv', [of('bool', 1, 1, 4), of('bool', 1, 1, 2)], CONV),
      'DTYPE_MISMATCH',
    ],
    ['channels that do not fit', use('conv', [f32(1, 3, 4), f32(1, 2, 2)], CONV), 'SHAPE_MISMATCH'],
    ['outputs that are no multiple of the groups', use('conv', [f32(1, 2, 4), f32(3, 1, 2)], { ...CONV, groups: 2 }), 'SHAPE_MISMATCH'], // prettier-ignore
    ['indices that are floats', use('gather', [f32(4), f32(2)], { axis: 0 }), 'DTYPE_MISMATCH'],
    ['a gather from nothing', use('gather', [f32(0), of('i32', 2)], { axis: 0 }), 'SHAPE_MISMATCH'],
    [
      'updates that do not fit',
      use('scatter', [f32(4), of('i32', 2), f32(3)], { kind: 'set' }),
      'SHAPE_MISMATCH',
    ],
    [
      'an update of another shape',
      use('updateSlice', [f32(4, 2), f32(3, 1), of('i32')], { axis: 0 }),
      'SHAPE_MISMATCH',
    ],
    [
      'an update of another dtype',
      use('updateSlice', [f32(4), of('i32', 2), of('i32')], { axis: 0 }),
      'DTYPE_MISMATCH',
    ],
    [
      'an update from many starts',
      use('updateSlice', [f32(4), f32(2), of('i32', 1)], { axis: 0 }),
      'SHAPE_MISMATCH',
    ],
    ['an update from a float', use('updateSlice', [f32(4), f32(2), f32()], { axis: 0 }), 'DTYPE_MISMATCH'],
    [
      'an update along no axis',
      use('updateSlice', [f32(4), f32(2), of('i32')], { axis: 1 }),
      'ATTRIBUTE_INVALID',
    ],
    ['updates of another dtype', use('scatter', [f32(4), of('i32', 2), of('i32', 2)], { kind: 'set' }), 'DTYPE_MISMATCH'], // prettier-ignore
  ])('%s', (_, node, code) => {
    expect(() => infer(node)).toThrow(expect.objectContaining({ code }) as Error);
  });
});
