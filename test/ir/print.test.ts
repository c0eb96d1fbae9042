/** Graphs as text, and back. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DTYPES } from '../../src/base/dtype.js';
import { GraphBuilder } from '../../src/ir/builder.js';
import { dimAdd, dimFloorDiv, dimMul, symbol } from '../../src/ir/dim.js';
import type { Graph } from '../../src/ir/graph.js';
import { parseGraph } from '../../src/ir/parse.js';
import { printGraph } from '../../src/ir/print.js';
import { verifyGraph } from '../../src/ir/verify.js';
import { hostile } from '../interpreter/support.js';
import { fuzz } from '../support/fuzz.js';
import { grow, recipes } from '../support/graphs.js';

function expectRoundTrip(graph: Graph): void {
  const text = printGraph(graph);
  const read = parseGraph(text);
  verifyGraph(read);
  expect(read).toEqual(graph);
  expect(printGraph(read)).toBe(text);
}

test('random graphs read back as they were', () => {
  fc.assert(
    fc.property(recipes(), (recipe) => {
      expectRoundTrip(grow(recipe).program.graph);
    }),
    fuzz(200),
  );
});

test('so do any names, of graphs, params, weights and outputs', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), fc.string(), fc.string(), fc.string(), (graph, x, w, y) => {
      const b = new GraphBuilder(graph);
      b.output(y, b.binary('add', b.param(x, 'f32', []), b.weight(w, 'f32', [])));
      expectRoundTrip(b.build());
    }),
    fuzz(200),
  );
});

test('and the values of constants, -0, NaN and infinities among them', () => {
  const cases = fc
    .constantFrom(...DTYPES)
    .chain((dtype) => fc.tuple(fc.constant(dtype), fc.array(hostile(dtype), { minLength: 1, maxLength: 5 })));
  fc.assert(
    fc.property(cases, ([dtype, values]) => {
      const b = new GraphBuilder('g');
      b.output('y', b.constant(dtype, [values.length], values));
      const x = b.param('x', 'f32', [2]);
      b.output('p', b.emit('pad', [x], { low: [1], high: [0], interior: [0], value: values[0] }));
      expectRoundTrip(b.build());
    }),
    fuzz(300),
  );
});

test('and split contractions', () => {
  const b = new GraphBuilder('g');
  const operands = [b.param('x', 'f32', [3, 300]), b.param('y', 'f32', [300, 2])];
  const attrs = { lhsBatch: [], rhsBatch: [], lhsContract: [1], rhsContract: [0] };
  b.output('total', b.emit('dot', operands, attrs));
  b.output('sums', b.emit('splitKDot', operands, attrs));
  expectRoundTrip(b.build());
});

test('and symbolic shapes', () => {
  const [N, M] = [symbol('N'), symbol('a [b], "c" (')];
  const b = new GraphBuilder('g');
  const x = b.param('x', 'f32', [N, dimAdd(dimMul(2, M), 1), 3]);
  const y = b.reshape(x, [dimMul(N, dimAdd(dimMul(2, M), 1)), 3]);
  const half = b.param('h', 'f32', [dimFloorDiv(dimAdd(N, 1), 2)]);
  const [starts, strides] = [[0], [2]];
  b.output('y', y);
  b.output('s', b.emit('slice', [b.param('n', 'i32', [N])], { starts, sizes: [dimFloorDiv(N, 2)], strides }));
  b.output(
    'z',
    b.broadcast(b.reshape(half, [1, dimFloorDiv(dimAdd(N, 1), 2)]), [M, dimFloorDiv(dimAdd(N, 1), 2)]),
  );
  expectRoundTrip(b.build());
});

test('ids may have gaps, and comments are skipped', () => {
  const graph = parseGraph(`
    // a small graph
    graph g {
      %3 = param {name="x"} : f32[2]  // the input
      %10 = neg %3 : f32[2]
      return y=%10
    }`);
  expect(graph.nodes.map(({ inputs }) => inputs)).toEqual([[], [0]]);
});

describe('text that is not a graph', () => {
  test.each([
    ['', /IR_PARSE/],
    ['graph', /IR_PARSE/],
    ['graph g {', /IR_PARSE/],
    ['graph g { return', /IR_PARSE/],
    ['graph g { %0 = nonsense : f32[] return }', /IR_PARSE[\s\S]*nonsense[\s\S]*an op/],
    ['graph g { %0 = param {name="x"} : f33[] return }', /IR_PARSE[\s\S]*f33[\s\S]*a dtype/],
    ['graph g { %0 = param {name="x"} : f32[2 return }', /IR_PARSE/],
    ['graph g { %0 = neg %1 : f32[] return }', /IR_PARSE[\s\S]*%1[\s\S]*defined above/],
    ['graph g { x = neg : f32[] return }', /IR_PARSE/],
    ['graph g { return y=%0 }', /IR_PARSE[\s\S]*%0/],
    ['graph g {\n %0 = param {name="x"} : f32[2]\n %1 = neg %0 : f32[3]\n return y=%1 }', /IR_PARSE[\s\S]*line 3[\s\S]*f32\[3\]/], // prettier-ignore
    ['graph g { %0 = constant {values=[oops]} : f32[] return }', /IR_PARSE/],
    ['graph g { %0 = param : f32[] return }', /IR_PARSE[\s\S]*a string as name of param/],
    [
      'graph g { %0 = param {name="x" size=3} : f32[] return }',
      /IR_PARSE[\s\S]*size[\s\S]*an attribute of param/,
    ],
    ['graph g { %0 = iota {axis=[0]} : i32[2] return }', /IR_PARSE[\s\S]*a number as axis of iota/],
    [
      'graph g { %0 = param {name="x"} : f32[2] %1 = reduce %0 {kind="mean"} : f32[2] return }',
      /one of sum, prod, max, min/,
    ],
  ])('%j', (text, message) => {
    expect(() => parseGraph(text)).toThrow(message);
  });

  test('whatever is cut off or changed, it is an error with a code', () => {
    const cases = fc.tuple(recipes(6), fc.nat(), fc.string({ maxLength: 3 }), fc.nat(4));
    fc.assert(
      fc.property(cases, ([recipe, at, change, removed]) => {
        const text = printGraph(grow(recipe).program.graph);
        const start = at % text.length;
        const damaged = text.slice(0, start) + change + text.slice(start + removed);
        try {
          parseGraph(damaged);
        } catch (error) {
          expect(error).toMatchObject({ name: 'HeddleError' });
        }
      }),
      fuzz(300),
    );
  });
});
