/**
 * Threefry-2x32 with 20 rounds (Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011):
 * a block cipher on two words, here keyed by the seed and applied to the index of the element.
 */
import { elementCount } from '../base/tensor.js';
import { allocateLanes } from './lanes.js';
import type { EvalRule } from './rule.js';

const ROTATIONS = [13, 15, 26, 6, 17, 29, 16, 24] as const;
const ROUNDS = 20;
const ROUNDS_PER_KEY = 4;
const PARITY = 0x1bd11bda;

const rotateLeft = (x: number, count: number): number => (x << count) | (x >>> (32 - count));

/** Enciphers the words (x0, x1) under the key (k0, k1), into out[0] and out[1]. */
export function threefry2x32(k0: number, k1: number, x0: number, x1: number, out: Uint32Array): void {
  const key = [k0, k1, k0 ^ k1 ^ PARITY];
  let [a, b] = [(x0 + k0) | 0, (x1 + k1) | 0];
  for (let round = 0; round < ROUNDS; round++) {
    a = (a + b) | 0;
    b = rotateLeft(b, ROTATIONS[round % ROTATIONS.length]) ^ a;
    if ((round + 1) % ROUNDS_PER_KEY !== 0) continue;
    const injection = (round + 1) / ROUNDS_PER_KEY;
    a = (a + key[injection % 3]) | 0;
    b = (b + key[(injection + 1) % 3] + injection) | 0;
  }
  out[0] = a;
  out[1] = b;
}

/** Element i is the first word of the enciphered counter (i, 0). */
export const random: EvalRule<'random'> = ({ inputs, shape }) => {
  const [k0, k1] = inputs[0].lanes;
  const out = allocateLanes('u32', elementCount(shape));
  const words = new Uint32Array(2);
  for (let i = 0; i < out.length; i++) {
    threefry2x32(k0, k1, i, 0, words);
    out[i] = words[0];
  }
  return out;
};
