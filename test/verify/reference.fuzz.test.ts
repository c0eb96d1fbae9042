/** The two references give the same values of the same program: those that a device is held against. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { prepare } from '../../src/compile.js';
import { SOFTWARE_TARGET } from '../../src/passes/target.js';
import { interpreterReference, type ReferenceValues } from '../../src/verify/reference.js';
import { wasmReference } from '../../src/verify/wasm-reference.js';
import { differenceOf } from '../support/differential.js';
import { fuzz } from '../support/fuzz.js';
import { grow, recipes } from '../support/graphs.js';
import { wasmDevice } from '../support/wasm.js';

const TIMEOUT = process.env.FUZZ_RUNS === undefined ? 300_000 : 0;

function differences(found: ReferenceValues, expected: ReferenceValues): string[] {
  const outputs = Object.entries(expected.outputs).map(([name, want]) => [name, found.outputs[name], want] as const); // prettier-ignore
  const values = [...expected.values].map(([id, want]) => [`%${id}`, found.values.get(id)!, want] as const);
  return [...outputs, ...values].flatMap(([name, have, want]) => {
    const difference = differenceOf(have, want);
    return difference === undefined ? [] : [`${name}: ${difference}`];
  });
}

test.each(['preserve', 'flush'] as const)(
  'of a program after the passes, every value that a kernel stores, subnormals: %s',
  async (subnormals) => {
    const engine = wasmReference(await wasmDevice({ subnormals }));
    await fc.assert(
      fc.asyncProperty(recipes(), async (recipe) => {
        const { program: original, inputs } = grow(recipe);
        const { program, planned } = prepare(original, { target: SOFTWARE_TARGET });
        const wanted = new Set(planned.results.map(({ value }) => value));
        const request = { program, inputs, subnormals, wanted };
        const [found, expected] = [await engine(request), await interpreterReference(request)];
        expect([...found.values.keys()].sort()).toEqual([...expected.values.keys()].sort());
        expect(differences(found, expected)).toEqual([]);
      }),
      fuzz(50),
    );
  },
  TIMEOUT,
);
