/** Recurrent networks. */
import type { OpTable } from '../../registry.js';
import { gru, lstm, rnn } from './cells.js';
import { recurrentLayer } from './layer.js';

export const recurrent: OpTable = [
  { op: 'RNN', since: [1, 7, 14, 22], emit: (ctx) => recurrentLayer(ctx, rnn) },
  { op: 'GRU', since: [1, 3, 7, 14, 22], emit: (ctx) => recurrentLayer(ctx, gru) },
  { op: 'LSTM', since: [1, 7, 14, 22], emit: (ctx) => recurrentLayer(ctx, lstm) },
];
