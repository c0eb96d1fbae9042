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
} satisfies SignatureTable;
