/** Activations as functions of one tensor, to stand between the layers of a Sequential. */
import type { Tensor } from '../tensor/tensor.js';

export const relu = (x: Tensor): Tensor => x.relu();
export const leakyRelu = (x: Tensor, slope = 0.01): Tensor => x.leakyRelu(slope);
export const elu = (x: Tensor, alpha = 1): Tensor => x.elu(alpha);
/** Klambauer et al., "Self-normalizing neural networks" (2017). */
export const selu = (x: Tensor): Tensor => x.selu();
/** x * Phi(x), by the error function. Hendrycks and Gimpel, "Gaussian error linear units" (2016). */
export const gelu = (x: Tensor): Tensor => x.gelu();
/** Its approximation by tanh, which GPT-2 and others were trained with. */
export const geluTanh = (x: Tensor): Tensor => x.gelu('tanh');
/** x * sigmoid(x), also called swish. */
export const silu = (x: Tensor): Tensor => x.silu();
/** x * tanh(softplus(x)). Misra, "Mish" (2019). */
export const mish = (x: Tensor): Tensor => x.mish();
export const softplus = (x: Tensor): Tensor => x.softplus();
export const sigmoid = (x: Tensor): Tensor => x.sigmoid();
export const tanh = (x: Tensor): Tensor => x.tanh();
/** x * clip((x + 3) / 6, 0, 1). Howard et al., "Searching for MobileNetV3" (2019). */
export const hardswish = (x: Tensor): Tensor => x.hardswish();
/** Along the last axis. */
export const softmax = (x: Tensor): Tensor => x.softmax();

/** [N, ...] -> [N, features] */
export const flatten = (x: Tensor): Tensor => x.flatten(1);
