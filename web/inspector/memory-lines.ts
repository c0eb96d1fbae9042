/** The arena over time, in numbers. */
import type { MemoryFacts, TensorFacts } from '../../src/cli/reports/inspection/types.js';

/** Moments: before the first step, each step, after the last. */
export const momentsOf = ({ steps }: MemoryFacts): number => steps.length + 2;

/** Bytes that live at each moment. */
export function liveBytes(memory: MemoryFacts): number[] {
  const changes = new Array<number>(momentsOf(memory) + 1).fill(0);
  for (const { first, last, bytes } of memory.tensors) {
    changes[first + 1] += bytes;
    changes[last + 2] -= bytes;
  }
  let sum = 0;
  return changes.slice(0, -1).map((change) => (sum += change));
}

/** What lives at a step, the largest first. */
export const liveAt = ({ tensors }: MemoryFacts, step: number): TensorFacts[] =>
  tensors.filter(({ first, last }) => first <= step && step <= last).sort((a, b) => b.bytes - a.bytes);

export const stepName = ({ steps }: MemoryFacts, step: number): string => {
  const { label, kernel } = steps.at(step < 0 ? steps.length : step) ?? {};
  if (step < 0) return 'before the first kernel';
  return label === undefined
    ? 'after the last kernel'
    : kernel === undefined
      ? label
      : `kernel ${kernel}: ${label}`;
};
