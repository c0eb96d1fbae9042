import { describe, expect, test } from 'vitest';
import { importVerified, given, known, oneNodeModel, resultOf, runNode, type OneNode } from './support.js';

/** A node, its result's elements, and its shape where it is not that of the elements in a row. */
type Case = readonly [name: string, spec: OneNode, data: readonly number[], shape?: readonly number[]];

const x = given([2, 3], [1, 2, 3, 4, 5, 6]);
const row = given([3], [10, 20, 30]);
const int = (
  data: readonly number[],
  dtype: 'int32' | 'uint8' | 'int8' | 'int64' = 'int32',
): ReturnType<typeof given> => given([data.length], data, dtype);

const CASES: readonly Case[] = [
  // Broadcasting changed with opset 7.
  ['Add broadcasts', { op: 'Add', operands: [x, row] }, [11, 22, 33, 14, 25, 36], [2, 3]],
  [
    'Add of opset 6 with an axis',
    { op: 'Add', operands: [x, given([2], [10, 20])], attributes: { broadcast: 1, axis: 0 }, opset: 6 },
    [11, 12, 13, 24, 25, 26],
    [2, 3],
  ],
  ['Sum of three', { op: 'Sum', operands: [row, row, given([1], [1])] }, [21, 41, 61]],
  ['Mean', { op: 'Mean', operands: [given([2], [1, 2]), given([2], [4, 8])] }, [2.5, 5]],
  [
    'int8 wraps',
    { op: 'Add', operands: [int([127, -128], 'int8'), int([1, -1], 'int8')], outputs: ['int8'] },
    [-128, 127],
  ],
  [
    'uint8 wraps',
    { op: 'Mul', operands: [int([16, 255], 'uint8'), int([16, 2], 'uint8')], outputs: ['uint8'] },
    [0, 254],
  ],
  [
    'Div of integers truncates',
    { op: 'Div', operands: [int([7, -7]), int([2, 2])], outputs: ['int32'] },
    [3, -3],
  ],
  ['Mod', { op: 'Mod', operands: [int([7, -7]), int([3, 3])], outputs: ['int32'] }, [1, 2]],
  [
    'Mod fmod',
    { op: 'Mod', operands: [int([7, -7]), int([3, 3])], attributes: { fmod: 1 }, outputs: ['int32'] },
    [1, -1],
  ],
  ['Pow', { op: 'Pow', operands: [given([2], [2, 9]), given([2], [3, 0.5])] }, [8, 3]],
  [
    'Pow by a known integer',
    { op: 'Pow', operands: [int([3, -2]), known([], [3])], outputs: ['int32'] },
    [27, -8],
  ],
  [
    'BitShift beyond the width',
    {
      op: 'BitShift',
      operands: [int([1, 1], 'uint8'), int([3, 40], 'uint8')],
      attributes: { direction: 'LEFT' },
      outputs: ['uint8'],
    },
    [8, 0],
  ],
  [
    'BitShift of signed integers keeps the sign, whatever the count',
    {
      op: 'BitShift',
      operands: [int([-8, -8, 8, -8, 8, -1], 'int8'), int([1, 9, 9, -1, 40, 0], 'int8')],
      attributes: { direction: 'RIGHT' },
      opset: 28,
      outputs: ['int8'],
    },
    [-4, -1, 0, -1, 0, -1],
  ],
  [
    'BitShift of signed integers to the left leaves nothing beyond the width',
    {
      op: 'BitShift',
      operands: [int([1, -1, 3, 3]), int([31, 32, -1, -32])],
      attributes: { direction: 'LEFT' },
      opset: 28,
      outputs: ['int32'],
    },
    [-(2 ** 31), 0, 0, 0],
  ],
  [
    'Mod of floats has the sign of the divisor from version 28 on',
    {
      op: 'Mod',
      operands: [given([7], [5, -5, 5, -4, 4, -0, 3]), given([7], [3, 3, -3, 2, -2, 2, -Infinity])],
      opset: 28,
    },
    [2, 1, -1, 0, -0, 0, -Infinity],
  ],
  [
    'Tile of version 1',
    { op: 'Tile', operands: [row, known([], [2], 'float'), known([], [0], 'float')], opset: 1 },
    [10, 20, 30, 10, 20, 30],
  ],
  [
    'Cast of version 1',
    { op: 'Cast', operands: [row], attributes: { to: 'INT32' }, opset: 1, outputs: ['int32'] },
    [10, 20, 30],
  ],
  [
    'IsNaN of float8',
    { op: 'IsNaN', operands: [known([2], [0x7f, 0x38], 'float8e4m3fn')], opset: 20, outputs: ['bool'] },
    [1, 0],
  ],
  ['Greater', { op: 'Greater', operands: [row, given([1], [20])], outputs: ['bool'] }, [0, 0, 1]],
  [
    'GreaterOrEqual',
    { op: 'GreaterOrEqual', operands: [row, given([1], [20])], outputs: ['bool'] },
    [0, 1, 1],
  ],
  [
    'Where',
    { op: 'Where', operands: [given([2], [1, 0], 'bool'), given([1], [5]), given([2], [7, 8])] },
    [5, 8],
  ],
  [
    'Cast to int8 wraps',
    { op: 'Cast', operands: [int([300, -200])], attributes: { to: 3 }, outputs: ['int8'] },
    [44, 56],
  ],
  [
    'Cast of negative numbers to uint8',
    {
      op: 'Cast',
      operands: [given([4], [-1, -7.5, -300.2, 300])],
      attributes: { to: 2 },
      outputs: ['uint8'],
    },
    [255, 249, 212, 44],
  ],
  [
    'Cast to int32 saturates',
    {
      op: 'Cast',
      operands: [given([4], [Infinity, -Infinity, 3e9, -3e9])],
      attributes: { to: 6 },
      outputs: ['int32'],
    },
    [2 ** 31 - 1, -(2 ** 31), 2 ** 31 - 1, -(2 ** 31)],
  ],
  [
    'Cast to bool',
    { op: 'Cast', operands: [given([3], [0, 0.5, -1])], attributes: { to: 9 }, outputs: ['bool'] },
    [0, 1, 1],
  ],
  // Softmax changed its meaning with opset 13.
  [
    'Softmax over the flattened axes',
    { op: 'Softmax', operands: [given([1, 2, 2], [0, 0, 0, 0])], opset: 11 },
    [0.25, 0.25, 0.25, 0.25],
    [1, 2, 2],
  ],
  [
    'Softmax over the last axis',
    { op: 'Softmax', operands: [given([1, 2, 2], [0, 0, 0, 0])], opset: 13 },
    [0.5, 0.5, 0.5, 0.5],
    [1, 2, 2],
  ],
  [
    'Clip by attributes',
    { op: 'Clip', operands: [row], attributes: { max: { float: 15 } }, opset: 6 },
    [10, 15, 15],
  ],
  ['Clip by inputs', { op: 'Clip', operands: [row, undefined, known([], [15], 'float')] }, [10, 15, 15]],
  ['PRelu', { op: 'PRelu', operands: [given([2], [-2, 2]), given([1], [0.25])] }, [-0.5, 2]],
  [
    'Reshape with 0 and -1',
    { op: 'Reshape', operands: [given([2, 3, 2], [...Array(12).keys()]), known([2], [0, -1])] },
    [...Array(12).keys()],
    [2, 6],
  ],
  [
    'Reshape with allowzero',
    { op: 'Reshape', operands: [given([0, 3], []), known([2], [3, 0])], attributes: { allowzero: 1 } },
    [],
    [3, 0],
  ],
  [
    'Flatten at the rank',
    { op: 'Flatten', operands: [x], attributes: { axis: 2 } },
    [1, 2, 3, 4, 5, 6],
    [6, 1],
  ],
  ['Squeeze by input', { op: 'Squeeze', operands: [given([1, 2], [1, 2]), known([1], [0])] }, [1, 2]],
  [
    'Unsqueeze by attribute',
    { op: 'Unsqueeze', operands: [given([2], [1, 2])], attributes: { axes: [-1] }, opset: 11 },
    [1, 2],
    [2, 1],
  ],
  ['Transpose', { op: 'Transpose', operands: [x] }, [1, 4, 2, 5, 3, 6], [3, 2]],
  [
    'Slice by attributes',
    { op: 'Slice', operands: [x], attributes: { starts: [1], ends: [9], axes: [1] }, opset: 9 },
    [2, 3, 5, 6],
    [2, 2],
  ],
  [
    'Slice to INT64_MAX',
    { op: 'Slice', operands: [x, known([1], [1]), known([1], [2n ** 63n - 1n]), known([1], [1])] },
    [2, 3, 5, 6],
    [2, 2],
  ],
  [
    'Slice backwards to INT64_MIN',
    {
      op: 'Slice',
      operands: [row, known([1], [-1]), known([1], [-(2n ** 63n)]), undefined, known([1], [-2])],
    },
    [30, 10],
  ],
  [
    'Concat',
    { op: 'Concat', operands: [x, given([2, 1], [8, 9])], attributes: { axis: -1 } },
    [1, 2, 3, 8, 4, 5, 6, 9],
    [2, 4],
  ],
  ['Expand', { op: 'Expand', operands: [row, known([2], [2, 1])] }, [10, 20, 30, 10, 20, 30], [2, 3]],
  ['Tile', { op: 'Tile', operands: [row, known([1], [2])] }, [10, 20, 30, 10, 20, 30]],
  ['Gather', { op: 'Gather', operands: [row, given([2], [-1, 0], 'int64')] }, [30, 10]],
  ['Gather of one known row', { op: 'Gather', operands: [x, known([], [-1])] }, [4, 5, 6]],
  ['Pad', { op: 'Pad', operands: [row, known([2], [1, 0]), known([], [7], 'float')] }, [7, 10, 20, 30]],
  [
    'Pad with a computed value',
    { op: 'Pad', operands: [row, known([2], [1, 0]), given([], [7])] },
    [7, 10, 20, 30],
  ],
  [
    'Pad of opset 1',
    { op: 'Pad', operands: [row], attributes: { paddings: [0, 1] }, opset: 1 },
    [10, 20, 30, 0],
  ],
  [
    'Pad of chosen axes',
    { op: 'Pad', operands: [x, known([2], [1, -1]), undefined, known([1], [-1])] },
    [0, 1, 2, 0, 4, 5],
    [2, 3],
  ],
  [
    'ReduceSum by attribute',
    { op: 'ReduceSum', operands: [x], attributes: { axes: [0], keepdims: 0 }, opset: 11 },
    [5, 7, 9],
  ],
  ['ReduceSum by input', { op: 'ReduceSum', operands: [x, known([1], [-1])] }, [6, 15], [2, 1]],
  ['ReduceMean of all', { op: 'ReduceMean', operands: [x], attributes: { keepdims: 0 } }, [3.5], []],
  [
    'ReduceSumSquare of no axes',
    { op: 'ReduceSumSquare', operands: [row], attributes: { noop_with_empty_axes: 1 } },
    [100, 400, 900],
  ],
  [
    'ArgMax',
    { op: 'ArgMax', operands: [x], attributes: { axis: 1, keepdims: 0 }, outputs: ['int64'] },
    [2, 2],
  ],
  ['CumSum', { op: 'CumSum', operands: [row, known([], [0])], attributes: { reverse: 1 } }, [60, 50, 30]],
  ['Trilu', { op: 'Trilu', operands: [x], attributes: { upper: 0 } }, [1, 0, 0, 4, 5, 0], [2, 3]],
  ['EyeLike', { op: 'EyeLike', operands: [x], attributes: { k: 1 } }, [0, 1, 0, 0, 0, 1], [2, 3]],
  [
    'Upsample',
    { op: 'Upsample', operands: [given([1, 2], [1, 2]), known([2], [1, 2], 'float')], opset: 9 },
    [1, 1, 2, 2],
    [1, 4],
  ],
  [
    'PRelu of opset 7 with a vector',
    { op: 'PRelu', operands: [given([1, 3, 1, 2], [-1, -1, -1, -1, -1, -1]), given([2], [2, 3])], opset: 7 },
    [-2, -3, -2, -3, -2, -3],
    [1, 3, 1, 2],
  ],
  [
    'PRelu of opset 6 for each channel',
    { op: 'PRelu', operands: [given([1, 2, 2], [-1, -1, -1, -1]), given([2], [2, 3])], opset: 6 },
    [-2, -2, -3, -3],
    [1, 2, 2],
  ],
  [
    'Clip of opset 6 without a bound',
    { op: 'Clip', operands: [given([3], [-Infinity, NaN, Infinity])], opset: 6 },
    [-3.4028234663852886e38, NaN, 3.4028234663852886e38],
  ],
  [
    'Clip without a bound',
    { op: 'Clip', operands: [given([3], [-Infinity, 0, Infinity]), given([], [0])] },
    [0, 0, 3.4028234663852886e38],
  ],
  [
    'Clip of integers',
    { op: 'Clip', operands: [int([-5, 5]), given([], [0], 'int32')], outputs: ['int32'] },
    [0, 5],
  ],
  [
    'Shrink of integers truncates at the end',
    { op: 'Shrink', operands: [int([-5, 0, 5])], attributes: { bias: { float: 0.5 } }, outputs: ['int32'] },
    [-4, 0, 4],
  ],
  [
    'ReduceMin of no bytes',
    { op: 'ReduceMin', operands: [given([0, 2], [], 'uint8'), known([1], [0])], outputs: ['uint8'] },
    [255, 255],
    [1, 2],
  ],
  [
    'ReduceMax of no bytes with a sign',
    { op: 'ReduceMax', operands: [given([0], [], 'int8')], attributes: { keepdims: 0 }, outputs: ['int8'] },
    [-128],
    [],
  ],
  [
    'ReduceSum of nothing',
    { op: 'ReduceSum', operands: [given([0], [])], attributes: { keepdims: 0 } },
    [0],
    [],
  ],
  [
    'BatchNormalization of a vector',
    {
      op: 'BatchNormalization',
      operands: [given([2], [1, 2]), given([1], [2]), given([1], [1]), given([1], [0]), given([1], [4])],
      attributes: { epsilon: { float: 0 } },
    },
    [2, 3],
  ],
  [
    'Gather of nothing from nothing',
    { op: 'Gather', operands: [given([0, 2], []), given([0], [], 'int64')] },
    [],
    [0, 2],
  ],
  [
    'Pad by wrapping more than once',
    { op: 'Pad', operands: [given([3], [1, 2, 3]), known([2], [5, 4])], attributes: { mode: 'wrap' } },
    [2, 3, 1, 2, 3, 1, 2, 3, 1, 2, 3, 1],
  ],
  [
    'LRN over far more channels than there are',
    {
      op: 'LRN',
      operands: [given([1, 2, 1], [3, 4])],
      attributes: { size: 1_000_000_000, alpha: { float: 1e9 }, beta: { float: 1 }, bias: { float: 0 } },
    },
    [Math.fround(3 / 25), Math.fround(4 / 25)],
    [1, 2, 1],
  ],
  [
    'MaxPool over a far longer window',
    {
      op: 'MaxPool',
      operands: [given([1, 1, 2], [3, 4])],
      attributes: { kernel_shape: [1_000_000_000], pads: [500_000_000, 500_000_000] },
    },
    [4, 4, 4],
    [1, 1, 3],
  ],
  ['Hardmax of nothing', { op: 'Hardmax', operands: [given([2, 0], [])] }, [], [2, 0]],
  [
    'MeanVarianceNormalization counts axes from the end',
    { op: 'MeanVarianceNormalization', operands: [given([1, 2], [-4, 4])], attributes: { axes: [-1] } },
    [-1, 1],
    [1, 2],
  ],
  [
    'ConvTranspose to a shape beyond its full result ends with zeros',
    {
      op: 'ConvTranspose',
      operands: [given([1, 1, 2], [3, 4]), given([1, 1, 1], [2])],
      attributes: { strides: [2], output_shape: [5] },
    },
    [6, 0, 8, 0, 0],
    [1, 1, 5],
  ],
  [
    'Einsum repeats an axis of extent 1',
    { op: 'Einsum', operands: [given([2, 1], [2, 3]), row], attributes: { equation: 'ij,j->i' } },
    [120, 180],
  ],
  ['Dropout passes', { op: 'Dropout', operands: [row] }, [10, 20, 30]],
  [
    'double is exact',
    { op: 'Add', operands: [given([1], [0.1], 'double'), known([1], [0.2], 'double')], outputs: ['double'] },
    [0.1 + 0.2],
  ],
];

