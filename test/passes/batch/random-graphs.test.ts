/** Random graphs, batched over any of their params, once and twice, have the bits of the loop over single elements. */
import fc from 'fast-check';
import { test } from 'vitest';
import { paramsOf } from '../../../src/ir/graph.js';
import { fuzz } from '../../support/fuzz.js';
import { recipes, subgraphRecipes } from '../../support/graphs.js';
import { batchedSpecimen, drawBatch, expectLoop, plans, randomBatch } from './support.js';

const TIMEOUT = process.env.FUZZ_RUNS === undefined ? 120_000 : 0;

test(
  'batched graphs equal the loop',
  () => {
    fc.assert(
      fc.property(recipes(), plans([2, 3, 1, 0]), (recipe, plan) => {
        expectLoop(randomBatch(recipe, plan));
      }),
      fuzz(400),
    );
  },
  TIMEOUT,
);

test(
  'batched graphs with graphs inside equal the loop',
  () => {
    fc.assert(
      fc.property(subgraphRecipes(), plans([2, 3, 1, 0]), (recipe, plan) => {
        expectLoop(randomBatch(recipe, plan));
      }),
      fuzz(100),
    );
  },
  TIMEOUT,
);

test(
  'a batch of batches equals the loop of the batch',
  () => {
    fc.assert(
      fc.property(recipes(10), plans([2, 1, 3, 0]), plans([2, 1, 3, 0]), (recipe, inner, outer) => {
        const { program, inputs } = batchedSpecimen(randomBatch(recipe, inner));
        const names = paramsOf(program.graph).map(({ node }) => node.attrs.name);
        const chosen = names.filter((_, i) => ((outer.mask >> i) & 1) === 1);
        const drawn = drawBatch(program.graph, chosen, outer.size, 'usual', program.weights);
        expectLoop({ ...drawn, shared: inputs });
      }),
      fuzz(150),
    );
  },
  TIMEOUT,
);
