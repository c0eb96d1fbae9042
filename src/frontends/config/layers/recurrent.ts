/** Recurrent networks. All steps are the output. */
import { GRU, LSTM, RNN } from '../../../learn/nn/recurrent.js';
import { given, keyTensor, stepsOf, type Blueprint, type Scope } from '../scope.js';
import type { RecurrentConfig } from '../types.js';

const recurrent =
  (Network: typeof RNN | typeof LSTM | typeof GRU, gates: number) =>
  (config: RecurrentConfig, scope: Scope): Blueprint => {
    const { hidden_size } = config;
    const view = stepsOf(scope, 'input_size', given(config.input_size), given(config.seq_length));
    const [steps] = view;
    scope.budget.takeSteps(scope.path, steps);
    scope.budget.take(scope.path, [gates * hidden_size, view[1] + hidden_size + 2]);
    const make = (): RNN | LSTM | GRU => new Network(view[1], hidden_size, { key: keyTensor(scope.key) });
    return { make, view, output: [view[0], hidden_size] };
  };

export const rnn = recurrent(RNN, 1);
export const lstm = recurrent(LSTM, 4);
export const gru = recurrent(GRU, 3);
