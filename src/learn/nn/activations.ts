/** Activations as functions of one tensor, to stand between the layers of a Sequential. */
import { checkTensors } from '../../tensor/arguments.js';
import type { Tensor } from '../../tensor/tensors/tensor.js';

/** `f`, called `name`, of what is a tensor. Throws USAGE for anything else. */
function activation<A extends unknown[]>(
  name: string,
  f: (x: Tensor, ...options: A) => Tensor,
): (x: Tensor, ...options: A) => Tensor {
  const checked = (x: Tensor, ...options: A): Tensor => {
    checkTensors(name, { 'the input': x });
    return f(x, ...options);
  };
  return Object.defineProperty(checked, 'name', { value: name });
}

export const relu = activation('relu', (x: Tensor) => x.relu());
export const leakyRelu = activation('leakyRelu', (x: Tensor, slope?: number) => x.leakyRelu(slope));
export const elu = activation('elu', (x: Tensor, alpha?: number) => x.elu(alpha));
/** Klambauer et al., "Self-normalizing neural networks" (2017). */
export const selu = activation('selu', (x: Tensor) => x.selu());
/** x * Phi(x), by the error function. Hendrycks and Gimpel, "Gaussian error linear units" (2016). */
export const gelu = activation('gelu', (x: Tensor) => x.gelu());
/** Its approximation by tanh, which GPT-2 and others were trained with. */
export const geluTanh = activation('geluTanh', (x: Tensor) => x.gelu('tanh'));
/** x * sigmoid(x), also called swish. */
export const silu = activation('silu', (x: Tensor) => x.silu());
/** x * tanh(softplus(x)). Misra, "Mish" (2019). */
export const mish = activation('mish', (x: Tensor) => x.mish());
export const softplus = activation('softplus', (x: Tensor) => x.softplus());
export const sigmoid = activation('sigmoid', (x: Tensor) => x.sigmoid());
export const tanh = activation('tanh', (x: Tensor) => x.tanh());
/** x * clip((x + 3) / 6, 0, 1). Howard et al., "Searching for MobileNetV3" (2019). */
export const hardswish = activation('hardswish', (x: Tensor) => x.hardswish());
/** Along the last axis. */
export const softmax = activation('softmax', (x: Tensor) => x.softmax());

/** [N, ...] -> [N, features] */
export const flatten = activation('flatten', (x: Tensor) => x.flatten(1));
