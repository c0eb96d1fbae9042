/** The passes as a whole: IR text in, IR text out, and random graphs. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { TensorData } from '../../../src/base/tensor.js';
import { parseGraph } from '../../../src/ir/parse.js';
import { printGraph } from '../../../src/ir/print.js';
import type { Weights } from '../../../src/ir/graph.js';
import { optimize } from '../../../src/passes/optimize.js';
import { legalise } from '../../../src/passes/pipeline.js';
import { rewriteProgram } from '../../../src/passes/rewrite/rewrite.js';
import { CANONICALIZE } from '../../../src/passes/rewrite/rules/index.js';
import { DEFAULT_TARGET as target } from '../../../src/passes/target.js';
import { eliminateDeadCode } from '../../../src/passes/dce.js';
import { tensor } from '../../interpreter/support.js';
import { fuzz } from '../../support/fuzz.js';
import { grow, recipes } from '../../support/graphs.js';
import { expectSameResults } from '../support.js';

const NO_WEIGHTS: Weights = new Map();

/** Lines without their indentation, and without the first and last. */
const body = (text: string): string[] =>
  text.trim().split('\n').slice(1, -1).map((line) => line.trim()); // prettier-ignore

function expectOptimized(before: string, after: string, weights: Weights = NO_WEIGHTS): void {
  const graph = parseGraph(`graph g {\n${before}\n}`);
  expect(body(printGraph(optimize({ graph, weights }).graph))).toEqual(body(`graph g {\n${after}\n}`));
}

