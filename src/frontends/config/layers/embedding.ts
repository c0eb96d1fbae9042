/** Rows of a table, by numbers. */
import { Embedding } from '../../../learn/nn/embedding.js';
import type { Tensor } from '../../../tensor/tensors/tensor.js';
import { given, keyTensor, stepsOf, type Blueprint, type Scope } from '../scope.js';
import type { EmbeddingConfig } from '../types.js';

/**
 * i32 or f32 [...] -> [..., features]. Numbers are cut to integers; those outside of the table give zeros, as LOOM has it,
 * where the embedding of `nn` takes the nearest row.
 */
export class CheckedEmbedding extends Embedding {
  override call(indices: Tensor): Tensor {
    const rows = indices.cast('i32');
    const isKnown = rows.greaterEqual(0).and(rows.less(this.count)).unsqueeze(-1);
    return isKnown.where(super.call(rows), 0);
  }
}

export function embedding(config: EmbeddingConfig, scope: Scope): Blueprint {
  const { vocab_size, embedding_dim } = config;
  const [steps] = stepsOf(scope, 'seq_length', 1, given(config.seq_length));
  scope.budget.take(scope.path, [vocab_size, embedding_dim]);
  const make = (): Embedding =>
    new CheckedEmbedding(vocab_size, embedding_dim, { key: keyTensor(scope.key) });
  return { make, view: [steps], output: [steps, embedding_dim] };
}
