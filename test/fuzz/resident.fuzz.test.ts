/** Random graphs with random donations: what lies on the device has the interpreter's bits, however it is compiled. */
import fc from 'fast-check';
import { describe, test } from 'vitest';
import { VARIANTS } from '../support/differential.js';
import { fuzz } from '../support/fuzz.js';
import { availableGpus } from '../support/gpu.js';
import { expectSameResidentBits, growResident, residentRecipes } from '../support/resident.js';

/** lavapipe compiles kernels several times more slowly. */
const QUICK = { swiftshader: 60, lavapipe: 20 } as const;
const TIMEOUT = process.env.FUZZ_RUNS === undefined ? 300_000 : 0;

describe.each(availableGpus)('%s', (name) => {
  test(
    'updates state as the interpreter does',
    async () => {
      await fc.assert(
        fc.asyncProperty(residentRecipes(), fc.constantFrom(...VARIANTS), async (recipe, variant) => {
          await expectSameResidentBits(growResident(recipe), name, variant);
        }),
        fuzz(QUICK[name]),
      );
    },
    TIMEOUT,
  );
});
