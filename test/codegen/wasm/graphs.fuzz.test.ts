/** Random graphs: the WebAssembly engine gives the interpreter's bits, whatever becomes of subnormals. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { fuzz } from '../../support/fuzz.js';
import { grow, recipes } from '../../support/graphs.js';
import { preparedForWasm, wasmDifferences } from '../../support/wasm.js';

const TIMEOUT = process.env.FUZZ_RUNS === undefined ? 300_000 : 0;

test.each([
  ['preserve', 150],
  ['flush', 100],
] as const)(
  'random graphs have the bits of the interpreter, subnormals: %s',
  async (subnormals, runs) => {
    await fc.assert(
      fc.asyncProperty(recipes(), async (recipe) => {
        const { program, inputs, others } = grow(recipe);
        const prepared = preparedForWasm(program, undefined, subnormals);
        const given = others === undefined ? [inputs] : [others, inputs];
        expect(await wasmDifferences(program, given, prepared)).toEqual([]);
      }),
      fuzz(runs),
    );
  },
  TIMEOUT,
);
