/**
 * Threefry-2x32 with 20 rounds (Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011):
 * a block cipher on two words, from which random numbers are made by enciphering counters.
 */
import type { ScalarLang } from './scalar-lang.js';

const PARITY = 0x1bd11bda;
const ROUNDS = 20;
const ROTATIONS = [13, 15, 26, 6, 17, 29, 16, 24] as const;

/** Enciphers the words (x, y) under the key (k0, k1). */
export function threefry<F, I, B>(s: ScalarLang<F, I, B>, k0: I, k1: I, x: I, y: I): readonly [I, I] {
  let k2 = s.ixor(s.ixor(k0, k1), PARITY);
  x = s.iadd(x, k0);
  y = s.iadd(y, k1);
  for (let round = 0; round < ROUNDS; round++) {
    const rotation = ROTATIONS[round % 8];
    x = s.iadd(x, y);
    y = s.ixor(s.ior(s.ishl(y, rotation), s.ishr(y, 32 - rotation)), x);
    if (round % 4 < 3) continue;
    // A part of the key follows every fourth round.
    const used = k0;
    k0 = k1;
    k1 = k2;
    k2 = used;
    x = s.iadd(x, k0);
    y = s.iadd(s.iadd(y, k1), (round + 1) / 4);
  }
  return [x, y];
}

const rotated = (x: number, by: number): number => (x << by) | (x >>> (32 - by));

/**
 * {@link threefry} of numbers that are words, signed or not, into out[0] and out[1]. It is spelled out: networks have a
 * hundred million weights, and a loop over languages takes five times as long.
 */
export function threefry2x32(k0: number, k1: number, x: number, y: number, out: Uint32Array): void {
  const k2 = k0 ^ k1 ^ PARITY;
  x = (x + k0) | 0;
  y = (y + k1) | 0;
  x = (x + y) | 0;
  y = rotated(y, 13) ^ x;
  x = (x + y) | 0;
  y = rotated(y, 15) ^ x;
  x = (x + y) | 0;
  y = rotated(y, 26) ^ x;
  x = (x + y) | 0;
  y = rotated(y, 6) ^ x;
  x = (x + k1) | 0;
  y = (y + k2 + 1) | 0;
  x = (x + y) | 0;
  y = rotated(y, 17) ^ x;
  x = (x + y) | 0;
  y = rotated(y, 29) ^ x;
  x = (x + y) | 0;
  y = rotated(y, 16) ^ x;
  x = (x + y) | 0;
  y = rotated(y, 24) ^ x;
  x = (x + k2) | 0;
  y = (y + k0 + 2) | 0;
  x = (x + y) | 0;
  y = rotated(y, 13) ^ x;
  x = (x + y) | 0;
  y = rotated(y, 15) ^ x;
  x = (x + y) | 0;
  y = rotated(y, 26) ^ x;
  x = (x + y) | 0;
  y = rotated(y, 6) ^ x;
  x = (x + k0) | 0;
  y = (y + k1 + 3) | 0;
  x = (x + y) | 0;
  y = rotated(y, 17) ^ x;
  x = (x + y) | 0;
  y = rotated(y, 29) ^ x;
  x = (x + y) | 0;
  y = rotated(y, 16) ^ x;
  x = (x + y) | 0;
  y = rotated(y, 24) ^ x;
  x = (x + k1) | 0;
  y = (y + k2 + 4) | 0;
  x = (x + y) | 0;
  y = rotated(y, 13) ^ x;
  x = (x + y) | 0;
  y = rotated(y, 15) ^ x;
  x = (x + y) | 0;
  y = rotated(y, 26) ^ x;
  x = (x + y) | 0;
  y = rotated(y, 6) ^ x;
  x = (x + k2) | 0;
  y = (y + k0 + 5) | 0;
  out[0] = x;
  out[1] = y;
}
