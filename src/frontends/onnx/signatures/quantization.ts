/** Signatures of the operators of ops/quantization, from the specification and from onnxruntime's. */
import { v, type SignatureTable } from './signature.js';

const BYTES = ['int8', 'uint8'] as const;
const FLOATS = ['float', 'float16', 'bfloat16'] as const;

const WINDOW = {
  auto_pad: 'string',
  dilations: 'ints',
  group: 'int',
  kernel_shape: 'ints',
  pads: 'ints',
  strides: 'ints',
} as const;

const quantize = {
  QuantizeLinear: [
    v(10, 'T1 float T2? -> T2', { T1: ['float', 'int32'], T2: BYTES }),
    v(13, 'T1 float T2? -> T2', { T1: ['float', 'int32'], T2: BYTES }, { axis: 'int' }),
    v(
      19,
      'T1 T1 T2? -> T2',
      { T1: [...FLOATS, 'int32'], T2: [...BYTES, 'float8'] },
      { axis: 'int', saturate: 'int' },
    ),
    v(
      21,
      'T1 T1 T2? -> T2',
      { T1: [...FLOATS, 'int32'], T2: 'quantized' },
      { axis: 'int', block_size: 'int', output_dtype: 'int', saturate: 'int' },
    ),
    v(
      23,
      'T1 T2 T3? -> T3',
      { T1: [...FLOATS, 'int32'], T2: [...FLOATS, 'int32', 'float8e8m0'], T3: 'quantized' },
      { axis: 'int', block_size: 'int', output_dtype: 'int', precision: 'int', saturate: 'int' },
    ),
  ],
  DequantizeLinear: [
    v(10, 'T float T? -> float', { T: [...BYTES, 'int32'] }),
    v(13, 'T float T? -> float', { T: [...BYTES, 'int32'] }, { axis: 'int' }),
    v(19, 'T1 T2 T1? -> T2', { T1: [...BYTES, 'int32', 'float8'], T2: FLOATS }, { axis: 'int' }),
    v(21, 'T1 T2 T1? -> T2', { T1: ['quantized', 'int32'], T2: FLOATS }, { axis: 'int', block_size: 'int' }),
    v(
      23,
      'T1 T2 T1? -> T3',
      { T1: ['quantized', 'int32'], T2: [...FLOATS, 'float8e8m0'], T3: FLOATS },
      { axis: 'int', block_size: 'int', output_dtype: 'int' },
    ),
  ],
} satisfies SignatureTable;

/** The inputs of an operator on one 8-bit tensor. */
const ONE = 'T float T? float T? -> T';

const microsoft = {
  QuantizeLinear: [
    v(
      1,
      'T1 T1 T2? -> T2',
      { T1: ['float', 'float16'], T2: 'quantized' },
      { axis: 'int', block_size: 'int', output_dtype: 'int', saturate: 'int' },
    ),
  ],
  DequantizeLinear: [
    v(
      1,
      'T1 T2 T1? -> T2',
      { T1: ['quantized', 'int32'], T2: ['float', 'float16'] },
      { axis: 'int', block_size: 'int' },
    ),
  ],
  QLinearSigmoid: [v(1, ONE, { T: BYTES })],
  QLinearLeakyRelu: [v(1, ONE, { T: BYTES }, { alpha: 'float' })],
  QLinearSoftmax: [v(1, ONE, { T: BYTES }, { axis: 'int', opset: 'int!' })],
  QLinearReduceMean: [v(1, ONE, { T: BYTES }, { axes: 'ints', keepdims: 'int!' })],
  QLinearGlobalAveragePool: [v(1, 'T float T float T -> T', { T: BYTES }, { channels_last: 'int' })],
  QLinearAveragePool: [
    v(
      1,
      ONE,
      { T: BYTES },
      {
        auto_pad: 'string',
        ceil_mode: 'int',
        channels_last: 'int',
        count_include_pad: 'int',
        kernel_shape: 'ints!',
        pads: 'ints',
        strides: 'ints',
      },
    ),
  ],
  QLinearAdd: [v(1, 'T float T? T float T? float T? -> T', { T: BYTES })],
  QLinearMul: [v(1, 'T float T? T float T? float T? -> T', { T: BYTES })],
  QLinearConcat: [v(1, 'float T V** -> T', { T: BYTES, V: [...BYTES, 'float'] }, { axis: 'int!' })],
  QLinearWhere: [v(1, 'bool T float T T float T float T -> T', { T: BYTES })],
  MulInteger: [v(1, 'T T? T T? -> int32', { T: BYTES })],
  ReduceSumInteger: [
    v(1, 'T1 -> T2', { T1: BYTES, T2: ['int32', 'uint32'] }, { axes: 'ints!', keepdims: 'int!' }),
  ],
  MatMulIntegerToFloat: [
    v(1, 'T1 T2 T3 T3 T1? T2? T3? -> T3', { T1: BYTES, T2: BYTES, T3: ['float', 'float16'] }),
  ],
  DynamicQuantizeMatMul: [v(1, 'float T float T? float? -> float', { T: BYTES })],
  QGemm: [
    v(
      1,
      'TA float TA TB float TB int32? float? TYZ? -> TY',
      { TA: BYTES, TB: BYTES, TYZ: BYTES, TY: [...BYTES, 'float'] },
      { alpha: 'float', transA: 'int', transB: 'int' },
    ),
  ],
  MatMulNBits: [
    v(
      1,
      'T1 T2 T1 T3? int32? T1? -> T1',
      { T1: FLOATS, T2: ['uint8', 'int32'], T3: ['uint8', 'int32', ...FLOATS] },
      {
        K: 'int!',
        N: 'int!',
        accuracy_level: 'int',
        bits: 'int',
        block_size: 'int!',
        weight_prepacked: 'int',
      },
    ),
  ],
  GatherBlockQuantized: [
    v(
      1,
      'T1 Tind T2 T1? -> T2',
      { T1: ['int4', 'uint4', 'uint8'], T2: FLOATS, Tind: 'indices' },
      { bits: 'int', block_size: 'int', gather_axis: 'int', quantize_axis: 'int' },
    ),
  ],
} satisfies SignatureTable;

export const quantization: SignatureTable = {
  ...quantize,
  DynamicQuantizeLinear: [v(11, 'float -> uint8 float uint8', {})],
  MatMulInteger: [v(10, 'T1 T2 T1? T2? -> int32', { T1: BYTES, T2: BYTES })],
  ConvInteger: [v(10, 'T1 T2 T1? T2? -> int32', { T1: BYTES, T2: BYTES }, WINDOW)],
  QLinearMatMul: [
    v(10, 'T1 float T1 T2 float T2 float T3 -> T3', { T1: BYTES, T2: BYTES, T3: BYTES }),
    v(21, 'T1 TS T1 T2 TS T2 TS T3 -> T3', {
      TS: FLOATS,
      T1: [...BYTES, 'float8'],
      T2: [...BYTES, 'float8'],
      T3: [...BYTES, 'float8'],
    }),
  ],
  QLinearConv: [
    v(10, 'T1 float T1 T2 float T2 float T3 int32? -> T3', { T1: BYTES, T2: BYTES, T3: BYTES }, WINDOW),
  ],
  ...Object.fromEntries(Object.entries(microsoft).map(([op, rows]) => [`com.microsoft:${op}`, rows])),
};
