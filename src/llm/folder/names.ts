/** Weights of Hugging Face's folders by the names that GGUF has for them, and in its form. */
import { HeddleError } from '../../base/errors.js';
import type { Architecture } from '../model/architectures.js';
import type { Hyperparameters } from '../model/hyper.js';
import { computed, joinRows, type StoredWeight, type StoredWeights } from '../model/stored.js';
import { dequantize } from '../quants/types.js';

/** Of a layer: their name, ours. Gemma's norms stand in other places under the same names. */
const LAYER: Readonly<Record<string, string>> = {
  'self_attn.q_proj': 'attn_q',
  'self_attn.k_proj': 'attn_k',
  'self_attn.v_proj': 'attn_v',
  'self_attn.qkv_proj': 'attn_qkv',
  'self_attn.o_proj': 'attn_output',
  'self_attn.q_norm': 'attn_q_norm',
  'self_attn.k_norm': 'attn_k_norm',
  'mlp.gate_proj': 'ffn_gate',
  'mlp.up_proj': 'ffn_up',
  'mlp.gate_up_proj': 'ffn_up',
  'mlp.down_proj': 'ffn_down',
  'block_sparse_moe.gate': 'ffn_gate_inp',
  'mlp.gate': 'ffn_gate_inp',
  'mlp.shared_expert_gate': 'ffn_gate_inp_shexp',
  'mlp.shared_expert.gate_proj': 'ffn_gate_shexp',
  'mlp.shared_expert.up_proj': 'ffn_up_shexp',
  'mlp.shared_expert.down_proj': 'ffn_down_shexp',
  input_layernorm: 'attn_norm',
  post_attention_layernorm: 'ffn_norm',
};

/** Of Gemma 2 and 3, which have norms behind the parts as well. */
const AROUND: Readonly<Record<string, string>> = {
  post_attention_layernorm: 'post_attention_norm',
  pre_feedforward_layernorm: 'ffn_norm',
  post_feedforward_layernorm: 'post_ffw_norm',
};

const GPT2: Readonly<Record<string, string>> = {
  ln_1: 'attn_norm',
  ln_2: 'ffn_norm',
  'attn.c_attn': 'attn_qkv',
  'attn.c_proj': 'attn_output',
  'mlp.c_fc': 'ffn_up',
  'mlp.c_proj': 'ffn_down',
};

const OUTSIDE: Readonly<Record<string, string>> = {
  embed_tokens: 'token_embd',
  norm: 'output_norm',
  lm_head: 'output',
  wte: 'token_embd',
  wpe: 'position_embd',
  ln_f: 'output_norm',
};

/** Buffers that no step needs. */
const UNUSED = /\.rotary_emb\.inv_freq$|\.attn\.(masked_)?bias$/;

/** The expert and the part of it that a name of Mixtral's or Qwen's is about. */
const EXPERT = /^(?:block_sparse_moe|mlp)\.experts\.(\d+)\.(w[123]|gate_proj|up_proj|down_proj)$/;
const EXPERT_PARTS: Readonly<Record<string, string>> = {
  w1: 'ffn_gate_exps',
  w2: 'ffn_down_exps',
  w3: 'ffn_up_exps',
  gate_proj: 'ffn_gate_exps',
  down_proj: 'ffn_down_exps',
  up_proj: 'ffn_up_exps',
};

/** Throws LLM_UNSUPPORTED for weights that are not known. */
export function renamed(
  architecture: Architecture,
  hyper: Hyperparameters,
  weights: StoredWeights,
): StoredWeights {
  const result = new Map<string, StoredWeight>();
  const experts = new Map<string, StoredWeight[]>();
  for (const [given, weight] of weights) {
    if (UNUSED.test(given)) continue;
    const name = given.replace(/^(model|transformer)\./, '');
    const [, kind = '.weight'] = /(\.weight|\.bias)$/.exec(name) ?? [];
    const path = name.slice(0, name.length - kind.length);
    const [, layer, inner] = /^(?:layers|h)\.(\d+)\.(.+)$/.exec(path) ?? [];
    const [, expert, part] = EXPERT.exec(inner ?? '') ?? [];
    if (part !== undefined) {
      const union = `blk.${layer}.${EXPERT_PARTS[part]}.weight`;
      const list = experts.get(union) ?? [];
      list[Number(expert)] = weight;
      experts.set(union, list);
      continue;
    }
    const own = inner === undefined ? lookUp(OUTSIDE, path) : innerName(architecture, inner);
    if (own === undefined)
      throw new HeddleError('LLM_UNSUPPORTED', 'a weight is not known', { found: given, where: architecture.gguf }); // prettier-ignore
    const full = `${inner === undefined ? '' : `blk.${layer}.`}${own}${kind}`;
    result.set(full, inForm(architecture, full, weight));
  }
  for (const [name, list] of experts) {
    // Files may name any numbers, and leave some out.
    const present = Object.values(list);
    const count = hyper.experts?.count ?? 0;
    const isWhole = present.length === count && list.length === count;
    const union = isWhole ? joinRows(present) : undefined;
    if (union === undefined)
      throw new HeddleError('LLM_INVALID', 'experts are missing, or differ', {
        where: name,
        found: `${present.length} experts`,
        expected: `${count}, of one shape`,
      });
    result.set(name, { ...union, shape: [count, union.shape[0] / count, union.shape[1]] });
  }
  return result;
}

const lookUp = (table: Readonly<Record<string, string>>, name: string): string | undefined =>
  Object.hasOwn(table, name) ? table[name] : undefined;

function innerName({ gguf }: Architecture, name: string): string | undefined {
  if (gguf === 'gpt2') return lookUp(GPT2, name);
  return (gguf === 'gemma2' || gguf === 'gemma3' ? lookUp(AROUND, name) : undefined) ?? lookUp(LAYER, name);
}

/** Gemma's norms are 1 + weight; GPT-2's matrices have their rows as columns. */
function inForm(architecture: Architecture, name: string, weight: StoredWeight): StoredWeight {
  const values = async (): Promise<Float32Array<ArrayBuffer>> => dequantize(weight.type, await weight.read());
  if (architecture.normsPlusOne === true && /norm\.weight$/.test(name))
    return computed(weight.shape, async () => (await values()).map((x) => x + 1));
  if (architecture.gguf !== 'gpt2' || weight.shape.length !== 2 || !name.startsWith('blk.')) return weight;
  const [rows, columns] = weight.shape;
  return computed([columns, rows], async () => transposed(await values(), rows, columns));
}

function transposed(values: Float32Array, rows: number, columns: number): Float32Array<ArrayBuffer> {
  const result = new Float32Array(values.length);
  for (let i = 0; i < rows; i++)
    for (let j = 0; j < columns; j++) result[j * rows + i] = values[i * columns + j];
  return result;
}

/** The path in a layer of Hugging Face's that a matrix has there; undefined for those that it does not have as one matrix. */
export function folderPath(architecture: string, own: string): string | undefined {
  if (architecture === 'phi3' && own === 'ffn_gate_up') return 'mlp.gate_up_proj';
  const table = architecture === 'gpt2' ? GPT2 : LAYER;
  return Object.entries(table).find(([path, name]) => name === own && !/norm|ln_/.test(path))?.[0];
}