describe('goldens', () => {
  test('padding becomes the convolution’s own', () => {
    expectOptimized(
      `%0 = param {name="x"} : f32[1,3,8,8]
       %1 = param {name="w"} : f32[4,3,3,3]
       %2 = pad %0 {low=[0,0,1,1] high=[0,0,1,1] interior=[0,0,0,0] value=0} : f32[1,3,10,10]
       %3 = conv %2 %1 {strides=[1,1] padLow=[0,0] padHigh=[0,0] lhsDilation=[1,1] rhsDilation=[1,1] groups=1} : f32[1,4,8,8]
       return y=%3`,
      `%0 = param {name="x"} : f32[1,3,8,8]
       %1 = param {name="w"} : f32[4,3,3,3]
       %2 = conv %0 %1 {strides=[1,1] padLow=[1,1] padHigh=[1,1] lhsDilation=[1,1] rhsDilation=[1,1] groups=1} : f32[1,4,8,8]
       return "y"=%2`,
    );
  });

  test('padding with -0 does not: the products have another sign', () => {
    const graph = `%0 = param {name="x"} : f32[1,1,2]
       %1 = param {name="w"} : f32[1,1,2]
       %2 = pad %0 {low=[0,0,1] high=[0,0,0] interior=[0,0,0] value=-0} : f32[1,1,3]
       %3 = conv %2 %1 {strides=[1] padLow=[0] padHigh=[0] lhsDilation=[1] rhsDilation=[1] groups=1} : f32[1,1,2]
       return "y"=%3`;
    expectOptimized(graph, graph);
  });

  test('attention takes its operands as they lie', () => {
    expectOptimized(
      `%0 = param {name="q"} : f32[2,5,3,4]
       %1 = param {name="k"} : f32[2,5,3,4]
       %2 = permute %0 {permutation=[0,2,1,3]} : f32[2,3,5,4]
       %3 = permute %1 {permutation=[0,2,3,1]} : f32[2,3,4,5]
       %4 = dot %2 %3 {lhsBatch=[0,1] rhsBatch=[0,1] lhsContract=[3] rhsContract=[2]} : f32[2,3,5,5]
       return y=%4`,
      `%0 = param {name="q"} : f32[2,5,3,4]
       %1 = param {name="k"} : f32[2,5,3,4]
       %2 = dot %0 %1 {lhsBatch=[0,2] rhsBatch=[0,2] lhsContract=[3] rhsContract=[3]} : f32[2,3,5,5]
       return "y"=%2`,
    );
  });

  test('arithmetic on floats stays where it could show', () => {
    // x + 0 loses the sign of -0, x * 0 is NaN for some x, and x * 1 flushes subnormals on some devices.
    const graph = `%0 = param {name="x"} : f32[4]
       %1 = constant {values=[0]} : f32[4]
       %2 = add %0 %1 : f32[4]
       %3 = mul %0 %1 : f32[4]
       %4 = constant {values=[1]} : f32[4]
       %5 = mul %0 %4 : f32[4]
       return "a"=%2 "b"=%3 "c"=%5`;
    expectOptimized(graph, graph);
  });

  test('and goes where it cannot', () => {
    expectOptimized(
      `%0 = param {name="x"} : f32[4]
       %1 = constant {values=[1]} : f32[4]
       %2 = add %0 %0 : f32[4]
       %3 = mul %2 %1 : f32[4]
       return y=%3`,
      `%0 = param {name="x"} : f32[4]
       %1 = add %0 %0 : f32[4]
       return "y"=%1`,
    );
  });

  test('constants come together, and views of them vanish', () => {
    expectOptimized(
      `%0 = param {name="x"} : i32[2,3]
       %1 = constant {values=[2]} : i32[]
       %2 = constant {values=[3]} : i32[]
       %3 = mul %1 %2 : i32[]
       %4 = reshape %3 : i32[1,1]
       %5 = broadcast %4 : i32[2,3]
       %6 = add %5 %0 : i32[2,3]
       return y=%6`,
      `%0 = param {name="x"} : i32[2,3]
       %1 = constant {values=[6]} : i32[2,3]
       %2 = add %0 %1 : i32[2,3]
       return "y"=%2`,
    );
  });

  test('params stay although nothing uses them', () => {
    expectOptimized(
      `%0 = param {name="x"} : f32[4]
       %1 = param {name="unused"} : f32[4]
       %2 = exp %1 : f32[4]
       %3 = neg %0 : f32[4]
       return y=%3`,
      `%0 = param {name="x"} : f32[4]
       %1 = param {name="unused"} : f32[4]
       %2 = neg %0 : f32[4]
       return "y"=%2`,
    );
  });

  test('a global average over several axes is one over rows', () => {
    expectOptimized(
      `%0 = param {name="x"} : f32[2,3,7,7]
       %1 = reduce %0 {kind="sum" axes=[2,3]} : f32[2,3]
       return y=%1`,
      `%0 = param {name="x"} : f32[2,3,7,7]
       %1 = reshape %0 : f32[2,3,49]
       %2 = reduce %1 {kind="sum" axes=[2]} : f32[2,3]
       return "y"=%2`,
    );
  });

  test('long rows are reduced in chunks', () => {
    expectOptimized(
      `%0 = param {name="x"} : f32[65537]
       %1 = reduce %0 {kind="sum" axes=[0]} : f32[]
       return y=%1`,
      `%0 = param {name="x"} : f32[65537]
       %1 = pad %0 {low=[0] high=[65535] interior=[0] value=-0} : f32[131072]
       %2 = reshape %1 : f32[2,65536]
       %3 = reduce %2 {kind="sum" axes=[1]} : f32[2]
       %4 = reduce %3 {kind="sum" axes=[0]} : f32[]
       return "y"=%4`,
    );
  });

  test('symbolic shapes are simplified too', () => {
    expectOptimized(
      `%0 = param {name="x"} : f32[N,2,3]
       %1 = reshape %0 : f32[N,6]
       %2 = reshape %1 : f32[N,2,3]
       %3 = permute %2 {permutation=[1,0,2]} : f32[2,N,3]
       %4 = permute %3 {permutation=[1,0,2]} : f32[N,2,3]
       %5 = neg %4 : f32[N,2,3]
       return y=%5`,
      `%0 = param {name="x"} : f32[N,2,3]
       %1 = neg %0 : f32[N,2,3]
       return "y"=%1`,
    );
  });
});

