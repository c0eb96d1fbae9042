/** Whether a model's parts fit each other, before anything is computed. */
import { HeddleError } from '../../base/errors.js';
import type { Vocabulary } from '../text/vocabulary.js';
import type { Hyperparameters } from './hyper.js';
import { requireWeight, type StoredWeights } from './stored.js';

/** Throws LLM_INVALID where weights are missing, have other shapes than the hyperparameters say, or the vocabulary does not fit. */
export function checkWeights(hyper: Hyperparameters, weights: StoredWeights, vocabulary: Vocabulary): void {
  const { width, heads, kvHeads, headSize, layers, rope, experts } = hyper;
  checkHeads(hyper);
  requireWeight(weights, 'token_embd.weight', [hyper.vocabulary, width]);
  requireWeight(weights, 'output_norm.weight', [width]);
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
    if (experts === undefined) need('ffn_down');
    else {
      need('ffn_gate_inp', [experts.count, width]);
      for (const name of ['ffn_gate_exps', 'ffn_up_exps', 'ffn_down_exps']) need(name);
    }
  }
  checkVocabulary(hyper, vocabulary);
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
function checkVocabulary({ vocabulary: rows }: Hyperparameters, { definition, added }: Vocabulary): void {
  const { model } = definition as { readonly model?: { readonly vocab?: object } };
  const ids = Object.values(model?.vocab ?? {}) as readonly unknown[];
  const highest = ids.reduce<number>((most, id) => (typeof id === 'number' && id > most ? id : most), -1);
  const last = added.reduce((most, { id }) => Math.max(most, id), highest);
  if (last >= rows)
    throw new HeddleError('LLM_INVALID', 'the vocabulary does not fit the embedding', {
      found: `token ${last}`,
      expected: `tokens below ${rows}`,
    });
}
