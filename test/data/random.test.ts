import { expect, test } from 'vitest';
import { permutation, RandomStream } from '../../src/data/random.js';

test('streams that differ in anything differ', () => {
  const first = [
    new RandomStream(1, 'digits', 0),
    new RandomStream(2, 'digits', 0),
    new RandomStream(1, 'digits', 1),
    new RandomStream(1, 'shuffle', 0),
  ].map((stream) => stream.word());
  expect(new Set(first).size).toBe(4);
});

test('numbers lie where they should', () => {
  const stream = new RandomStream(3, 'split', 0);
  const counts = new Array<number>(7).fill(0);
  for (let i = 0; i < 70_000; i++) counts[stream.below(7)]++;
  for (const count of counts) expect(Math.abs(count - 10_000)).toBeLessThan(400);
  for (let i = 0; i < 100; i++) expect(stream.below(1)).toBe(0);
});

test('permutations are even: all 24 of 4 come as often', () => {
  const counts = new Map<string, number>();
  for (let i = 0; i < 24_000; i++) {
    const key = permutation(4, new RandomStream(5, 'shuffle', i)).join('');
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  expect(counts.size).toBe(24);
  for (const count of counts.values()) expect(Math.abs(count - 1000)).toBeLessThan(160);
});

test.each([-1, 1.5, 2 ** 32, NaN])('%s is not a seed', (seed) => {
  expect(() => new RandomStream(seed, 'digits', 0)).toThrow('USAGE');
});
