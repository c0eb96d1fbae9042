/** Ops with graphs inside: their types, their text, and what they mean. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { interpret } from '../../src/interpreter/index.js';
import { printGraph } from '../../src/ir/print.js';
import { parseGraph } from '../../src/ir/parse.js';
import { verifyGraph } from '../../src/ir/verify.js';
import { optimize } from '../../src/passes/optimize.js';
import { differenceOf } from '../support/differential.js';
import { fuzz } from '../support/fuzz.js';
import { grow, subgraphRecipes } from '../support/graphs.js';
import { SUMS } from './support.js';

test('a loop is text that is read back', () => {
  const text = SUMS;
  const graph = parseGraph(text);
  verifyGraph(graph);
  expect(printGraph(graph)).toBe(text);
  const x = { dtype: 'f32', shape: [3, 2], data: Float32Array.of(1, 2, 3, 4, 5, 6) } as const;
  const { outputs } = interpret({ graph, weights: new Map() }, { x });
  expect([...outputs.y.data]).toEqual([9, 12, 4, 6, 1, 2]);
});

test('random graphs with graphs inside are read back from their text', () => {
  fc.assert(
    fc.property(subgraphRecipes(), (recipe) => {
      const { graph } = grow(recipe).program;
      const text = printGraph(graph);
      const again = parseGraph(text);
      verifyGraph(again);
      expect(printGraph(again)).toBe(text);
    }),
    fuzz(200),
  );
});

test('spelled out, loops and conds have the same bits', () => {
  fc.assert(
    fc.property(subgraphRecipes(), (recipe) => {
      const { program, inputs } = grow(recipe);
      const expected = interpret(program, inputs).outputs;
      const found = interpret(optimize(program), inputs).outputs;
      for (const [name, tensor] of Object.entries(expected))
        expect(differenceOf(found[name], tensor)).toBeUndefined();
    }),
    fuzz(200),
  );
});