const HOSTILE = [
  ...[
    NaN,
    Infinity,
    -Infinity,
    0,
    -0,
    1,
    -1,
    0.5,
    -0.5,
    1.5,
    2.5,
    -7.5,
    -300.2,
    88.8,
    -88.8,
    89.2,
    255.9,
    65536.5,
  ],
  ...[3e9, -3e9, 1e38, -1e38, 2 ** -126, 2 ** -140, 16777217, 2147483648],
];
const hostile = given([HOSTILE.length], HOSTILE);
const reversed = given([HOSTILE.length], HOSTILE.toReversed());
const UNARY = [
  ...[
    'Abs',
    'Neg',
    'Sign',
    'Floor',
    'Ceil',
    'Round',
    'Sqrt',
    'Exp',
    'Log',
    'Sin',
    'Cos',
    'Tan',
    'Tanh',
    'Erf',
  ],
  ...[
    'Sigmoid',
    'Reciprocal',
    'Sinh',
    'Cosh',
    'Asinh',
    'Acosh',
    'Atanh',
    'Relu',
    'Elu',
    'Selu',
    'Celu',
    'Gelu',
  ],
  ...['Mish', 'Softplus', 'Softsign', 'HardSigmoid', 'HardSwish', 'Shrink', 'Softmax', 'LeakyRelu', 'CumSum'],
];
const BINARY = ['Add', 'Sub', 'Mul', 'Div', 'Pow', 'Max', 'Min', 'Sum', 'Mean', 'PRelu'];
const TARGETS = { bool: 9, double: 11, int32: 6, uint8: 2, int8: 3, float: 1 } as const;

