/** Loops and conds lose what nothing needs, and what is the same in every trip is computed before them. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { interpret } from '../../../src/interpreter/index.js';
import { GraphBuilder, type GraphValue } from '../../../src/ir/builder.js';
import type { Graph } from '../../../src/ir/graph.js';
import { parseGraph } from '../../../src/ir/parse.js';
import { printGraph } from '../../../src/ir/print.js';
import { verifyGraph } from '../../../src/ir/verify.js';
import { simplifySubgraphs } from '../../../src/passes/subgraphs/simplify.js';
import { differenceOf } from '../../support/differential.js';
import { fuzz } from '../../support/fuzz.js';
import { grow, subgraphRecipes } from '../../support/graphs.js';
import { emitLoop } from '../../support/inner.js';

test('bits stay, and what is simple stays as it is', () => {
  fc.assert(
    fc.property(subgraphRecipes(), (recipe) => {
      const { program, inputs } = grow(recipe);
      const graph = simplifySubgraphs(program.graph);
      verifyGraph(graph);
      expect(simplifySubgraphs(graph)).toBe(graph);
      const expected = interpret(program, inputs).outputs;
      const found = interpret({ ...program, graph }, inputs).outputs;
      for (const [name, tensor] of Object.entries(expected))
        expect(differenceOf(found[name], tensor)).toBeUndefined();
    }),
    fuzz(300),
  );
});

/** The text of a graph whose loop carries two values and stacks two, of which `parts` are read. */
const loopText = (body: string, results: string): string =>
  printGraph(
    simplifySubgraphs(
      parseGraph(`graph "g" {
  %0 = param {name="x"} : f32[2]
  %1 = param {name="w"} : f32[2]
  %2 = param {name="rows"} : f32[3,2]
  %3 = loop %0 %1 %2 %1 {carries=2 trips=3 conditional=false sliceAxes=[0] sliceSteps=[1] stackAxes=[0,0] stackSteps=[1,1] body=graph "body" {
    %0 = param {name="trip"} : i32[]
    %1 = param {name="a"} : f32[2]
    %2 = param {name="b"} : f32[2]
    %3 = param {name="row"} : f32[2]
    %4 = param {name="w"} : f32[2]
${body}
  }} : (f32[2], f32[2], f32[3,2], f32[3,2])
${results}
}
`),
    ),
  );

test('carried values, stacked values and captures that nothing needs go away', () => {
  const body = `    %5 = add %1 %3 : f32[2]
    %6 = mul %2 %4 : f32[2]
    return "a"=%5 "b"=%6 "sa"=%5 "sb"=%6`;
  const text = loopText(body, '  %4 = result %3 {index=2} : f32[3,2]\n  return "y"=%4');
  expect(text).toBe(`graph "g" {
  %0 = param {name="x"} : f32[2]
  %1 = param {name="w"} : f32[2]
  %2 = param {name="rows"} : f32[3,2]
  %3 = loop %0 %2 {carries=1 trips=3 conditional=false sliceAxes=[0] sliceSteps=[1] stackAxes=[0] stackSteps=[1] body=graph "body" {
    %0 = param {name="trip"} : i32[]
    %1 = param {name="a"} : f32[2]
    %2 = param {name="row"} : f32[2]
    %3 = add %1 %2 : f32[2]
    return "a"=%3 "sa"=%3
  }} : (f32[2], f32[3,2])
  %4 = result %3 {index=1} : f32[3,2]
  return "y"=%4
}
`);
});

test('a carried value that others depend on stays, however far', () => {
  const body = `    %5 = add %1 %2 : f32[2]
    %6 = mul %2 %4 : f32[2]
    return "a"=%5 "b"=%6 "sa"=%5 "sb"=%3`;
  const text = loopText(body, '  %4 = result %3 {index=0} : f32[2]\n  return "y"=%4');
  expect(text).toContain('loop %0 %1 %1 {carries=2');
  expect(text).not.toContain('stackAxes');
});

test('what captures determine is computed once, and their views in every trip', () => {
  const body = `    %5 = exp %4 : f32[2]
    %6 = reverse %5 {axes=[0]} : f32[2]
    %7 = add %1 %6 : f32[2]
    return "a"=%7 "b"=%2 "sa"=%7 "sb"=%3`;
  const text = loopText(body, '  %4 = result %3 {index=0} : f32[2]\n  return "y"=%4');
  expect(text).toBe(`graph "g" {
  %0 = param {name="x"} : f32[2]
  %1 = param {name="w"} : f32[2]
  %2 = param {name="rows"} : f32[3,2]
  %3 = exp %1 : f32[2]
  %4 = loop %0 %3 {carries=1 trips=3 conditional=false body=graph "body" {
    %0 = param {name="p0"} : i32[]
    %1 = param {name="p1"} : f32[2]
    %2 = param {name="c0"} : f32[2]
    %3 = reverse %2 {axes=[0]} : f32[2]
    %4 = add %1 %3 : f32[2]
    return "r0"=%4
  }} : (f32[2])
  %5 = result %4 {index=0} : f32[2]
  return "y"=%5
}
`);
});

test('what nothing needs goes away at every depth', () => {
  /** Loops in each other, each of which carries a value that nothing reads. */
  const nested = (depth: number): Graph => {
    const b = new GraphBuilder('nested');
    const at = (inner: GraphBuilder, level: number, x: GraphValue): GraphValue =>
      level === 0
        ? inner.unary('tanh', x)
        : emitLoop(inner, { trips: 3, carried: [x, x] }, (body, _, used, unused) => [
            at(body, level - 1, used),
            body.unary('exp', unused),
          ])[0];
    b.output('y', at(b, depth, b.param('x', 'f32', [2])));
    return b.build();
  };
  const size = (graph: Graph): number => printGraph(graph).length;
  const simple = simplifySubgraphs(nested(15));
  expect(size(simple)).toBeLessThan(size(nested(15)));
  expect(printGraph(simple)).not.toContain('exp');
});
