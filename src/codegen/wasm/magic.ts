/** Division by a constant as multiplication (Granlund and Montgomery, "Division by invariant integers", PLDI 1994). */

/** floor(x / divisor) = (x * factor) >> (32 + shift), of 64 bits. */
export interface Magic {
  readonly factor: number;
  readonly shift: number;
}

/** For all x from 0 up to `largest`, where a factor of 32 bits does it; undefined where none does. */
export function magicFor(divisor: number, largest: number): Magic | undefined {
  for (let shift = 0; shift < 32; shift++) {
    const scale = 1n << BigInt(32 + shift);
    const factor = scale / BigInt(divisor) + 1n;
    if (factor >= 1n << 32n) return undefined;
    // x * factor / scale = x / divisor + x * error / (divisor * scale), which has to stay below the next integer.
    const error = factor * BigInt(divisor) - scale;
    if (error * BigInt(largest) < scale) return { factor: Number(factor), shift };
  }
  return undefined;
}
