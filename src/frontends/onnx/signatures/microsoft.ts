/** Signatures of the operators of ops/microsoft, from onnxruntime's ContribOperators.md. */
import { v, type SignatureTable } from './signature.js';

const CONV = {
  auto_pad: 'string',
  dilations: 'ints',
  group: 'int',
  kernel_shape: 'ints',
  pads: 'ints',
  strides: 'ints',
} as const;
const T = { T: 'floats' } as const;
const MASKED = { T: 'floats', M: ['int32', 'int64', 'bool'] } as const;

const NUMBERS = { T: ['float', 'double', 'int16', 'int32', 'int64'] } as const;
const BYTES = ['int8', 'uint8'] as const;

const HALVES = { T: ['float', 'float16'] } as const;

/** Those that ai.onnx has as well, or that are a line of others. */
const standard = {
  'com.microsoft:BiasAdd': [v(1, 'T T T -> T', HALVES)],
  'com.microsoft:BiasSplitGelu': [v(1, 'T T -> T', HALVES)],
  'com.microsoft:BiasDropout': [
    v(1, 'T T T? T1? bool? -> T bool?', { T: 'floats', T1: 'floats' }, { seed: 'int' }),
  ],
  'com.microsoft:CausalConvWithState': [
    v(1, 'T T T? T? -> T T?', T, {
      ...{ activation: 'string', channels_last: 'int', dilation: 'int', ndim: 'int', state_window: 'int' },
    }),
  ],
  'com.microsoft:CDist': [v(1, 'T T -> T', { T: ['float', 'double'] }, { metric: 'string' })],
  'com.microsoft:ExpandDims': [v(1, 'T int32 -> T', { T: 'all' })],
  'com.microsoft:GatherND': [v(1, 'T Tind -> T', { T: 'all', Tind: 'indices' })],
  'com.microsoft:GemmFastGelu': [v(1, 'T T T? -> T', T)],
  'com.microsoft:GridSample': [
    v(1, 'T T -> T', T, { align_corners: 'int', mode: 'string', padding_mode: 'string' }),
  ],
  'com.microsoft:MatMulInteger16': [v(1, 'int16 int16 -> int32', {})],
  'com.microsoft:Pad': [v(1, 'T int64 T? -> T', { T: 'ieee' }, { mode: 'string' })],
  'com.microsoft:Range': [v(1, 'T T T? -> T', NUMBERS)],
  'com.microsoft:TorchEmbedding': [v(1, 'T int64 int64? bool? -> T', { T: 'all' })],
  'com.microsoft:Trilu': [v(1, 'T int64? -> T', { T: 'all' }, { upper: 'int' })],
  'com.microsoft:Unique': [v(1, 'T -> T int64 int64', { T: 'all' })],
} satisfies SignatureTable;

const GROUPS = { activation: 'int!', channels_last: 'int', epsilon: 'float', groups: 'int!' } as const;

/** Those on images with channels last. */
const channelsLast = {
  'com.microsoft:GroupNorm': [v(1, 'T M M -> T', { ...HALVES, M: HALVES.T }, GROUPS)],
  'com.microsoft:SkipGroupNorm': [v(1, 'T M M T T? -> T T?', { ...HALVES, M: HALVES.T }, GROUPS)],
  'com.microsoft:NhwcConv': [v(1, 'T T T? -> T', T, CONV)],
  'com.microsoft:NhwcFusedConv': [
    v(1, 'T T T? T? -> T', HALVES, { ...CONV, activation: 'string', activation_params: 'floats' }),
  ],
  'com.microsoft:NhwcMaxPool': [
    v(
      1,
      'T -> T',
      { T: BYTES },
      {
        ...{ auto_pad: 'string', ceil_mode: 'int', dilations: 'ints', kernel_shape: 'ints!' },
        ...{ pads: 'ints', strides: 'ints' },
      },
    ),
  ],
  'com.microsoft:QLinearConv': [
    v(
      1,
      'T1 float T1 T2 float T2 float T3 int32? -> T3',
      { T1: BYTES, T2: BYTES, T3: BYTES },
      { ...CONV, channels_last: 'int' },
    ),
  ],
} satisfies SignatureTable;

