/**
 * Threefry-2x32 with 20 rounds (Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011):
 * a block cipher on two words, from which random numbers are made by enciphering counters.
 */
import { preserveLang } from './js-lang.js';
import type { ScalarLang } from './scalar-lang.js';

const PARITY = 0x1bd11bda;
/** Groups of four rounds, each followed by a part of the key. */
const GROUPS = 5;
const ROTATIONS = [
  [13, 15, 26, 6],
  [17, 29, 16, 24],
] as const;

/** Enciphers the words of `counter` under `key`. */
export function threefry<F, I, B>(
  s: ScalarLang<F, I, B>,
  key: readonly [I, I],
  counter: readonly [I, I],
): [I, I] {
  const schedule = [key[0], key[1], s.ixor(s.ixor(key[0], key[1]), PARITY)];
  let x = s.iadd(counter[0], schedule[0]);
  let y = s.iadd(counter[1], schedule[1]);
  for (let group = 0; group < GROUPS; group++) {
    for (const rotation of ROTATIONS[group % 2]) {
      x = s.iadd(x, y);
      y = s.ixor(s.ior(s.ishl(y, rotation), s.ishr(y, 32 - rotation)), x);
    }
    x = s.iadd(x, schedule[(group + 1) % 3]);
    y = s.iadd(s.iadd(y, schedule[(group + 2) % 3]), group + 1);
  }
  return [x, y];
}

/** Enciphers the words (x0, x1) under the key (k0, k1), into out[0] and out[1]. */
export function threefry2x32(k0: number, k1: number, x0: number, x1: number, out: Uint32Array): void {
  [out[0], out[1]] = threefry(preserveLang, [k0, k1], [x0, x1]);
}
