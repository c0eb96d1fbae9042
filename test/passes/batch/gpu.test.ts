/** Batched graphs on devices: the bits of the interpreter, which are those of the loop over single elements. */
import fc from 'fast-check';
import { describe, test } from 'vitest';
import { traitsOf } from '../../../src/ir/ops.js';
import { expectSameBits, VARIANTS } from '../../support/differential.js';
import { fuzz } from '../../support/fuzz.js';
import { availableGpus } from '../../support/gpu.js';
import { recipes } from '../../support/graphs.js';
import { EXAMPLE_OPS, EXAMPLES } from './examples/index.js';
import {
  type Batch,
  batchedSpecimen,
  drawBatch,
  expectLoop,
  plans,
  randomBatch,
  subsets,
} from './support.js';

/** lavapipe compiles kernels several times more slowly. */
const QUICK = { swiftshader: 60, lavapipe: 15 } as const;
const TIMEOUT = process.env.FUZZ_RUNS === undefined ? 300_000 : 0;

/**
 * Scalar ops differ by nothing that matters here, so one dtype and one operand have to do. Where elements are combined,
 * hostile ones make most results NaN, and usual ones show the order.
 */
function batchesOf(op: (typeof EXAMPLE_OPS)[number]): Batch[] {
  const simple = traitsOf(op).class === 'scalar' || traitsOf(op).class === 'movement';
  const flavours = simple ? (['hostile'] as const) : (['usual', 'hostile'] as const);
  const examples = traitsOf(op).class === 'scalar' ? EXAMPLES[op].slice(0, 1) : EXAMPLES[op];
  return examples.flatMap(({ graph, params }) => {
    const choices = traitsOf(op).class === 'scalar' ? [params.slice(0, 1)] : subsets(params).slice(1);
    return choices.flatMap((batched) => flavours.map((flavour) => drawBatch(graph, batched, 3, flavour)));
  });
}

describe.each(availableGpus)('%s', (name) => {
  test.each(EXAMPLE_OPS)('%s of a batch', { timeout: TIMEOUT }, async (op) => {
    for (const batch of batchesOf(op)) await expectSameBits(batchedSpecimen(batch), { gpus: [name] });
  });

  test('random graphs', { timeout: TIMEOUT }, async () => {
    await fc.assert(
      fc.asyncProperty(
        recipes(),
        plans([2, 3, 1, 0]),
        fc.constantFrom(...VARIANTS),
        async (recipe, plan, variant) => {
          const batch = randomBatch(recipe, plan);
          expectLoop(batch);
          await expectSameBits(batchedSpecimen(batch), { gpus: [name], variants: [variant] });
        },
      ),
      fuzz(QUICK[name]),
    );
  });
});
