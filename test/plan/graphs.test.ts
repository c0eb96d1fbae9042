/** Graphs of several sizes in one text with numbers. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { packGraphs } from '../../src/codegen/sizes.js';
import { GraphBuilder } from '../../src/ir/builder.js';
import type { Graph } from '../../src/ir/graph.js';
import { printGraph } from '../../src/ir/print.js';
import { checkSizedGraphs, graphOf, type SizedGraphs } from '../../src/plan/graphs.js';
import { fuzz } from '../support/fuzz.js';

/** x of n rows, negated `depth` times, each node with a name or none. */
function graphWith(rows: number, depth: number, name: string): Graph {
  const b = new GraphBuilder('g');
  let x = b.param('x', 'f32', [rows, 4]);
  for (let i = 0; i < depth; i++) x = b.emit('neg', [x], {}, name === '' ? undefined : `${name}_${i}`);
  b.output('y', x);
  return b.build();
}

const graphs = fc.array(
  fc
    .tuple(fc.nat(300), fc.nat({ max: 2 }), fc.constantFrom('', 'a', 'a7', '// "\n'))
    .map(([rows, depth, name]) => graphWith(rows, depth, name)),
  { minLength: 1, maxLength: 6 },
);

test('every graph comes back as it was', () => {
  fc.assert(
    fc.property(graphs, (given) => {
      const packed = checkSizedGraphs(given.length)(JSON.parse(JSON.stringify(packGraphs(given))), 'graphs');
      given.forEach((graph, i) => {
        const { text, names } = graphOf(packed, i);
        expect(text).toBe(printGraph(graph));
        expect(names).toEqual(graph.nodes.map(({ name = '' }) => name));
      });
    }),
    fuzz(60),
  );
});

test('graphs that differ in numbers only are one text', () => {
  const packed = packGraphs([graphWith(2, 1, 'n'), graphWith(3, 1, 'n'), graphWith(3, 2, 'n')]);
  expect(packed.at).toEqual([
    [0, 0],
    [0, 1],
    [1, 0],
  ]);
  expect(packed.classes.map(({ rows }) => rows)).toEqual([[[2], [3]], [[]]]);
});

test('what refers to nothing is refused', () => {
  const good = packGraphs([graphWith(2, 1, ''), graphWith(3, 1, '')]);
  const [only] = good.classes;
  const refused = (change: Partial<SizedGraphs>): void =>
    expect(() => checkSizedGraphs(2)({ ...good, ...change }, 'graphs')).toThrow('FILE_CORRUPT');
  refused({ at: [[0, 0]] });
  refused({ at: [[0, 0], [0, 2]] }); // prettier-ignore
  refused({ at: [[0, 0], [1, 0]] }); // prettier-ignore
  refused({ classes: [{ ...only, rows: [[], []] }] });
  refused({ classes: [{ ...only, rows: [[-1], [2]] }] });
});
