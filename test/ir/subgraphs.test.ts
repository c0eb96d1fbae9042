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

test('a loop is text that is read back', () => {
  const text = `graph "sums" {
  %0 = param {name="x"} : f32[3,2]
  %1 = constant {values=[0]} : f32[2]
  %2 = loop %1 %0 {carries=1 trips=3 conditional=false sliceAxes=[0] sliceSteps=[1] stackAxes=[0] stackSteps=[-1] body=graph "body" {
    %0 = param {name="trip"} : i32[]
    %1 = param {name="sum"} : f32[2]
    %2 = param {name="row"} : f32[2]
    %3 = add %1 %2 : f32[2]
    return "sum"=%3 "sums"=%3
  }} : (f32[2], f32[3,2])
  %3 = result %2 {index=1} : f32[3,2]
  return "y"=%3
}
`;
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
