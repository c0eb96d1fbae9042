/**
 * Every op, with every choice of batched operands, on values of every kind: the batched graph has the bits of the loop
 * over single elements, whatever happens to subnormals.
 */
import { describe, test } from 'vitest';
import { printType } from '../../../src/ir/types.js';
import { FLAVOURS } from '../../support/tensors.js';
import { EXAMPLE_OPS, EXAMPLES } from './examples/index.js';
import { drawBatch, expectLoop, subsets } from './support.js';

const SIZES = [3, 1, 0] as const;

describe.each(EXAMPLE_OPS)('%s', (op) => {
  const named = EXAMPLES[op].map((it, i) => {
    const operands = it.graph.nodes.slice(0, -1).map(({ type }) => printType(type));
    return [`${i}: ${operands.join(', ')}`, it] as const;
  });
  test.each(named)('%s', (_, { graph, params, large }) => {
    for (const flavour of large === true ? (['usual'] as const) : FLAVOURS)
      for (const batched of subsets(params))
        for (const size of SIZES) expectLoop(drawBatch(graph, batched, size, flavour));
  });
});
