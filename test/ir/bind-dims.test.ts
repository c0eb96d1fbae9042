import { expect, test } from 'vitest';
import { GraphBuilder } from '../../src/ir/builder.js';
import { dimMul, symbol } from '../../src/ir/dim.js';
import { parseGraph } from '../../src/ir/parse.js';
import { printGraph } from '../../src/ir/print.js';
import { verifyGraph } from '../../src/ir/verify.js';
import { bindDims, symbolsOf } from '../../src/ir/bind-dims.js';

const GRAPH = parseGraph(`graph g {
  %0 = param {name="x"} : f32[N,2*M]
  %1 = reshape %0 : f32[N,2,M]
  %2 = slice %1 {starts=[0,0,0] strides=[1,1,1]} : f32[N,1,M]
  %3 = iota {axis=0} : i32[N]
  %4 = reshape %2 : f32[N*M]
  %5 = reduce %4 {kind="sum" axes=[0]} : f32[]
  return y=%5 i=%3
}`);

test('every shape gets its numbers', () => {
  const bound = bindDims(GRAPH, { N: 3, M: 5 });
  verifyGraph(bound);
  expect(printGraph(bound)).toBe(
    printGraph(
      parseGraph(`graph g {
        %0 = param {name="x"} : f32[3,10]
        %1 = reshape %0 : f32[3,2,5]
        %2 = slice %1 {starts=[0,0,0] strides=[1,1,1]} : f32[3,1,5]
        %3 = iota {axis=0} : i32[3]
        %4 = reshape %2 : f32[15]
        %5 = reduce %4 {kind="sum" axes=[0]} : f32[]
        return y=%5 i=%3
      }`),
    ),
  );
});

test('outputs survive where binding makes two nodes one', () => {
  const b = new GraphBuilder('g');
  const x = b.param('x', 'f32', [4]);
  const n = symbol('N');
  b.output('a', b.emit('iota', [], { dtype: 'i32', shape: [n], axis: 0 }));
  b.output('b', b.emit('iota', [], { dtype: 'i32', shape: [dimMul(n, n)], axis: 0 }));
  b.output('x', x);
  const bound = bindDims(b.build(), { N: 1 });
  expect(bound.nodes.length).toBe(2);
  expect(bound.outputs.map(({ name }) => name)).toEqual(['a', 'b', 'x']);
});

test('names, origins and static graphs are kept', () => {
  expect(symbolsOf(GRAPH)).toEqual(['N', 'M']);
  const named = { ...GRAPH, nodes: GRAPH.nodes.map((node, id) => ({ ...node, name: `#${id}` })) };
  const bound = bindDims(named, { N: 1, M: 1 });
  expect(bound.nodes.map(({ name }) => name)).toContain('#5');
  expect(bindDims(bound, {})).toBe(bound);
});

test.each([
  [{ N: 3 }, /DIM_UNBOUND.*\n.*found: +M/],
  [{ N: 3, M: 1, K: 2 }, /ATTRIBUTE_INVALID.*\n.*found: +K\n.*one of N, M/],
  [{ N: -1, M: 1 }, /ATTRIBUTE_INVALID.*"N"/],
  [{ N: 1.5, M: 1 }, /ATTRIBUTE_INVALID.*"N"/],
  [{ N: NaN, M: 1 }, /ATTRIBUTE_INVALID.*"N"/],
])('%j does not bind it', (bindings, message) => {
  expect(() => bindDims(GRAPH, bindings)).toThrow(message);
});

test('values that do not fit the ops are refused by their type rules', () => {
  const graph = parseGraph(`graph g {
    %0 = param {name="x"} : f32[N]
    %1 = slice %0 {starts=[2] strides=[1]} : f32[3]
    return y=%1
  }`);
  expect(() => bindDims(graph, { N: 4 })).toThrow(/ATTRIBUTE_INVALID.*slice/);
});