describe('folding', () => {
  const weight = (values: readonly number[], shape = [values.length]): TensorData =>
    tensor('f32', shape, values);

  test('the scale of a batch norm becomes one weight', () => {
    const graph = parseGraph(`graph g {
       %0 = param {name="x"} : f32[2,9]
       %1 = weight {id="scale"} : f32[9]
       %2 = weight {id="variance"} : f32[9]
       %3 = sqrt %2 : f32[9]
       %4 = div %1 %3 : f32[9]
       %5 = reshape %4 : f32[1,9]
       %6 = broadcast %5 : f32[2,9]
       %7 = mul %0 %6 : f32[2,9]
       return y=%7
    }`);
    const scale = [1, 2, 3, 4, 5, 6, 7, 8, 9];
    const variance = scale.map((_, i) => 4 ** (i % 3));
    const weights = new Map([
      ['scale', weight(scale)],
      ['variance', weight(variance)],
    ]);
    const program = optimize({ graph, weights });
    expect(program.graph.nodes.map((node) => node.op)).toEqual(['param', 'weight', 'broadcast', 'mul']);
    const expected = scale.map((x, i) => x / Math.sqrt(variance[i]));
    expect([...program.weights.values()].map((folded) => [...folded.data])).toEqual([expected]);
  });
});

describe('random graphs', () => {
  test('keep every bit', () => {
    fc.assert(
      fc.property(recipes(), (recipe) => {
        const { program, inputs } = grow(recipe);
        expectSameResults(program, optimize(program), inputs);
      }),
      fuzz(150),
    );
  });

  test('are in normal form after one pass', () => {
    fc.assert(
      fc.property(recipes(), (recipe) => {
        const once = optimize(grow(recipe).program);
        expect(printGraph(optimize(once).graph)).toBe(printGraph(once.graph));
      }),
      fuzz(100),
    );
  });

  test('are optimized in the same way every time', () => {
    fc.assert(
      fc.property(recipes(), (recipe) => {
        const [a, b] = [optimize(grow(recipe).program), optimize(grow(recipe).program)];
        expect(printGraph(a.graph)).toBe(printGraph(b.graph));
        expect([...a.weights.keys()]).toEqual([...b.weights.keys()]);
      }),
      fuzz(20),
    );
  });
});

describe('sharing and dead code', () => {
  test('equal nodes become one, and keep the first name', () => {
    const graph = parseGraph(`graph g {
      %0 = param {name="x"} : f32[4]
      %1 = exp %0 : f32[4]
      %2 = exp %0 : f32[4]
      %3 = add %1 %2 : f32[4]
      return y=%3
    }`);
    const named = { ...graph, nodes: graph.nodes.map((node, id) => ({ ...node, name: `node ${id}` })) };
    const shared = rewriteProgram({ graph: named, weights: NO_WEIGHTS }, {}).program.graph;
    expect(shared.nodes.map((node) => [node.op, node.name])).toEqual([
      ['param', 'node 0'],
      ['exp', 'node 1'],
      ['add', 'node 3'],
    ]);
  });

  test('a graph without dead nodes is left as it is', () => {
    const graph = parseGraph('graph g { %0 = param {name="x"} : f32[4] return y=%0 }');
    expect(eliminateDeadCode(graph)).toBe(graph);
  });

  test('what a rule makes has the name of what it replaces', () => {
    const graph = parseGraph(`graph g {
      %0 = param {name="x"} : f32[2,3,4]
      %1 = reduce %0 {kind="sum" axes=[1,2]} : f32[2]
      return y=%1
    }`);
    const named = { ...graph, nodes: graph.nodes.map((node, id) => ({ ...node, name: `node ${id}` })) };
    const { graph: canonical } = rewriteProgram({ graph: named, weights: NO_WEIGHTS }, CANONICALIZE).program;
    expect(canonical.nodes.map((node) => node.name)).toEqual(['node 0', 'node 1', 'node 1']);
  });
});

test('the log tells what became of what', () => {
  const graph = parseGraph(`graph g {
    %0 = param {name="x"} : f32[4]
    %1 = neg %0 : f32[4]
    %2 = neg %1 : f32[4]
    return y=%2
  }`);
  const [entry] = legalise({ graph, weights: NO_WEIGHTS }, { target }).rewrites;
  expect([entry.rule, entry.before(), entry.after()]).toEqual([
    'neg of a neg',
    'neg(neg(param {name="x"} : f32[4]) : f32[4]) : f32[4]',
    'param {name="x"} : f32[4]',
  ]);
});
