/** The builder, and the invariants that it and the verifier keep. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { GraphBuilder, type GraphValue } from '../../src/ir/builder.js';
import type { Graph, Node } from '../../src/ir/graph.js';
import { paramsOf, usersOf } from '../../src/ir/graph.js';
import { tensorType } from '../../src/ir/types.js';
import { verifyGraph } from '../../src/ir/verify.js';
import { fuzz } from '../support/fuzz.js';
import { grow, recipes } from '../support/graphs.js';

const built = (): { b: GraphBuilder; graph: Graph } => {
  const b = new GraphBuilder('g');
  b.output('y', b.unary('neg', b.param('x', 'f32', [2, 3])));
  return { b, graph: b.build() };
};

describe('sharing', () => {
  const b = new GraphBuilder('g');
  const x = b.param('x', 'f32', [2]);

  test('equal nodes are one node', () => {
    expect(b.unary('exp', x).id).toBe(b.unary('exp', x).id);
    expect(b.reshape(x, [2, 1]).id).toBe(b.emit('reshape', [x], { shape: [2, 1] }).id);
  });

  test.each([
    ['an attribute', b.constant('f32', [1], 0), b.constant('f32', [1], -0)],
    ['the order of operands', b.binary('sub', x, b.full(x, 1)), b.binary('sub', b.full(x, 1), x)],
    ['a NaN', b.constant('f32', [1], NaN), b.constant('f32', [1], 1)],
    ['a dtype', b.constant('i32', [1], 1), b.constant('u32', [1], 1)],
    ['a nesting', b.constant('f32', [2], [1, 2]), b.constant('f32', [2], [12, 0])],
  ])('%s tells nodes apart', (_, one, other) => {
    expect(one.id).not.toBe(other.id);
  });

  test('NaN is equal to itself', () => {
    expect(b.constant('f32', [1], NaN).id).toBe(b.constant('f32', [1], NaN).id);
  });

  test('origins do not count, and the first stays', () => {
    const first = b.within('here', () => b.unary('tanh', x));
    const again = b.within('there', () => b.unary('tanh', x));
    expect(again.id).toBe(first.id);
    expect(b.node(first).name).toBe('here');
  });
});

test('graphs are snapshots', () => {
  const { b, graph } = built();
  const before = graph.nodes.length;
  b.unary('exp', b.value(0));
  expect(graph.nodes.length).toBe(before);
});

test('params and users', () => {
  const b = new GraphBuilder('g');
  const x = b.param('x', 'f32', []);
  const y = b.param('y', 'f32', []);
  b.output('z', b.binary('add', b.binary('mul', x, x), y));
  const graph = b.build();
  expect(paramsOf(graph).map(({ id, node }) => [id, node.attrs.name])).toEqual([[0, 'x'], [1, 'y']]); // prettier-ignore
  expect(usersOf(graph)).toEqual([[2, 2], [3], [3], []]);
});

test('what the builder makes is valid', () => {
  fc.assert(
    fc.property(recipes(), (recipe) => {
      verifyGraph(grow(recipe).program.graph);
    }),
    fuzz(100),
  );
});

describe('refused by the builder', () => {
  test.each<[string, RegExp, (b: GraphBuilder) => unknown]>([
    ['two params of one name', /two params of one name/, (b) => b.param('x', 'i32', [])],
    ['two outputs of one name', /two outputs of one name/, (b) => b.output('y', b.value(0))],
    [
      'an operand of another graph',
      /does not belong/,
      (b) => b.unary('neg', { id: 99, type: tensorType('f32', []) } as GraphValue),
    ],
  ])('%s', (_, message, action) => {
    expect(() => action(built().b)).toThrow(message);
  });
});

describe('refused by the verifier', () => {
  const { graph } = built();
  const [x, y] = graph.nodes;
  const { outputs } = graph;
  const typed = (node: Node, shape: number[]): Node => ({ ...node, type: tensorType('f32', shape) });

  test.each<[string, Graph, RegExp]>([
    ['a use before the definition', { ...graph, nodes: [y, x] }, /not defined before its use/],
    ['a node that uses itself', { ...graph, nodes: [x, { ...y, inputs: [1] }] }, /not defined before/],
    ['an operand that is not an id', { ...graph, nodes: [x, { ...y, inputs: [0.5] }] }, /not defined before/],
    [
      'a wrong type',
      { ...graph, nodes: [x, typed(y, [3, 2])] },
      /wrong type[\s\S]*f32\[3,2\][\s\S]*f32\[2,3\]/,
    ],
    ['operands that do not fit', { ...graph, nodes: [x, { ...y, inputs: [] }] }, /expected: 1 operands/],
    ['two params of one name', { ...graph, nodes: [x, x] }, /two params of one name/],
    ['an output of nothing', { ...graph, outputs: [{ name: 'y', value: 7 }] }, /names no value/],
    ['two outputs of one name', { ...graph, outputs: [...outputs, ...outputs] }, /two outputs of one name/],
  ])('%s', (_, broken, message) => {
    expect(() => {
      verifyGraph(broken);
    }).toThrow(message);
  });

  test('and the message tells where', () => {
    const named = { ...graph, nodes: [x, { ...typed(y, [1]), name: 'layer 3' }] };
    expect(() => {
      verifyGraph(named);
    }).toThrow(/at: +%1 = neg \(layer 3\) in g/);
  });
});

test.each([
  ['plus', 'add'],
  ['mull', 'mul'],
])('%s is not an op, and perhaps %s', (op, meant) => {
  const b = new GraphBuilder('g');
  const x = b.param('x', 'f32', [2]);
  const call = (): unknown => b.binary(op as 'add', x, x);
  expect(call).toThrow(new RegExp(`IR_INVALID[^]*"${op}"[^]*one of neg[^]*did you mean ${meant}\\?`));
});

test('a value of another graph is refused, also where its number is one of this graph', () => {
  const [a, b] = [new GraphBuilder('a'), new GraphBuilder('b')];
  const x = a.param('x', 'f32', [4]);
  const y = b.param('y', 'f32', [8]);
  for (const value of [y, { id: x.id, type: null }, { id: x.id, type: { dtype: 'f32', shape: 4 } }])
    expect(() => a.unary('neg', value as typeof x)).toThrow('does not belong to this graph');
});
