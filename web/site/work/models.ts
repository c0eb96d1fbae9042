/** The models on which a device is tested: together they have convolutions, products, rows, loops and functions. */
import type { Program } from 'heddle';
import { fromConfig, networkProgram, type NetworkConfig } from 'heddle/config';
import { importOnnx } from 'heddle/onnx';
import digits from '../../../models/digits.onnx?url';

const RECURRENT: NetworkConfig = {
  input: [12, 8],
  seed: 1,
  layers: [
    { type: 'lstm', hidden_size: 16 },
    { type: 'dense', output_size: 4, activation: 'softmax' },
  ],
};

const ATTENTION: NetworkConfig = {
  input: [16, 32],
  seed: 2,
  layers: [
    { type: 'multi_head_attention', num_heads: 4, causal: true },
    { type: 'dense', output_size: 32, activation: 'gelu' },
    { type: 'dense', output_size: 8, activation: 'tanh' },
  ],
};

export interface TestModel {
  readonly name: string;
  load(): Promise<Program>;
}

export const fetchDigits = async (): Promise<Uint8Array> =>
  new Uint8Array(await (await fetch(digits)).arrayBuffer());

export const TEST_MODELS: readonly TestModel[] = [
  { name: 'digits (convolutions)', load: async () => importOnnx(await fetchDigits()) },
  { name: 'LSTM (a loop)', load: () => networkProgram(fromConfig(RECURRENT), 2, 'lstm') },
  { name: 'attention', load: () => networkProgram(fromConfig(ATTENTION), 1, 'attention') },
];
