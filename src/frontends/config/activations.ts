/** Activations by their names in configs. */
import type { Tensor } from '../../tensor/tensors/tensor.js';
import type { Scope } from './scope.js';
import type { ActivationName, LayerConfig } from './types.js';

/** What LOOM multiplies the input of a ReLU with, and its slope below zero. */
const LOOM = { relu: 1.1, leaky: 0.1 } as const;

/** Element by element, but for softmax, which is along the last axis. */
export const ACTIVATIONS = {
  relu: (x: Tensor) => x.relu(),
  sigmoid: (x: Tensor) => x.sigmoid(),
  tanh: (x: Tensor) => x.tanh(),
  softmax: (x: Tensor) => x.softmax(),
  gelu: (x: Tensor) => x.gelu(),
  swish: (x: Tensor) => x.silu(),
  mish: (x: Tensor) => x.mish(),
  leaky_relu: (x: Tensor) => x.leakyRelu(),
  elu: (x: Tensor) => x.elu(),
  selu: (x: Tensor) => x.selu(),
  softplus: (x: Tensor) => x.softplus(),
  linear: (x: Tensor) => x,
  none: (x: Tensor) => x,
  '': (x: Tensor) => x,
  loom_relu: (x: Tensor) => x.mul(LOOM.relu).relu(),
  loom_leaky_relu: (x: Tensor) => x.leakyRelu(LOOM.leaky),
} satisfies Record<ActivationName | `loom_${string}`, (x: Tensor) => Tensor>;

export type Activation = keyof typeof ACTIVATIONS;

/** Which activation a layer has. Only three kinds of layers have one in LOOM's form. */
export function activationOf({ type, activation }: LayerConfig, { form, compat }: Scope): Activation {
  const counts = form === 'list' || type === 'dense' || type === 'conv1d' || type === 'conv2d';
  if (!counts) return 'linear';
  const isLoom = compat === 'loom' && (activation !== undefined || form === 'grid');
  return isLoom ? loomActivation(activation) : (activation ?? 'linear');
}

/** With `compat: "loom"`, what a name stands for there. An activation that is not given is ReLU. */
function loomActivation(name: ActivationName | undefined): Activation {
  if (name === undefined || name === 'relu') return 'loom_relu';
  return name === 'leaky_relu' ? 'loom_leaky_relu' : name;
}
