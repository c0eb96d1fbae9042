/** Signatures of the operators of ops/recurrent, from the specification. */
import { bfloat16From22, v, type Signature, type SignatureTable } from './signature.js';

const COMMON = {
  activation_alpha: 'floats',
  activation_beta: 'floats',
  activations: 'strings',
  clip: 'float',
  direction: 'string',
  hidden_size: 'int',
} as const;

const SEQUENCE = { output_sequence: 'int' } as const;
const LAYOUT = { layout: 'int' } as const;
const FLOATS = { T: 'floats' } as const;

const gru = (since: number, more: Parameters<typeof v>[3]): Signature =>
  v(since, 'T T T T? int32? T? -> T? T?', FLOATS, { ...COMMON, ...more });
const lstm = (since: number, more: Parameters<typeof v>[3]): Signature =>
  v(since, 'T T T T? int32? T? T? T? -> T? T? T?', FLOATS, { ...COMMON, input_forget: 'int', ...more });

export const recurrent = {
  RNN: bfloat16From22(gru(1, SEQUENCE), gru(7, {}), gru(14, LAYOUT)),
  GRU: bfloat16From22(
    gru(1, SEQUENCE),
    gru(3, { ...SEQUENCE, linear_before_reset: 'int' }),
    gru(7, { linear_before_reset: 'int' }),
    gru(14, { ...LAYOUT, linear_before_reset: 'int' }),
  ),
  LSTM: bfloat16From22(lstm(1, SEQUENCE), lstm(7, {}), lstm(14, LAYOUT)),
} satisfies SignatureTable;
