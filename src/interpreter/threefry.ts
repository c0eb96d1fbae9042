/**
 * Threefry-2x32 with 20 rounds (Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011):
 * a block cipher on two words, here keyed by the seed and applied to the index of the element.
 */
import { elementCount } from '../base/tensor.js';
import { allocateLanes } from './lanes.js';
import type { EvalRule } from './rule.js';

const PARITY = 0x1bd11bda;
/** Four rounds each, followed by a part of the key. */
const GROUPS = 5;

/** Enciphers the words (x0, x1) under the key (k0, k1), into out[0] and out[1]. */
export function threefry2x32(k0: number, k1: number, x0: number, x1: number, out: Uint32Array): void {
  const k2 = k0 ^ k1 ^ PARITY;
  let [a, b] = [(x0 + k0) | 0, (x1 + k1) | 0];
  // Written out: looking rotations and keys up in arrays takes ten times as long, and weights are millions of these.
  for (let group = 1; group <= GROUPS; group++) {
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
