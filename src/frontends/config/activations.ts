/** Activations by their names in configs. */
import type { Tensor } from '../../tensor/tensors/tensor.js';
import type { LayerConfig } from './types.js';
import type { ActivationName } from './vocabulary.js';

/** Element by element, but for softmax, which is along the last axis. */
const ACTIVATIONS: Readonly<Record<ActivationName, (x: Tensor, slope?: number) => Tensor>> = {
  relu: (x) => x.relu(),
  sigmoid: (x) => x.sigmoid(),
  tanh: (x) => x.tanh(),
  softmax: (x) => x.softmax(),
  gelu: (x) => x.gelu(),
  swish: (x) => x.silu(),
  mish: (x) => x.mish(),
  leaky_relu: (x, slope) => x.leakyRelu(slope),
  elu: (x) => x.elu(),
  selu: (x) => x.selu(),
  softplus: (x) => x.softplus(),
  linear: (x) => x,
  none: (x) => x,
  '': (x) => x,
};

export interface Activation {
  readonly name: ActivationName;
  /** What the input is multiplied by. */
  readonly scale: number;
  /** Of leaky_relu below zero. */
  readonly slope: number | undefined;
}

export const activationOf = ({
  activation = 'linear',
  activation_scale = 1,
  activation_slope,
}: LayerConfig): Activation => ({ name: activation, scale: activation_scale, slope: activation_slope });

export const activate = ({ name, scale, slope }: Activation, x: Tensor): Tensor =>
  ACTIVATIONS[name](scale === 1 ? x : x.mul(scale), slope);
