/** Random graphs: the WebAssembly engine gives the interpreter's bits. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { fuzz } from '../../support/fuzz.js';
import { grow, recipes } from '../../support/graphs.js';
import { wasmDifferences } from '../../support/wasm.js';

const TIMEOUT = process.env.FUZZ_RUNS === undefined ? 300_000 : 0;

test(
  'random graphs have the bits of the interpreter',
  async () => {
    await fc.assert(
      fc.asyncProperty(recipes(), async (recipe) => {
        const { program, inputs, others } = grow(recipe);
        expect(await wasmDifferences(program, others === undefined ? [inputs] : [others, inputs])).toEqual(
          [],
        );
      }),
      fuzz(150),
    );
  },
  TIMEOUT,
);