export const microsoft = {
  'com.microsoft:Gelu': [v(1, 'T -> T', T)],
  'com.microsoft:BiasGelu': [v(1, 'T T -> T', T)],
  'com.microsoft:FastGelu': [v(1, 'T T? -> T', T)],
  'com.microsoft:QuickGelu': [v(1, 'T -> T', T, { alpha: 'float' })],
  'com.microsoft:FusedGemm': [
    v(1, 'T T T? -> T', T, {
      ...{ alpha: 'float', beta: 'float', transA: 'int', transB: 'int' },
      ...{ activation: 'string', activation_alpha: 'float', activation_beta: 'float' },
      activation_gamma: 'float',
    }),
  ],
  'com.microsoft:FusedMatMul': [
    v(1, 'T T -> T', T, {
      ...{ alpha: 'float', transA: 'int', transB: 'int', transBatchA: 'int', transBatchB: 'int' },
    }),
  ],
  'com.microsoft:TransposeMatMul': [v(1, 'T T -> T', T, { alpha: 'float', transA: 'int', transB: 'int' })],
  'com.microsoft:FusedConv': [
    v(1, 'T T T? T? -> T', T, { ...CONV, activation: 'string', activation_params: 'floats' }),
  ],
  'com.microsoft:BiasSoftmax': [v(1, 'T T -> T', T, { axis: 'int', is_inner_broadcast: 'int' })],
  'com.microsoft:SkipLayerNormalization': [
    v(1, 'T T T T? T? -> T U? U? T?', { ...T, U: ['float'] }, { epsilon: 'float' }),
  ],
  'com.microsoft:SkipSimplifiedLayerNormalization': [
    v(1, 'T T T T? -> T U? U? T?', { ...T, U: ['float'] }, { epsilon: 'float' }),
  ],
  'com.microsoft:EmbedLayerNormalization': [
    v(1, 'int32 int32? T T T? T T int32? int32? -> T int32? T?', T, {
      epsilon: 'float',
      mask_index_type: 'int',
    }),
  ],
  'com.microsoft:Attention': [
    v(1, 'T T T? M? T? T? int32? -> T T?', MASKED, {
      ...{ num_heads: 'int!', unidirectional: 'int', qkv_hidden_sizes: 'ints', scale: 'float' },
      ...{ mask_filter_value: 'float', do_rotary: 'int', rotary_embedding_dim: 'int' },
      past_present_share_buffer: 'int',
    }),
  ],
  'com.microsoft:QAttention': [
    v(
      1,
      'T1 T2 T3 T3 T3 int32? T1? T2? T3? -> T3 T3?',
      { T1: ['int8', 'uint8'], T2: ['int8', 'uint8'], T3: ['float', 'float16'] },
      {
        ...{ num_heads: 'int!', unidirectional: 'int', scale: 'float', mask_filter_value: 'float' },
        ...{ do_rotary: 'int', past_present_share_buffer: 'int' },
      },
    ),
  ],
  'com.microsoft:MultiHeadAttention': [
    v(1, 'T T? T? T? M? T? T? T? int32? int32? -> T T? T? T?', MASKED, {
      ...{ num_heads: 'int!', mask_filter_value: 'float', scale: 'float', unidirectional: 'int' },
    }),
  ],
  'com.microsoft:GroupQueryAttention': [
    v(1, 'T T? T? T? T? int32 int32 T? T? int64? T? T? T? T? -> T T T T?', T, {
      ...{ num_heads: 'int!', kv_num_heads: 'int!', scale: 'float', softcap: 'float' },
      ...{ do_rotary: 'int', rotary_interleaved: 'int', local_window_size: 'int' },
      ...{ smooth_softmax: 'int', qk_output: 'int' },
    }),
  ],
  'com.microsoft:RotaryEmbedding': [
    v(
      1,
      'T M T T -> T',
      { ...T, M: ['int64'] },
      {
        ...{ interleaved: 'int', num_heads: 'int', rotary_embedding_dim: 'int', scale: 'float' },
        is_packed_batching: 'int',
      },
    ),
  ],
  ...standard,
  ...channelsLast,
} satisfies SignatureTable;
