/** Small random programs, for families that change their text or their plans. */
import type { Program } from '../../../src/ir/graph.js';
import { STEP_KINDS } from '../../support/graph-steps.js';
import { grow } from '../../support/graphs.js';
import type { Random } from './random.js';

/** A random program of up to `most` steps. */
export const randomProgram = (random: Random, most: number): Program =>
  grow({
    steps: random.times(random.integer(1, most), () => ({
      kind: random.pick(STEP_KINDS),
      numbers: random.times(16, () => random.integer(0, 9999)),
    })),
    extras: [],
    seed: random.integer(0, 1000),
  }).program;
