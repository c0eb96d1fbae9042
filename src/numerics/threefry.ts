/**
 * Threefry-2x32 with 20 rounds (Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011):
 * a block cipher on two words, from which random numbers are made by enciphering counters.
 */

const PARITY = 0x1bd11bda;
const ROUNDS = 20;
const ROTATIONS = [13, 15, 26, 6, 17, 29, 16, 24] as const;

/** What the cipher needs of words modulo 2^32; any `ScalarLang` has it. */
export interface WordLang<I> {
  iadd(a: I, b: I | number): I;
  ior(a: I, b: I): I;
  ixor(a: I, b: I | number): I;
  ishl(a: I, count: number): I;
  ishr(a: I, count: number): I;
}

/** Enciphers the words (x, y) under the key (k0, k1). */
export function threefry<I>(s: WordLang<I>, k0: I, k1: I, x: I, y: I): readonly [I, I] {
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

/**
 * {@link threefry} of numbers that are words, signed or not, into out[0] and out[1]. It is written in numbers, without calls: networks have a
 * hundred million weights, and going through a language takes five times as long.
 */
export function threefry2x32(k0: number, k1: number, x: number, y: number, out: Uint32Array): void {
  let k2 = k0 ^ k1 ^ PARITY;
  x = (x + k0) | 0;
  y = (y + k1) | 0;
  for (let part = 1; part <= ROUNDS / 4; part++) {
    const isOdd = part % 2 === 1;
    x = (x + y) | 0;
    y = (isOdd ? (y << 13) | (y >>> 19) : (y << 17) | (y >>> 15)) ^ x;
    x = (x + y) | 0;
    y = (isOdd ? (y << 15) | (y >>> 17) : (y << 29) | (y >>> 3)) ^ x;
    x = (x + y) | 0;
    y = (isOdd ? (y << 26) | (y >>> 6) : (y << 16) | (y >>> 16)) ^ x;
    x = (x + y) | 0;
    y = (isOdd ? (y << 6) | (y >>> 26) : (y << 24) | (y >>> 8)) ^ x;
    const used = k0;
    k0 = k1;
    k1 = k2;
    k2 = used;
    x = (x + k0) | 0;
    y = (y + k1 + part) | 0;
  }
  out[0] = x;
  out[1] = y;
}
