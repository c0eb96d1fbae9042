/**
 * Threefry-2x32 with 20 rounds (Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011):
 * a block cipher on two words, from which random numbers are made by enciphering counters.
 */

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
