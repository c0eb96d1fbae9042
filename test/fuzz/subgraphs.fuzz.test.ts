/** Random graphs with loops and conds: every driver gives the interpreter's bits, in the arena and on buffers of its own. */
import fc from 'fast-check';
import { describe, test } from 'vitest';
import { expectSameBits } from '../support/differential.js';
import { fuzz } from '../support/fuzz.js';
import { availableGpus } from '../support/gpu.js';
import { grow, subgraphRecipes } from '../support/graphs.js';

const QUICK = { swiftshader: 60, lavapipe: 20 } as const;
const TIMEOUT = process.env.FUZZ_RUNS === undefined ? 300_000 : 0;

describe.each(availableGpus)('%s', (name) => {
  test(
    'runs loops as the interpreter does',
    async () => {
      await fc.assert(
        fc.asyncProperty(
          subgraphRecipes(),
          fc.constantFrom('optimised', 'software'),
          async (recipe, variant) => {
            await expectSameBits(grow(recipe), { gpus: [name], variants: [variant] });
          },
        ),
        fuzz(QUICK[name]),
      );
    },
    TIMEOUT,
  );
});