/** Where a folder of its own could differ from what runs. */
const SPECIAL: readonly (readonly [name: string, spec: OneNode])[] = [
  ...UNARY.map(
    (op) => [op, { op, operands: op === 'CumSum' ? [hostile, known([], [0])] : [hostile] }] as const,
  ),
  ...BINARY.map((op) => [op, { op, operands: [hostile, reversed] }] as const),
  ...['Equal', 'Less', 'Greater'].map(
    (op) => [op, { op, operands: [hostile, reversed], outputs: ['bool'] }] as [string, OneNode],
  ),
  ...(Object.keys(TARGETS) as (keyof typeof TARGETS)[]).flatMap((to): [string, OneNode][] =>
    (['float', 'double', 'int32', 'int64', 'bool'] as const).map((from) => [
      `Cast of ${from} to ${to}`,
      {
        op: 'Cast',
        operands: [
          from === 'float' || from === 'double'
            ? { ...hostile, dtype: from }
            : given([5], from === 'bool' ? [0, 1, 1, 0, 1] : [0, 300, -300, 2 ** 31 - 1, -(2 ** 31)], from),
        ],
        attributes: { to: TARGETS[to] },
        outputs: [to],
      },
    ]),
  ),
  ...['ReduceSum', 'ReduceMax', 'ReduceMean', 'ReduceL2', 'ReduceLogSumExp'].map(
    (op) => [op, { op, operands: [given([2, 13], HOSTILE)], attributes: { keepdims: 0 } }] as const,
  ),
  [
    'Div of int32',
    { op: 'Div', operands: [int([7, -7, -(2 ** 31), 5]), int([0, 2, -1, -2])], outputs: ['int32'] },
  ],
  [
    'Mod of int32',
    { op: 'Mod', operands: [int([7, -7, -(2 ** 31), 5]), int([0, 2, -1, -2])], outputs: ['int32'] },
  ],
  ['Sum of int32', { op: 'Add', operands: [int([2 ** 31 - 1]), int([1])], outputs: ['int32'] }],
  ['MatMul', { op: 'MatMul', operands: [given([2, 13], HOSTILE), given([13, 2], HOSTILE.toReversed())] }],
];

