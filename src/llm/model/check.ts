/** Whether a model's parts fit each other, before anything is computed. */
import { HeddleError } from '../../base/errors.js';
import type { Vocabulary } from '../text/vocabulary.js';
import type { Hyperparameters } from './hyper.js';
import { UNUSED } from './join.js';
import { requireWeight, type StoredWeights } from './stored.js';

/** Weights of a layer that may have a bias. */
const BIASED = 'attn_norm attn_q attn_k attn_v attn_qkv attn_output ffn_norm ffn_gate ffn_up ffn_down'.split(
  ' ',
);

/** Weights of a layer without a bias, and those outside of layers. */
const NETWORK = ['ffn_gate', 'ffn_up', 'ffn_down'];
const MIXTURE = ['ffn_gate_inp', 'ffn_gate_inp_shexp', ...NETWORK.flatMap((name) => [`${name}_exps`, `${name}_shexp`])]; // prettier-ignore
const UNBIASED = ['attn_q_norm', 'attn_k_norm', 'post_attention_norm', 'post_ffw_norm', ...MIXTURE];
const OUTSIDE = ['token_embd.weight', 'output_norm.weight', 'output.weight', ...UNUSED];

/**
 * Throws LLM_INVALID where weights are missing, have other shapes than the hyperparameters say, or the vocabulary does not fit; LLM_UNSUPPORTED
 * where there is a weight that no step would read.
 */
export function checkWeights(hyper: Hyperparameters, weights: StoredWeights, vocabulary: Vocabulary): void {
  const { width, heads, kvHeads, headSize, layers, rope } = hyper;
  checkHeads(hyper);
  requireWeight(weights, 'token_embd.weight', [hyper.vocabulary, width]);
  requireWeight(weights, 'output_norm.weight', [width]);
  if (weights.has('output_norm.bias')) requireWeight(weights, 'output_norm.bias', [width]);
  if (weights.has('output.weight')) requireWeight(weights, 'output.weight', [hyper.vocabulary, width]);
  if (rope === undefined) requireWeight(weights, 'position_embd.weight', [hyper.context, width]);
  const [q, kv] = [heads * headSize, kvHeads * headSize];
  for (let layer = 0; layer < layers; layer++) {
    const need = (name: string, shape?: readonly number[]): void =>
      void requireWeight(weights, `blk.${layer}.${name}.weight`, shape);
    need('attn_norm', [width]);
    need('ffn_norm', [width]);
    if (weights.has(`blk.${layer}.attn_qkv.weight`)) need('attn_qkv', [q + 2 * kv, width]);
    else {
      need('attn_q', [q, width]);
      need('attn_k', [kv, width]);
      need('attn_v', [kv, width]);
    }
    need('attn_output', [width, q]);
    checkFeedForward(hyper, weights, `blk.${layer}.`);
    checkOptional(hyper, weights, `blk.${layer}.`);
  }
  checkKnown(hyper, weights);
  checkVocabulary(hyper, vocabulary);
}

/** A weight that is passed over is one that the model was trained with. */
function checkKnown(hyper: Hyperparameters, weights: StoredWeights): void {
  const { norm, layers, rope } = hyper;
  const isNorm = (name: string): boolean => name.endsWith('_norm');
  const biased = new Set(BIASED.filter((name) => norm === 'layer' || !isNorm(name)));
  const names = new Set([...BIASED, ...UNBIASED]);
  for (const name of hyper.experts === undefined ? MIXTURE : NETWORK) names.delete(name);
  const isKnown = (weight: string): boolean => {
    if (OUTSIDE.includes(weight)) return true;
    if (weight === 'position_embd.weight') return rope === undefined;
    if (weight === 'output_norm.bias') return norm === 'layer';
    const [, layer, name, kind] = /^blk\.(\d+)\.(\w+)\.(weight|bias)$/.exec(weight) ?? [];
    if (name === undefined) return false;
    if (/^attn_[qkv]$/.test(name) && weights.has(`blk.${layer}.attn_qkv.weight`)) return false;
    return Number(layer) < layers && names.has(name) && (kind === 'weight' || biased.has(name));
  };
  for (const found of weights.keys())
    if (!isKnown(found))
      throw new HeddleError('LLM_UNSUPPORTED', 'a weight is not known', {
        found,
        expected: 'weights of the architecture, and nothing else',
      });
}

