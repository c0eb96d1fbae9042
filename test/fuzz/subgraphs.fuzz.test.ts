/** Random graphs with loops and conds: every driver gives the interpreter's bits, in the arena and on buffers of its own. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { WASM_TARGET } from '../../src/passes/target.js';
import { expectSameBits } from '../support/differential.js';
import { fuzz } from '../support/fuzz.js';
import { availableGpus } from '../support/gpu.js';
import { grow, subgraphRecipes } from '../support/graphs.js';
import { preparedForWasm, wasmDifferences } from '../support/wasm.js';

const QUICK = { swiftshader: 60, lavapipe: 20 } as const;
const TIMEOUT = process.env.FUZZ_RUNS === undefined ? 300_000 : 0;

describe.each(availableGpus)('%s', (name) => {
  test(
    'runs loops as the interpreter does',
    async () => {
      await fc.assert(
        fc.asyncProperty(
          subgraphRecipes(),
          fc.constantFrom('optimised', 'software', 'gated', 'cells'),
          async (recipe, variant) => {
            await expectSameBits(grow(recipe, true), { gpus: [name], variants: [variant] });
          },
        ),
        fuzz(QUICK[name]),
      );
    },
    TIMEOUT,
  );
});

test(
  'the WebAssembly engine runs loops as the interpreter does',
  async () => {
    await fc.assert(
      fc.asyncProperty(subgraphRecipes(), fc.boolean(), async (recipe, gated) => {
        const { program, inputs, others = inputs } = grow(recipe, true);
        const target = gated ? { ...WASM_TARGET, launchCost: 0 } : WASM_TARGET;
        expect(await wasmDifferences(program, [others, inputs], preparedForWasm(program, target))).toEqual(
          [],
        );
      }),
      fuzz(60),
    );
  },
  TIMEOUT,
);
