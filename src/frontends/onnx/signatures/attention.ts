/** Signatures of the operators of ops/attention, from the specification. */
import { v, type SignatureTable } from './signature.js';

const ATTENTION = {
  is_causal: 'int',
  kv_num_heads: 'int',
  q_num_heads: 'int',
  qk_matmul_output_mode: 'int',
  scale: 'float',
  softcap: 'float',
  softmax_precision: 'int',
} as const;
const MASKED = { T1: 'floats', T2: 'floats', U: 'all' } as const;

const HALVES = ['float', 'float16', 'bfloat16'] as const;

export const attention = {
  Attention: [
    v(23, 'T1 T1 T2 U? T1? T2? -> T1 T1? T2? T1?', MASKED, ATTENTION),
    v(24, 'T1 T1 T2 U? T1? T2? int64? -> T1 T1? T2? T1?', MASKED, ATTENTION),
    v(25, 'T1 T1 T2 U? T1? T2? int64? -> T1 T1? T2? T1?', MASKED, {
      ...ATTENTION,
      left_window_size: 'int',
      right_window_size: 'int',
    }),
  ],
  'ai.onnx.preview:FlexAttention': [
    v(
      1,
      'T T T -> T',
      { T: 'floats' },
      { prob_mod: 'graph', scale: 'float', score_mod: 'graph', softmax_precision: 'int' },
    ),
  ],
  RotaryEmbedding: [
    v(
      23,
      'T T T M? -> T',
      { T: HALVES, M: ['int64'] },
      { interleaved: 'int', num_heads: 'int', rotary_embedding_dim: 'int' },
    ),
  ],
  TensorScatter: [v(24, 'T T int64? -> T', { T: 'any' }, { axis: 'int', mode: 'string' })],
  LinearAttention: [
    v(
      27,
      'T T T S? T? T? -> T S?',
      { T: HALVES, S: HALVES },
      {
        chunk_size: 'int',
        kv_num_heads: 'int!',
        q_num_heads: 'int!',
        scale: 'float',
        update_rule: 'string',
      },
    ),
  ],
  CausalConvWithState: [v(27, 'T T T? T? -> T T?', { T: HALVES }, { activation: 'string' })],
} satisfies SignatureTable;
