/**
 * Kernels that flush subnormals have a second one for operands that make that needless. Whether they do is seen in the operands,
 * which is much less work than what is computed from them. Only engines that flush have this: the loader does without.
 */
import { dotsStayNormal, leastMagnitude } from '../../numerics/normal.js';
import type { Factors, PlanCommand } from '../../plan/plan.js';

/** Says when kernels may stand in for those that flush. */
export interface StandIns {
  /** The least magnitude among floats, but for zero. */
  leastIn(words: Uint32Array): number;
  /** Whether a command costs so much more than to look at `factors` that it is looked at before each call. */
  isWorthLooking(factors: Factors, command: PlanCommand): boolean;
  /** Whether sums of products of `factors` stay normal, given the least magnitude in a binding. */
  mayRun(factors: Factors, leastIn: (binding: number) => number): boolean;
}

/**
 * Operations of a command for each element that is looked at, at least. Looking takes about four for each, so that it costs a quarter
 * of the command at most, and saves more than half of it. A trip of a loop that reads a slice of a buffer looks at all of that: it
 * would take the square of the trips without a bound.
 */
const OPERATIONS_PER_LOOK = 16;

export const STAND_INS: StandIns = {
  leastIn: ({ buffer, byteOffset, length }) => leastMagnitude(new Float32Array(buffer, byteOffset, length)),
  isWorthLooking(factors, { regions, cost }) {
    // Weights are looked at once.
    const looked = [...new Set(factors.flat())].map((binding) => regions[binding]);
    const words = looked.reduce((sum, { space, size }) => sum + (space === 'weights' ? 0 : size / 4), 0);
    return words * OPERATIONS_PER_LOOK <= cost;
  },
  mayRun: (factors, leastIn) => factors.every(([a, b]) => dotsStayNormal(leastIn(a), leastIn(b))),
};
