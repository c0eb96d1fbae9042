/** Folders of Hugging Face: a model gives the logits there that it gives as a GGUF file. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { tensorData, type TensorData } from '../../../src/base/tensor.js';
import { writeSafetensors } from '../../../src/data/index.js';
import { bytesSource } from '../../../src/llm/files/source.js';
import { readGguf } from '../../../src/llm/gguf/read.js';
import { loadModel } from '../../../src/llm/index.js';
import { dequantize } from '../../../src/llm/quants/types.js';
import { REFERENCE } from '../../../src/tensor/index.js';
import { MODELS } from '../support/architectures.js';
import { engineOf, words } from '../support/models.js';
import { tinyModel } from '../support/tiny.js';

const folders: string[] = [];
afterAll(() => folders.forEach((folder) => rmSync(folder, { recursive: true })));

/** Names in folders, by those of GGUF. */
const INNER: Readonly<Record<string, string>> = {
  attn_norm: 'input_layernorm',
  attn_q: 'self_attn.q_proj',
  attn_k: 'self_attn.k_proj',
  attn_v: 'self_attn.v_proj',
  attn_qkv: 'self_attn.qkv_proj',
  attn_output: 'self_attn.o_proj',
  attn_q_norm: 'self_attn.q_norm',
  attn_k_norm: 'self_attn.k_norm',
  ffn_norm: 'post_attention_layernorm',
  ffn_gate: 'mlp.gate_proj',
  ffn_up: 'mlp.up_proj',
  ffn_down: 'mlp.down_proj',
  ffn_gate_inp: 'mlp.gate',
  ffn_gate_inp_shexp: 'mlp.shared_expert_gate',
  ffn_gate_shexp: 'mlp.shared_expert.gate_proj',
  ffn_up_shexp: 'mlp.shared_expert.up_proj',
  ffn_down_shexp: 'mlp.shared_expert.down_proj',
};
const GEMMA = {
  post_attention_norm: 'post_attention_layernorm',
  ffn_norm: 'pre_feedforward_layernorm',
  post_ffw_norm: 'post_feedforward_layernorm',
};
const GPT2 = {
  attn_norm: 'ln_1',
  ffn_norm: 'ln_2',
  attn_qkv: 'attn.c_attn',
  attn_output: 'attn.c_proj',
  ffn_up: 'mlp.c_fc',
  ffn_down: 'mlp.c_proj',
};
const MIXTRAL = { ffn_gate_inp: 'block_sparse_moe.gate' };

/** A model's folder: its config.json beside the sizes, names of its own, where layers stand, and how experts are called. */
interface FolderForm {
  readonly config: object;
  readonly names?: Readonly<Record<string, string>>;
  readonly experts?: (expert: number, part: 'gate' | 'up' | 'down') => string;
}

const qwenExperts = (expert: number, part: string): string => `mlp.experts.${expert}.${part}_proj`;
const W = { gate: 'w1', down: 'w2', up: 'w3' };
const FORMS: Readonly<Record<string, FolderForm>> = {
  llama: { config: { model_type: 'llama', hidden_act: 'silu' } },
  mixtral: {
    config: { model_type: 'mixtral', num_local_experts: 4, num_experts_per_tok: 2 },
    names: MIXTRAL,
    experts: (expert, part) => `block_sparse_moe.experts.${expert}.${W[part]}`,
  },
  qwen2: { config: { model_type: 'qwen2', tie_word_embeddings: true } },
  qwen3: { config: { model_type: 'qwen3', head_dim: 8 } },
  qwen2moe: {
    config: { model_type: 'qwen2_moe', num_experts: 4, num_experts_per_tok: 2, norm_topk_prob: false },
    experts: qwenExperts,
  },
  qwen3moe: {
    config: { model_type: 'qwen3_moe', head_dim: 8, num_experts: 4, num_experts_per_tok: 2, norm_topk_prob: true },
    experts: qwenExperts,
  },
  gemma2: {
    config: {
      model_type: 'gemma2',
      hidden_activation: 'gelu_pytorch_tanh',
      attn_logit_softcapping: 50,
      final_logit_softcapping: 30,
      sliding_window: 6,
      query_pre_attn_scalar: 8,
      head_dim: 8,
    },
    names: GEMMA,
  },
  gemma3: {
    config: {
      model_type: 'gemma3_text',
      hidden_activation: 'gelu_pytorch_tanh',
      sliding_window: 4,
      query_pre_attn_scalar: 8,
      head_dim: 8,
      rope_theta: 1e6,
      rope_local_base_freq: 1e4,
    },
    names: GEMMA,
  },
  phi3: { config: { model_type: 'phi3' }, names: { ffn_up: 'mlp.gate_up_proj' } },
  gpt2: { config: { model_type: 'gpt2', activation_function: 'gelu_new', tie_word_embeddings: false }, names: GPT2 },
}; // prettier-ignore

