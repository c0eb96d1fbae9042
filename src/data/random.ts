/**
 * Random numbers for data: Threefry-2x32 in counter mode. A stream is named by a seed, what it is for, and a position (an
 * epoch, an example, a step); any stream can be had without the ones before it, and is the same on every machine.
 */
import { describeValue } from '../base/describe.js';
import { ensure } from '../base/errors.js';
import { threefry2x32 } from '../numerics/threefry.js';

/** What a stream is for: the second word of the key, so that uses of one seed have nothing in common. */
export const PURPOSES = { shuffle: 1, split: 2, digits: 3, windows: 4, clusters: 5 } as const;
export type Purpose = keyof typeof PURPOSES;

const WORDS = 2 ** 32;

/** A sequence of random numbers. It has a state, so it stays inside of the function that made it. */
export class RandomStream {
  /** The two words of the last counter that was enciphered. */
  private readonly words = new Uint32Array(2);
  private counter = 0;
  private hasSecond = false;

  /** Throws USAGE unless `seed` and `position` are integers from 0 to 2^32 - 1. */
  constructor(
    private readonly seed: number,
    private readonly purpose: Purpose,
    private readonly position: number,
  ) {
    checkWord(seed, 'the seed');
    checkWord(position, `the position of ${purpose}`);
  }

  /** An integer from 0 to 2^32 - 1. */
  word(): number {
    this.hasSecond = !this.hasSecond;
    if (!this.hasSecond) return this.words[1];
    threefry2x32(this.seed, PURPOSES[this.purpose], this.counter++, this.position, this.words);
    return this.words[0];
  }

  /** A multiple of 2^-32 in [0, 1). */
  unit(): number {
    return this.word() / WORDS;
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
    found: describeValue(value),
    expected: 'an integer from 0 to 2^32 - 1',
  }));
}