/** The case with its operands as inputs, as constants, and half and half; those that have to be known stay constants. */
const variants = (spec: OneNode): OneNode[] =>
  [(): boolean => false, (): boolean => true, (i: number) => i % 2 === 0, (i: number) => i % 2 === 1].map(
    (isKnown) => ({
      ...spec,
      operands: spec.operands.map(
        (operand, i) => operand && (operand.known ? operand : { ...operand, known: isKnown(i) }),
      ),
    }),
  );

describe('operators', () => {
  for (const [name, spec, data, shape = [data.length]] of CASES)
    test(name, () => {
      for (const variant of variants(spec)) expect(resultOf(variant)).toEqual({ shape, data });
    });

  test.each(SPECIAL)('special numbers: %s', (_, spec) => {
    const [run, ...rest] = variants(spec).map((variant) => resultOf(variant));
    for (const result of rest) expect(result).toEqual(run);
  });
});

test('Split by sizes', () => {
  const spec = { op: 'Split', operands: [given([5], [1, 2, 3, 4, 5]), known([2], [1, 4])] };
  const pieces = runNode({ ...spec, outputs: ['float', 'float'] });
  expect(pieces.map(({ data }) => Array.from(data))).toEqual([[1], [2, 3, 4, 5]]);
});

test('Split without sizes gives the last piece what is left', () => {
  const pieces = runNode({
    op: 'Split',
    operands: [given([5], [1, 2, 3, 4, 5])],
    attributes: { num_outputs: 2 },
    outputs: ['float', 'float'],
  });
  expect(pieces.map(({ data }) => Array.from(data))).toEqual([
    [1, 2, 3],
    [4, 5],
  ]);
});

test('a known operand enters the graph as a literal where it is small, else as a weight', () => {
  const program = (n: number): ReturnType<typeof importVerified> =>
    importVerified(
      oneNodeModel({
        op: 'Add',
        operands: [given([n], []), known([n], new Array<number>(n).fill(1), 'float')],
      }),
    );
  expect(program(4).graph.nodes.map((node) => node.op)).toEqual(['param', 'constant', 'add']);
  expect(program(5).graph.nodes.map((node) => node.op)).toEqual(['param', 'weight', 'add']);
  expect([...program(5).weights.keys()]).toEqual(['in1']);
});