const OUTER = { token_embd: 'embed_tokens', output_norm: 'norm', output: 'lm_head' };
const OUTER_GPT2 = { token_embd: 'wte', position_embd: 'wpe', output_norm: 'ln_f', output: 'lm_head' };

/** The rows of each head, neighbours of pairs apart: what converters undo for Llamas. */
function halves(values: Float32Array, heads: number, columns: number): Float32Array<ArrayBuffer> {
  const size = values.length / columns / heads;
  const result = new Float32Array(values.length);
  for (let row = 0; row < heads * size; row++) {
    const [head, at] = [Math.floor(row / size), row % size];
    const from = head * size + (at % (size / 2)) * 2 + Math.floor(at / (size / 2));
    result.set(values.subarray(from * columns, (from + 1) * columns), row * columns);
  }
  return result;
}

const transposed = (values: Float32Array, rows: number, columns: number): Float32Array<ArrayBuffer> =>
  Float32Array.from({ length: values.length }, (_, i) => values[(i % rows) * columns + Math.floor(i / rows)]);

async function folderOf(name: string, extra: object = {}, more: readonly [string, TensorData][] = [], missing = ''): Promise<string> {
  const { config, names = {}, experts } = FORMS[name];
  const model = MODELS[name];
  const { tensors, metadata } = await readGguf(bytesSource(tinyModel(model)));
  const prefix = name === 'gpt2' ? 'transformer.' : 'model.';
  const outer: Readonly<Record<string, string>> = name === 'gpt2' ? OUTER_GPT2 : OUTER;
  const isLlama = name === 'llama' || name === 'mixtral';
  const result: [string, TensorData][] = [];
  for (const [full, { type, shape, offset, bytes, source }] of tensors) {
    let values = dequantize(type, await source.read(offset, bytes));
    const [, layer, own, kind] = /^(?:blk\.(\d+)\.)?(\w+)\.(weight|bias)$/.exec(full)!;
    if (/^gemma/.test(name) && own.endsWith('norm')) values = values.map((x) => Math.fround(x - 1));
    const path = layer === undefined ? `${own === 'output' ? '' : prefix}${outer[own]}` : undefined;
    const at = `${prefix}${name === 'gpt2' ? 'h' : 'layers'}.${layer}.`;
    const [, part] = /^ffn_(gate|up|down)_exps$/.exec(own) ?? [];
    if (part !== undefined) {
      const [count, rows, columns] = shape;
      for (let i = 0; i < count; i++)
        result.push([
          `${at}${experts!(i, part as 'gate')}.weight`,
          tensorData('f32', [rows, columns], values.slice(i * rows * columns, (i + 1) * rows * columns)),
        ]);
      continue;
    }
    if (isLlama && (own === 'attn_q' || own === 'attn_k')) values = halves(values, own === 'attn_q' ? 4 : 2, shape[1]);
    const isTurned = name === 'gpt2' && layer !== undefined && shape.length === 2;
    if (isTurned) values = transposed(values, shape[0], shape[1]);
    const extents = own === 'ffn_gate_inp_shexp' ? [1, shape[0]] : isTurned ? [shape[1], shape[0]] : shape;
    result.push([`${path ?? at + (names[own] ?? INNER[own])}.${kind}`, tensorData('f32', extents, values)]);
  }
  const folder = mkdtempSync(join(tmpdir(), 'heddle-folder-'));
  folders.push(folder);
  const texts = metadata.get('tokenizer.ggml.tokens') as readonly string[];
  const sizes = name === 'gpt2' ?
    { n_embd: 32, n_layer: 1, n_head: 4, n_positions: 512, layer_norm_epsilon: Math.fround(1e-5) }
  : {
      hidden_size: 32,
      num_hidden_layers: model.layers,
      num_attention_heads: 4,
      num_key_value_heads: 2,
      max_position_embeddings: 512,
      rms_norm_eps: Math.fround(1e-5),
    };
  const vocab = Object.fromEntries(Array.from(texts, (text, i) => [text, i]));
  const write = (file: string, value: object): void => writeFileSync(join(folder, file), JSON.stringify(value));
  write('config.json', { vocab_size: 304, ...sizes, ...config, ...extra });
  write('tokenizer.json', { model: { type: 'BPE', vocab, merges: [] }, added_tokens: [], normalizer: null, pre_tokenizer: null, post_processor: null, decoder: null });
  writeFileSync(join(folder, 'model.safetensors'), writeSafetensors(new Map([...result.filter(([path]) => path !== missing), ...more])));
  return folder;
} // prettier-ignore

