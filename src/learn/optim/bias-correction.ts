/** What moving averages that start from zero lack. */
import type { Tensor } from '../../tensor/tensors/tensor.js';

/**
 * 1 - decay^step for an f32 scalar `step`. Not computed as it is written: near 1, the power leaves nothing but its
 * rounding. With t = tanh(step log(decay) / 2) it is -2t / (1 - t), which loses no digits.
 */
export function biasCorrection(decay: number, step: Tensor): Tensor {
  const t = step.mul(Math.log(decay) / 2).tanh();
  return t.mul(-2).div(t.neg().add(1));
}
