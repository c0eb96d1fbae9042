/**
 * Random numbers for data: Threefry-2x32 with 20 rounds (Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy
 * as 1, 2, 3", SC 2011) in counter mode. A stream is named by a seed, what it is for, and a position (an epoch, an
 * example, a step); any stream can be had without the ones before it, and is the same on every machine.
 */
import { ensure } from '../base/errors.js';

/** What a stream is for: the second word of the key, so that uses of one seed have nothing in common. */
export const PURPOSES = { shuffle: 1, split: 2, digits: 3, windows: 4 } as const;
export type Purpose = keyof typeof PURPOSES;

const PARITY = 0x1bd11bda;
const WORDS = 2 ** 32;

/** A sequence of random numbers. It has a state, so it stays inside of the function that made it. */
export class RandomStream {
  private readonly key: readonly [number, number, number];
  private counter = 0;
  private second = 0;
  private hasSecond = false;

  /** Throws USAGE unless `seed` and `position` are integers from 0 to 2^32 - 1. */
  constructor(
    seed: number,
    purpose: Purpose,
    private readonly position: number,
  ) {
    checkWord(seed, 'the seed');
    checkWord(position, `the position of ${purpose}`);
    this.key = [seed | 0, PURPOSES[purpose], seed ^ PURPOSES[purpose] ^ PARITY];
  }

  /** An integer from 0 to 2^32 - 1. */
  word(): number {
    if (this.hasSecond) {
      this.hasSecond = false;
      return this.second;
    }
    const [k0, k1, k2] = this.key;
    let a = (this.counter++ + k0) | 0;
    let b = (this.position + k1) | 0;
    // The rounds of threefry2x32 by fours, each four followed by a part of the key.
    for (let group = 1; group <= 5; group++) {
      const odd = (group & 1) === 1;
      a = (a + b) | 0;
      b = (odd ? (b << 13) | (b >>> 19) : (b << 17) | (b >>> 15)) ^ a;
      a = (a + b) | 0;
      b = (odd ? (b << 15) | (b >>> 17) : (b << 29) | (b >>> 3)) ^ a;
      a = (a + b) | 0;
      b = (odd ? (b << 26) | (b >>> 6) : (b << 16) | (b >>> 16)) ^ a;
      a = (a + b) | 0;
      b = (odd ? (b << 6) | (b >>> 26) : (b << 24) | (b >>> 8)) ^ a;
      const turn = group % 3;
      a = (a + (turn === 0 ? k0 : turn === 1 ? k1 : k2)) | 0;
      b = (b + (turn === 0 ? k1 : turn === 1 ? k2 : k0) + group) | 0;
    }
    this.second = b >>> 0;
    this.hasSecond = true;
    return a >>> 0;
  }

  /** A multiple of 2^-32 in [0, 1). */
  unit(): number {
    return this.word() / WORDS;
  }

  /** A number in [low, high). */
  between(low: number, high: number): number {
    return low + (high - low) * this.unit();
  }

  /** Near a normal distribution of mean 0 and deviation 1, within +-3.47: a sum of four even ones, which is exact. */
  bell(): number {
    return (this.unit() + this.unit() + this.unit() + this.unit() - 2) * 1.7320508075688772;
  }

  /** An integer from 0 to `count` - 1, every one as likely; `count` is from 1 to 2^32. */
  below(count: number): number {
    // The words above the last multiple of `count` would favour small results.
    const limit = WORDS - (WORDS % count);
    let word = this.word();
    while (word >= limit) word = this.word();
    return word % count;
  }
}

/** The numbers from 0 to `count` - 1 in a random order, by Fisher and Yates. */
export function permutation(count: number, stream: RandomStream): Uint32Array {
  const order = Uint32Array.from({ length: count }, (_, i) => i);
  for (let last = count - 1; last > 0; last--) {
    const other = stream.below(last + 1);
    [order[last], order[other]] = [order[other], order[last]];
  }
  return order;
}

function checkWord(value: number, where: string): void {
  ensure(Number.isInteger(value) && value >= 0 && value < WORDS, 'USAGE', 'a number is out of range', () => ({
    where,
    found: String(value),
    expected: 'an integer from 0 to 2^32 - 1',
  }));
}
