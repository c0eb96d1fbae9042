/** Tiny models of all architectures. */
import { encode } from '../../../src/llm/gguf/write.js';
import { QUICK } from './models.js';
import type { TinyModel } from './tiny.js';

const width = 32;

/** Four experts in place of one network, of which a token uses two. */
const mixture = (architecture: string): Required<Pick<TinyModel, 'metadata' | 'extra'>> => ({
  metadata: {
    [`${architecture}.expert_count`]: encode.u32(4),
    [`${architecture}.expert_used_count`]: encode.u32(2),
    [`${architecture}.expert_feed_forward_length`]: encode.u32(48),
  },
  extra: {
    ...Object.fromEntries(
      ['ffn_gate', 'ffn_up', 'ffn_down'].map((name) => [`blk.N.${name}.weight`, undefined]),
    ),
    'blk.N.ffn_gate_inp.weight': [4, width],
    'blk.N.ffn_gate_exps.weight': [4, 48, width],
    'blk.N.ffn_up_exps.weight': [4, 48, width],
    'blk.N.ffn_down_exps.weight': [4, width, 48],
  },
});

/** One model for each difference of an architecture, as whole as converters write them. */
export const MODELS: Readonly<Record<string, TinyModel>> = {
  llama: QUICK,
  'llama, Q8_0': { ...QUICK, hidden: 64, type: 'Q8_0' },
  'llama, Q4_0': { ...QUICK, hidden: 64, type: 'Q4_0' },
  'llama, Q4_K': { ...QUICK, width: 256, hidden: 256, vocabulary: 300, type: 'Q4_K' },
  'llama, Q6_K': { ...QUICK, width: 256, hidden: 256, type: 'Q6_K' },
  qwen2: {
    ...QUICK,
    architecture: 'qwen2',
    extra: { 'blk.N.attn_q.bias': [width], 'blk.N.attn_k.bias': [16], 'blk.N.attn_v.bias': [16], 'output.weight': undefined },
  },
  qwen3: { ...QUICK, architecture: 'qwen3', extra: { 'blk.N.attn_q_norm.weight': [8], 'blk.N.attn_k_norm.weight': [8] } },
  gemma2: {
    ...QUICK,
    layers: 2,
    architecture: 'gemma2',
    metadata: {
      'gemma2.attn_logit_softcapping': encode.f32(50),
      'gemma2.final_logit_softcapping': encode.f32(30),
      'gemma2.attention.sliding_window': encode.u32(6),
    },
    extra: { 'blk.N.post_attention_norm.weight': [width], 'blk.N.post_ffw_norm.weight': [width], 'output.weight': undefined },
  },
  gemma3: {
    ...QUICK,
    layers: 6,
    architecture: 'gemma3',
    metadata: { 'gemma3.rope.freq_base': encode.f32(1e6), 'gemma3.attention.sliding_window': encode.u32(4) },
    extra: {
      'blk.N.attn_q_norm.weight': [8],
      'blk.N.attn_k_norm.weight': [8],
      'blk.N.post_attention_norm.weight': [width],
      'blk.N.post_ffw_norm.weight': [width],
      'output.weight': undefined,
    },
  },
  phi3: {
    ...QUICK,
    architecture: 'phi3',
    extra: {
      ...Object.fromEntries(['attn_q', 'attn_k', 'attn_v', 'ffn_gate'].map((name) => [`blk.N.${name}.weight`, undefined])),
      'blk.N.attn_qkv.weight': [64, width],
      'blk.N.ffn_up.weight': [96, width],
    },
  },
  gpt2: {
    ...QUICK,
    kvHeads: 4,
    architecture: 'gpt2',
    metadata: { 'gpt2.attention.layer_norm_epsilon': encode.f32(1e-5) },
    extra: {
      ...Object.fromEntries(['attn_q', 'attn_k', 'attn_v', 'ffn_gate'].map((name) => [`blk.N.${name}.weight`, undefined])),
      'blk.N.attn_qkv.weight': [96, width],
      'blk.N.attn_qkv.bias': [96],
      'blk.N.attn_norm.bias': [width],
      'blk.N.attn_output.bias': [width],
      'blk.N.ffn_norm.bias': [width],
      'blk.N.ffn_up.bias': [48],
      'blk.N.ffn_down.bias': [width],
      'position_embd.weight': [512, width],
      'output_norm.bias': [width],
    },
  },
  mixtral: { ...QUICK, ...mixture('llama') },
  qwen2moe: {
    ...QUICK,
    architecture: 'qwen2moe',
    metadata: { ...mixture('qwen2moe').metadata, 'qwen2moe.expert_shared_feed_forward_length': encode.u32(24) },
    extra: {
      ...mixture('qwen2moe').extra,
      'blk.N.attn_q.bias': [width],
      'blk.N.attn_k.bias': [16],
      'blk.N.attn_v.bias': [16],
      'blk.N.ffn_gate_inp_shexp.weight': [width],
      'blk.N.ffn_gate_shexp.weight': [24, width],
      'blk.N.ffn_up_shexp.weight': [24, width],
      'blk.N.ffn_down_shexp.weight': [width, 24],
    },
  },
  qwen3moe: {
    ...QUICK,
    architecture: 'qwen3moe',
    metadata: mixture('qwen3moe').metadata,
    extra: { ...mixture('qwen3moe').extra, 'blk.N.attn_q_norm.weight': [8], 'blk.N.attn_k_norm.weight': [8] },
  },
}; // prettier-ignore
