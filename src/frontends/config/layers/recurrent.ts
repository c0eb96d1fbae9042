/** Recurrent networks. All steps are the output. */
import { GRU, LSTM, RNN } from '../../trace/nn/recurrent.js';
import { given, keyTensor, stepsOf, type Built, type Scope } from '../scope.js';
import type { RecurrentConfig } from '../types.js';

const recurrent =
  (Network: typeof RNN | typeof LSTM | typeof GRU) =>
  (config: RecurrentConfig, scope: Scope): Built => {
    const { hidden_size } = config;
    const view = stepsOf(scope, 'input_size', given(config.input_size), given(config.seq_length));
    const module = new Network(view[1], hidden_size, { key: keyTensor(scope.key) });
    return { module, view, output: [view[0], hidden_size] };
  };

export const rnn = recurrent(RNN);
export const lstm = recurrent(LSTM);
export const gru = recurrent(GRU);
