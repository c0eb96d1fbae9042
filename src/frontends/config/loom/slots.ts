/**
 * What LOOM calls the tensors of each kind of layer, and how they lie there. Fields that LOOM does not have, and ignores,
 * begin with `heddle_`: with them a bundle keeps what LOOM's own fields cannot say.
 */
import { MultiHeadAttention } from '../../../learn/nn/attention.js';
import { Conv1d, Conv2d } from '../../../learn/nn/conv.js';
import { Embedding } from '../../../learn/nn/embedding.js';
import { GatedFeedForward } from '../../../learn/nn/feed-forward.js';
import { Linear } from '../../../learn/nn/linear.js';
import type { Module } from '../../../learn/nn/module.js';
import { LayerNorm, RMSNorm } from '../../../learn/nn/normalize.js';
import { GRU, LSTM, RNN } from '../../../learn/nn/recurrent.js';
import { KMeans } from '../layers/kmeans.js';

export interface Slot {
  /** Where the tensor stands in the module. */
  readonly path: string;
  /** The fields that hold its rows, one after the other; each may have other names. */
  readonly fields: readonly (readonly string[])[];
  /** [in, out] there, [out, in] here. */
  readonly transposed?: boolean;
  /** A second bias, which is added to this one where LOOM has only one. */
  readonly plus?: string;
}

const same = (path: string, ...names: readonly string[]): Slot => ({ path, fields: [names] });
const turned = (path: string, name: string): Slot => ({ path, fields: [[name]], transposed: true });

const projection = (path: string, weight: string, bias: string): readonly Slot[] => [
  turned(`${path}.weight`, weight),
  same(`${path}.bias`, bias),
];

const gates = (path: string, stem: string, plus?: string): Slot => ({
  path,
  fields: ['i', 'f', 'g', 'o'].map((gate) => [`${stem}${gate}`]),
  ...(plus === undefined ? {} : { plus }),
});

type Kind = abstract new (...args: never[]) => Module;

/** The first class that a module belongs to counts. */
const SLOTS: readonly (readonly [kind: Kind, slots: readonly Slot[]])[] = [
  [Linear, [turned('weight', 'kernel'), same('bias', 'biases')]],
  [Conv1d, [same('weight', 'kernel'), same('bias', 'conv_bias', 'biases')]],
  [Conv2d, [same('weight', 'kernel'), same('bias', 'conv_bias', 'biases')]],
  [
    RNN,
    [
      same('cells.0.inputWeight', 'weight_ih'),
      same('cells.0.hiddenWeight', 'weight_hh'),
      { ...same('cells.0.inputBias', 'bias_h'), plus: 'cells.0.hiddenBias' },
    ],
  ],
  [
    LSTM,
    [
      gates('cells.0.inputWeight', 'weight_i'),
      gates('cells.0.hiddenWeight', 'weight_h'),
      gates('cells.0.inputBias', 'bias_', 'cells.0.hiddenBias'),
    ],
  ],
  [
    GRU,
    [
      same('cells.0.inputWeight', 'heddle_weight_ih'),
      same('cells.0.hiddenWeight', 'heddle_weight_hh'),
      same('cells.0.inputBias', 'heddle_bias_ih'),
      same('cells.0.hiddenBias', 'heddle_bias_hh'),
    ],
  ],
  [
    MultiHeadAttention,
    [
      ...projection('query', 'q_weights', 'q_bias'),
      ...projection('key', 'k_weights', 'k_bias'),
      ...projection('value', 'v_weights', 'v_bias'),
      ...projection('output', 'output_weight', 'output_bias'),
    ],
  ],
  [LayerNorm, [same('weight', 'gamma'), same('bias', 'beta')]],
  [RMSNorm, [same('weight', 'gamma')]],
  [
    GatedFeedForward,
    [
      ...projection('gate', 'gate_weights', 'gate_bias'),
      ...projection('up', 'up_weights', 'up_bias'),
      ...projection('down', 'down_weights', 'down_bias'),
    ],
  ],
  [Embedding, [same('weight', 'embedding_weights')]],
  [KMeans, [same('centers', 'cluster_centers')]],
];

/** None for layers without weights, and for those that are made of others. */
export const slotsOf = (module: Module): readonly Slot[] =>
  SLOTS.find(([kind]) => module instanceof kind)?.[1] ?? [];

/** The field for a second bias as it is. */
export const exactField = (path: string): string => `heddle_${path.replaceAll('.', '_')}`;
