/** What the tests measure against: double-precision references, errors in ulps, and a seeded stream of floats. */
import { f32FromBits } from '../../src/numerics/bits.js';

/** Mulberry32: uniform uint32s. */
export function randomU32(seed: number): () => number {
  let a = seed >>> 0;
  return () => {
    a = (a + 0x6d2b79f5) >>> 0;
    let t = Math.imul(a ^ (a >>> 15), a | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return (t ^ (t >>> 14)) >>> 0;
  };
}

/** Streams of f32 values from a seed. */
export interface FloatStream {
  /** Uniform over all patterns: every exponent equally likely, NaNs and infinities included. */
  pattern(): number;
  uniform(low: number, high: number): number;
}

export function floatStream(seed: number): FloatStream {
  const u32 = randomU32(seed);
  return {
    pattern: () => f32FromBits(u32()),
    uniform: (low, high) => Math.fround(low + ((high - low) * u32()) / 2 ** 32),
  };
}

/** |actual - expected| in units of the last place of an f32 at `expected` (of 2^-126 for lesser values). */
export function ulpError(actual: number, expected: number): number {
  const magnitude = Math.max(Math.abs(expected), 2 ** -126);
  const exponent = Math.min(Math.floor(Math.log2(magnitude)), 127);
  return Math.abs(actual - expected) / 2 ** (exponent - 23);
}

export function sigmoid(x: number): number {
  return x >= 0 ? 1 / (1 + Math.exp(-x)) : Math.exp(x) / (1 + Math.exp(x));
}

/** Error function to about 1e-15: a series with positive terms below 3, a continued fraction above. */
export function erf(x: number): number {
  if (!(Math.abs(x) <= 6)) return Number.isNaN(x) ? x : Math.sign(x);
  const a = Math.abs(x);
  const scale = (x < 0 ? -1 : 1) / Math.sqrt(Math.PI);
  if (a < 3) {
    let term = x;
    let sum = x;
    for (let n = 1; Math.abs(term) > Math.abs(sum) * 1e-17; n++) {
      term *= (2 * x * x) / (2 * n + 1);
      sum += term;
    }
    return ((sum * 2) / Math.sqrt(Math.PI)) * Math.exp(-a * a);
  }
  let fraction = 0;
  for (let n = 60; n >= 1; n--) fraction = n / 2 / (a + fraction);
  return Math.sign(x) - (scale * Math.exp(-a * a)) / (a + fraction);
}

/** IEEE 754's pow; JavaScript's has NaN for pow(1, NaN), pow(1, ±inf) and pow(-1, ±inf). */
export function pow(x: number, y: number): number {
  return x === 1 || y === 0 || (x === -1 && Math.abs(y) === Infinity) ? 1 : Math.pow(x, y);
}
