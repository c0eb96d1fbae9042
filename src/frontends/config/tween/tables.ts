/** What tweening takes for granted of layers and activations, as LOOM has it. */
import type { LayerType } from '../types.js';
import type { ActivationName } from '../vocabulary.js';

/** How layers of a type learn. */
export interface TypeRule {
  /** What the rate is multiplied by. */
  readonly rate: number;
  /** Whether each input goes into all outputs, so that the gradient of an input is divided by the root of their number. */
  readonly spreads: boolean;
}

const MATRIX: TypeRule = { rate: 1, spreads: true };
const RECURRENT: TypeRule = { rate: 0.5, spreads: true };
const GATED: TypeRule = { rate: 0.2, spreads: true };
const OTHER: TypeRule = { rate: 0.1, spreads: false };

export const TYPE_RULES: Readonly<Record<LayerType, TypeRule>> = {
  dense: MATRIX,
  stitch: MATRIX,
  conv1d: { ...OTHER, spreads: true },
  conv2d: { ...OTHER, spreads: true },
  rnn: RECURRENT,
  lstm: RECURRENT,
  gru: RECURRENT,
  multi_head_attention: GATED,
  mha: GATED,
  swiglu: GATED,
  layer_norm: OTHER,
  layernorm: OTHER,
  rms_norm: OTHER,
  rmsnorm: OTHER,
  embedding: OTHER,
  residual: OTHER,
  sequential: OTHER,
  parallel: OTHER,
  kmeans: OTHER,
  softmax: OTHER,
};

/** The least and the greatest value that a target may ask of an activation. */
export type Bounds = readonly [least: number, most: number];

const PART: Bounds = [0.05, 0.95];
const WIDE: Bounds = [-10, 10];

export const BOUNDS: Readonly<Record<ActivationName, Bounds>> = {
  relu: WIDE,
  sigmoid: PART,
  tanh: [-0.95, 0.95],
  softmax: PART,
  gelu: WIDE,
  swish: WIDE,
  mish: WIDE,
  leaky_relu: WIDE,
  elu: WIDE,
  selu: WIDE,
  softplus: WIDE,
  linear: WIDE,
  none: WIDE,
  '': WIDE,
};