const TOKENS = Array.from({ length: 12 }, (_, i) => 10 + ((i * 37) % 280));
const logitsOf = async (path: string): Promise<readonly Float32Array[]> => {
  const { engine } = await loadModel(path, { device: REFERENCE });
  return engine.evaluate(engine.sequence(), TOKENS);
};
const fromGguf = async (name: string): Promise<readonly Float32Array[]> => {
  const engine = await engineOf(tinyModel(MODELS[name]));
  return engine.evaluate(engine.sequence(), TOKENS);
};

describe('a folder gives the logits of the GGUF file', () => {
  // Llama's rows stand in another order in GGUF, so that scores are other sums of the same terms.
  const isRounded = (name: string): boolean => /^(llama|mixtral)/.test(name);
  it.each(Object.keys(FORMS))('%s', async (name) => {
    const [found, expected] = [await logitsOf(await folderOf(name)), await fromGguf(name)];
    if (!isRounded(name)) return expect(words(found)).toEqual(words(expected));
    const distance = found.map((row, i) => row.map((x, j) => Math.abs(x - expected[i][j])));
    expect(Math.max(...distance.map((row) => Math.max(...row)))).toBeLessThan(1e-5);
  });
});

describe('config.json', () => {
  it('says whether logits come from the embedding, whatever the weights have', async () => {
    const [apart, tied] = await Promise.all([logitsOf(await folderOf('qwen3')), logitsOf(await folderOf('qwen3', { tie_word_embeddings: true }))]); // prettier-ignore
    expect(words(tied)).not.toEqual(words(apart));
  });

  it.each([
    ['llama', { hidden_act: 'relu' }, /LLM_UNSUPPORTED.*hidden_act: "relu".*"silu", "swish"/s],
    ['gemma2', { hidden_activation: 'gelu' }, /LLM_UNSUPPORTED.*hidden_activation: "gelu"/s],
    [
      'gpt2',
      { scale_attn_by_inverse_layer_idx: true },
      /LLM_UNSUPPORTED.*scale_attn_by_inverse_layer_idx: true.*false/s,
    ],
    ['gpt2', { activation_function: 'gelu' }, /LLM_UNSUPPORTED.*activation_function/s],
    ['qwen3moe', { mlp_only_layers: [0] }, /LLM_UNSUPPORTED.*mlp_only_layers: \[0\]/s],
    ['qwen3moe', { decoder_sparse_step: 2 }, /LLM_UNSUPPORTED.*decoder_sparse_step: 2/s],
  ])('of %s with %j is refused', async (name, extra, message) => {
    await expect(logitsOf(await folderOf(name, extra))).rejects.toThrow(message);
  });

  it.each([
    [
      'an expert',
      'qwen3moe',
      'model.layers.0.mlp.experts.0.up_proj.weight',
      /LLM_INVALID: experts are missing.*3 experts.*4, of one shape/s,
    ],
    [
      'the matrix for logits',
      'llama',
      'lm_head.weight',
      /LLM_INVALID: a weight is missing.*lm_head\.weight/s,
    ],
  ])('without %s the folder is refused', async (_, name, missing, message) => {
    await expect(logitsOf(await folderOf(name, {}, [], missing))).rejects.toThrow(message);
  });

  it('of a weight that nobody knows is refused', async () => {
    const extra: [string, TensorData] = [
      'model.layers.0.self_attn.sinks',
      tensorData('f32', [4], new Float32Array(4)),
    ];
    await expect(logitsOf(await folderOf('llama', {}, [extra]))).rejects.toThrow(/LLM_UNSUPPORTED.*sinks/s);
  });
});
