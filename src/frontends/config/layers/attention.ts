/** Self-attention. */
import { MultiHeadAttention } from '../../../learn/nn/attention.js';
import { RoPE } from '../../../learn/nn/positions.js';
import { given, keyTensor, misfit, stepsOf, type Blueprint, type Scope } from '../scope.js';
import type { AttentionConfig } from '../types.js';

export function attention(config: AttentionConfig, scope: Scope): Blueprint {
  const { rope_freq_base: base = 0, causal = false, bias = true } = config;
  const view = stepsOf(scope, 'd_model', given(config.d_model), given(config.seq_length));
  const [, features] = view;
  const heads = given(config.num_heads) ?? 8;
  if (features % heads !== 0)
    misfit(scope, 'num_heads', `${heads}`, `a divisor of ${features}, the features`);
  const keyValueHeads = given(config.num_kv_heads) ?? heads;
  if (heads % keyValueHeads !== 0)
    misfit(scope, 'num_kv_heads', `${keyValueHeads}`, `a divisor of ${heads}, the heads of queries`);
  if (base > 0 && (features / heads) % 2 !== 0)
    misfit(
      scope,
      'num_heads',
      `${heads}`,
      'an even number of features in each head, which RoPE turns in pairs',
    );
  scope.budget.take(scope.path, [4 * features, features + 1]);
  const make = (): MultiHeadAttention =>
    new MultiHeadAttention(features, heads, {
      key: keyTensor(scope.key),
      keyValueHeads,
      causal,
      bias,
      ...(base > 0 ? { positions: new RoPE({ base }) } : {}),
    });
  return { make, view, output: view };
}
