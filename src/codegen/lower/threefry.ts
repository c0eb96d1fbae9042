import type { SsaBuilder } from '../ssa/builder.js';
import type { Ref } from '../ssa/instr.js';

const ROTATIONS = [
  [13, 15, 26, 6],
  [17, 29, 16, 24],
] as const;
const PARITY = 0x1bd11bda;

/**
 * Threefry-2x32 with 20 rounds (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011): two random
 * words from a key and a counter of two words each.
 */
export function threefry(s: SsaBuilder, key: readonly [Ref, Ref], counter: readonly [Ref, Ref]): [Ref, Ref] {
  const schedule = [key[0], key[1], s.ixor(s.ixor(key[0], key[1]), PARITY)];
  let x = s.iadd(counter[0], schedule[0]);
  let y = s.iadd(counter[1], schedule[1]);
  for (let group = 0; group < 5; group++) {
    for (const rotation of ROTATIONS[group % 2]) {
      x = s.iadd(x, y);
      y = s.ixor(s.ior(s.ishl(y, rotation), s.ishr(y, 32 - rotation)), x);
    }
    x = s.iadd(x, schedule[(group + 1) % 3]);
    y = s.iadd(s.iadd(y, schedule[(group + 2) % 3]), group + 1);
  }
  return [x, y];
}
