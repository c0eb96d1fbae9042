/** Random graphs: every driver gives the interpreter's bits, however they are compiled. */
import fc from 'fast-check';
import { describe, test } from 'vitest';
import { expectSameBits, VARIANTS } from '../support/differential.js';
import { fuzz } from '../support/fuzz.js';
import { availableGpus } from '../support/gpu.js';
import { grow, recipes } from '../support/graphs.js';

/** lavapipe compiles kernels several times more slowly. */
const QUICK = { swiftshader: 100, lavapipe: 30 } as const;
const TIMEOUT = process.env.FUZZ_RUNS === undefined ? 300_000 : 0;

describe.each(availableGpus)('%s', (name) => {
  test(
    'computes random graphs as the interpreter does',
    async () => {
      await fc.assert(
        fc.asyncProperty(recipes(), fc.constantFrom(...VARIANTS), async (recipe, variant) => {
          await expectSameBits(grow(recipe), { gpus: [name], variants: [variant] });
        }),
        fuzz(QUICK[name]),
      );
    },
    TIMEOUT,
  );
});
