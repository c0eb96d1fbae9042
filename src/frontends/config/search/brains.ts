/** The kinds of brains that a search puts into cells. Each takes any input and gives `size` values, a multiple of 8. */
import type { LayerConfig } from '../types.js';
import type { ActivationName } from '../vocabulary.js';

export type Brain = 'dense' | 'rnn' | 'lstm' | 'gru' | 'mha' | 'swiglu' | 'norm';

type Make = (size: number, activation: ActivationName) => LayerConfig;

/** Steps that recurrent layers and attention see of what a dense layer gives. */
const STEPS = 4;

const after =
  (layer: (size: number) => LayerConfig): Make =>
  (size, activation) => ({
    type: 'sequential',
    layers: [{ type: 'dense', output_size: size, activation }, layer(size)],
  });

const recurrent = (type: 'rnn' | 'lstm' | 'gru'): Make =>
  after((size) => ({ type, input_size: size / STEPS, hidden_size: size / STEPS }));

export const BRAINS: Readonly<Record<Brain, Make>> = {
  dense: (size, activation) => ({ type: 'dense', output_size: size, activation }),
  rnn: recurrent('rnn'),
  lstm: recurrent('lstm'),
  gru: recurrent('gru'),
  mha: after((size) => ({ type: 'mha', d_model: size / STEPS, num_heads: 2 })),
  swiglu: after((size) => ({ type: 'swiglu', input_size: size })),
  norm: after(() => ({ type: 'layer_norm' })),
};
