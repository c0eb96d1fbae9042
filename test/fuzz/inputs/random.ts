/** Random numbers of one input: named by a seed, a family and a position, so that any input can be made alone. */
import { threefry2x32 } from '../../../src/numerics/threefry.js';

const WORDS = 2 ** 32;

/** FNV-1a. */
const hashOf = (text: string): number => {
  let hash = 0x811c9dc5;
  for (const char of text) hash = Math.imul(hash ^ (char.codePointAt(0) ?? 0), 0x01000193) >>> 0;
  return hash;
};

export class Random {
  private readonly words = new Uint32Array(2);
  private readonly key: number;
  private counter = 0;

  constructor(
    private readonly seed: number,
    family: string,
    private readonly position: number,
  ) {
    this.key = hashOf(family);
  }

  /** An integer from 0 to 2^32 - 1. */
  word(): number {
    threefry2x32(this.seed, this.key, this.counter++, this.position, this.words);
    return this.words[0];
  }

  /** A number in [0, 1). */
  unit(): number {
    return this.word() / WORDS;
  }

  /** An integer from `low` to `high`, both included. */
  integer(low: number, high: number): number {
    return low + Math.floor(this.unit() * (high - low + 1));
  }

  /** True in a share of `probability`. */
  chance(probability: number): boolean {
    return this.unit() < probability;
  }

  pick<T>(values: readonly T[]): T {
    return values[this.integer(0, values.length - 1)];
  }

  /** `count` values that `make` gives. */
  times<T>(count: number, make: (position: number) => T): T[] {
    return Array.from({ length: count }, (_, i) => make(i));
  }

  bytes(count: number): Uint8Array {
    return Uint8Array.from({ length: count }, () => this.word() & 255);
  }
}