/** Of networks and of experts: what goes in is `width` wide, and the inside has one width. */
function checkFeedForward(
  { width, experts, gated }: Hyperparameters,
  weights: StoredWeights,
  at: string,
): void {
  if (experts !== undefined) {
    const { count } = experts;
    requireWeight(weights, `${at}ffn_gate_inp.weight`, [count, width]);
    const down = requireWeight(weights, `${at}ffn_down_exps.weight`);
    const inner = down.shape.at(-1) ?? 0;
    requireWeight(weights, `${at}ffn_down_exps.weight`, [count, width, inner]);
    for (const name of ['gate', 'up'])
      requireWeight(weights, `${at}ffn_${name}_exps.weight`, [count, inner, width]);
    checkShared(width, weights, at);
    return;
  }
  const inner = requireWeight(weights, `${at}ffn_down.weight`).shape.at(-1) ?? 0;
  requireWeight(weights, `${at}ffn_down.weight`, [width, inner]);
  const hasGate = weights.has(`${at}ffn_gate.weight`);
  const up = requireWeight(weights, `${at}ffn_up.weight`);
  // Phi-3 has the gate in the same weight.
  const isBoth = gated && !hasGate && up.shape[0] === 2 * inner;
  requireWeight(weights, `${at}ffn_up.weight`, [isBoth ? 2 * inner : inner, width]);
  if (hasGate || (gated && !isBoth)) requireWeight(weights, `${at}ffn_gate.weight`, [inner, width]);
}

/** The network of a mixture that all tokens go through, where it has one. */
function checkShared(width: number, weights: StoredWeights, at: string): void {
  const hasShared = ['gate_inp', 'gate', 'up', 'down'].some((name) => weights.has(`${at}ffn_${name}_shexp.weight`)); // prettier-ignore
  if (!hasShared) return;
  const router = requireWeight(weights, `${at}ffn_gate_inp_shexp.weight`);
  // Files of GGUF have a vector, those of Hugging Face a matrix of one row.
  requireWeight(weights, `${at}ffn_gate_inp_shexp.weight`, router.shape.length === 1 ? [width] : [1, width]);
  const inner = requireWeight(weights, `${at}ffn_down_shexp.weight`).shape.at(-1) ?? 0;
  requireWeight(weights, `${at}ffn_down_shexp.weight`, [width, inner]);
  for (const name of ['gate', 'up']) requireWeight(weights, `${at}ffn_${name}_shexp.weight`, [inner, width]);
}

/** What a layer need not have: biases, as long as their weights have rows, and norms. */
function checkOptional({ width, headSize }: Hyperparameters, weights: StoredWeights, at: string): void {
  const norms = {
    attn_q_norm: headSize,
    attn_k_norm: headSize,
    post_attention_norm: width,
    post_ffw_norm: width,
  };
  for (const [name, size] of Object.entries(norms))
    if (weights.has(`${at}${name}.weight`)) requireWeight(weights, `${at}${name}.weight`, [size]);
  for (const name of BIASED) {
    const rows = weights.get(`${at}${name}.weight`)?.shape[0];
    if (rows !== undefined && weights.has(`${at}${name}.bias`))
      requireWeight(weights, `${at}${name}.bias`, [rows]);
  }
}

function checkHeads({ heads, kvHeads, headSize, rope }: Hyperparameters): void {
  if (heads % kvHeads !== 0)
    throw new HeddleError('LLM_INVALID', 'heads of keys do not divide those of queries', {
      found: `${heads} and ${kvHeads}`,
      expected: 'a divisor',
    });
  if (rope !== undefined && (rope.features > headSize || rope.features % 2 !== 0))
    throw new HeddleError('LLM_INVALID', 'rotary embedding does not fit the heads', {
      found: `${rope.features} features of ${headSize}`,
      expected: 'an even number of them',
    });
}

/** Embeddings may have more rows than the vocabulary has tokens, as padding, but not less. */
function checkVocabulary({ vocabulary: rows }: Hyperparameters, { size }: Vocabulary): void {
  if (size > rows)
    throw new HeddleError('LLM_INVALID', 'the vocabulary does not fit the embedding', {
      found: `token ${size - 1}`,
      expected: `tokens below ${rows}`,
    });
}
