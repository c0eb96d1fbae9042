/** Explosion damping: a rule that learns slower while the gap at the output grows. */
import { full, zeros } from '../../../tensor/tensors/factories.js';
import type { Tensor } from '../../../tensor/tensors/tensor.js';

/** f32 scalars. */
export interface DampingState {
  /** The gap of the step before, and that of the first step; 0 before there is one. */
  readonly last: Tensor;
  readonly baseline: Tensor;
  /** What the rate is multiplied by. */
  readonly factor: Tensor;
}

/** Of which growth of the gap, and by what the rate is multiplied for it. */
const [SUDDEN, FAR] = [1.5, 10];
const [SLOWER, MUCH_SLOWER, SLOWEST] = [0.7, 0.5, 0.3];
const RECOVERY = 1.05;
/** From where it still recovers. */
const LEAST = 0.01;

export const initDamping = (): DampingState => ({
  last: zeros([]),
  baseline: zeros([]),
  factor: full([], 1),
});

/**
 * After a step with `gap`, a mean of squares: 0.7 times as fast where it is more than 1.5 times that of the step before, 0.5 times where it
 * is more than 10 times that of the first step, 0.3 times where it is both, and 1.05 times as fast where it is neither, up to 1.
 */
export function damped({ last, baseline, factor }: DampingState, gap: Tensor): DampingState {
  const isSudden = last.greater(0).and(gap.greater(last.mul(SUDDEN)));
  const isFar = baseline.greater(0).and(gap.greater(baseline.mul(FAR)));
  const times = isSudden.where(
    isFar.where(full([], SLOWEST), SLOWER),
    isFar.where(full([], MUCH_SLOWER), RECOVERY),
  );
  return {
    last: gap,
    baseline: baseline.greater(0).where(baseline, gap),
    factor: factor.mul(times).clip(LEAST, 1),
  };
}
