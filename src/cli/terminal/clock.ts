/** Where the time goes. */

export class Clock {
  private last = performance.now();
  /** Milliseconds by phase, in the order of the phases. */
  readonly phases: Record<string, number> = {};

  /** Books the time since the last call, or since the beginning, to `phase`. */
  lap(phase: string): number {
    const now = performance.now();
    const spent = now - this.last;
    this.phases[phase] = (this.phases[phase] ?? 0) + spent;
    this.last = now;
    return spent;
  }

  /** Books the time since the last call to nothing. */
  skip(): void {
    this.last = performance.now();
  }
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}
