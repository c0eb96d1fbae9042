/** The pass as a whole: its interface, its errors, and graphs that are special. */
import { describe, expect, test } from 'vitest';
import { tensorData, type TensorData } from '../../../src/base/tensor.js';
import { interpret } from '../../../src/interpreter/index.js';
import type { Graph } from '../../../src/ir/graph.js';
import { GraphBuilder } from '../../../src/ir/builder.js';
import { dimMul, symbol } from '../../../src/ir/dim.js';
import { parseGraph } from '../../../src/ir/parse.js';
import { printGraph } from '../../../src/ir/print.js';
import { verifyGraph } from '../../../src/ir/verify.js';
import { batchGraph } from '../../../src/passes/batch/batch.js';
import { bindDims } from '../../../src/ir/bind-dims.js';
import { tensorOf } from '../../support/tensors.js';
import { until } from './examples/subgraphs.js';
import { drawBatch, expectLoop, paramsNamed, subsets } from './support.js';

const AXPY = parseGraph(`graph axpy {
  %0 = param {name="y"} : f32[3]
  %1 = weight {id="a"} : f32[3]
  %2 = param {name="x"} : f32[3]
  %3 = param {name="unused"} : bool[]
  %4 = mul %1 %2 : f32[3]
  %5 = add %4 %0 : f32[3]
  return sum=%5 product=%4 y=%0
}`);

const batch = (graph: Graph, names: readonly string[], size: number): Graph =>
  batchGraph(graph, paramsNamed(graph, new Set(names)), size);

describe('the interface', () => {
  test('params and outputs keep their names and order; weights stay as they are', () => {
    const batched = batch(AXPY, ['unused', 'y'], 2);
    const ports = batched.nodes.filter(({ op }) => op === 'param' || op === 'weight');
    expect(ports.map(({ type }) => type.shape)).toEqual([[2, 3], [3], [3], [2]]);
    expect(batched.outputs.map(({ name }) => name)).toEqual(['sum', 'product', 'y']);
    for (const { value } of batched.outputs) expect(batched.nodes[value].type.shape).toEqual([2, 3]);
    expect(batched.name).toBe('axpy');
  });

  test('the origins of nodes are kept', () => {
    const b = new GraphBuilder('g');
    const x = b.param('x', 'f32', [2]);
    b.output(
      'y',
      b.within('layer 1', () => b.unary('neg', x)),
    );
    expect(batch(b.build(), ['x'], 2).nodes.map(({ name }) => name)).toEqual([undefined, 'layer 1']);
  });

  test('with nothing batched, all outputs are repeated', () => {
    const batch = drawBatch(AXPY, [], 3, 'hostile', new Map([['a', tensorOf('f32', [3])]]));
    expectLoop(batch);
  });

  test('an output that is a param, and one value under two names', () => {
    const graph = parseGraph(`graph g {
      %0 = param {name="x"} : f32[2]
      %1 = param {name="y"} : f32[]
      return a=%0 b=%0 c=%1
    }`);
    for (const some of [['x'], ['y'], ['x', 'y']])
      for (const size of [0, 1, 4]) expectLoop(drawBatch(graph, some, size, 'hostile'));
  });

  test('a graph of constants', () => {
    const graph = parseGraph(`graph g {
      %0 = constant {values=[1,-0,NaN]} : f32[3]
      %1 = iota {axis=0} : i32[4]
      return a=%0 b=%1
    }`);
    for (const size of [0, 1, 4]) expectLoop(drawBatch(graph, [], size, 'plain'));
  });
});

describe('the elements of a batch', () => {
  test('random bits of a key do not depend on the keys beside it', () => {
    const graph = parseGraph(`graph dropout {
      %0 = param {name="key"} : u32[2]
      %1 = random %0 : u32[2,3]
      return bits=%1
    }`);
    const keys = tensorData(
      'u32',
      [3, 2],
      Uint32Array.of(0, 0, 0xffffffff, 0xffffffff, 0x13198a2e, 0x03707344),
    );
    const program = { graph: batch(graph, ['key'], 3), weights: new Map<string, TensorData>() };
    const bits = interpret(program, { key: keys }).outputs.bits;
    // The first word of the test vector of Random123 for key 0 and counter 0.
    expect(bits.data[0]).toBe(0x6b200159);
    expect(new Set(bits.data).size).toBe(18);
  });

  test('one key for all elements stays one op', () => {
    const graph = parseGraph(`graph dropout {
      %0 = param {name="key"} : u32[2]
      %1 = param {name="x"} : u32[3]
      %2 = random %0 : u32[3]
      %3 = xor %1 %2 : u32[3]
      return y=%3
    }`);
    const batched = batch(graph, ['x'], 5);
    expect(batched.nodes.filter(({ op }) => op === 'random').map(({ type }) => type.shape)).toEqual([[3]]);
    expectLoop(drawBatch(graph, ['x'], 5, 'hostile'));
  });

  test('the graph does not grow with the batch', () => {
    const graph = parseGraph(`graph g {
      %0 = param {name="key"} : u32[2]
      %1 = param {name="x"} : f32[8]
      %2 = random %0 : u32[4]
      %3 = bitcast %2 : i32[4]
      %4 = gather %1 %3 {axis=0} : f32[4]
      return y=%4
    }`);
    const nodes = [2, 1000].map((size) => batch(graph, ['key', 'x'], size).nodes.length);
    expect(nodes[0]).toBe(nodes[1]);
  });
});

test('a loop without a bound goes on until all elements are done', () => {
  const { graph, params } = until(Infinity, []);
  for (const batched of subsets(params))
    for (const flavour of ['usual', 'hostile'] as const) expectLoop(drawBatch(graph, batched, 3, flavour));
});

describe('symbolic dimensions', () => {
  const [n, m] = [symbol('N'), symbol('M')];
  const b = new GraphBuilder('g');
  const x = b.param('x', 'f32', [n, m, 4]);
  const y = b.param('y', 'f32', [n, 4, 3]);
  const image = b.param('image', 'f32', [n, 2, m]);
  const kernel = b.param('kernel', 'f32', [3, 2, 2]);
  const at = b.param('at', 'i32', [m]);
  const dot = { lhsBatch: [0], rhsBatch: [0], lhsContract: [2], rhsContract: [1] };
  b.output('dot', b.emit('dot', [x, y], dot));
  b.output('flat', b.reduce('sum', b.reshape(x, [dimMul(n, m), 4]), [0]));
  b.output('rows', b.emit('gather', [y, at], { axis: 1 }));
  const line = { strides: [1], padLow: [1], padHigh: [0], lhsDilation: [1], rhsDilation: [1], groups: 1 };
  b.output('conv', b.emit('conv', [image, kernel], line));
  const graph = b.build();

  test.each([[['x', 'image']], [['x', 'y', 'image', 'kernel']], [['at', 'kernel']]])(
    'are kept, and can be bound before or after: %j',
    (some) => {
      const batched = batch(graph, some, 5);
      verifyGraph(batched);
      const bindings = { N: 2, M: 6 };
      const [before, after] = [batch(bindDims(graph, bindings), some, 5), bindDims(batched, bindings)];
      expect(printGraph(after)).toBe(printGraph(before));
    },
  );

  test('must be bound where indices of each element point into its own operand', () => {
    expect(() => batch(graph, ['at', 'y'], 2)).toThrow(/DIM_UNBOUND/);
  });
});

describe('errors', () => {
  test.each([-1, 1.5, NaN, Infinity, 2 ** 53])('%d is not a size', (size) => {
    expect(() => batch(AXPY, ['x'], size)).toThrow(/ATTRIBUTE_INVALID[^]*an integer >= 0/);
  });

  test('only params are batched', () => {
    expect(() => batchGraph(AXPY, new Set([1]), 2)).toThrow(
      /INPUT_UNKNOWN[^]*found: +%1\n[^]*%0 \(y\), %2 \(x\), %3 \(unused\)/,
    );
    const constant = parseGraph('graph g { %0 = constant {values=[1]} : f32[] return y=%0 }');
    expect(() => batchGraph(constant, new Set([7]), 2)).toThrow(/none: the graph has no params/);
  });

  test('indices of a batch must fit i32', () => {
    const graph = parseGraph(`graph g {
      %0 = param {name="x"} : f32[65535,0]
      %1 = param {name="at"} : i32[1]
      %2 = gather %0 %1 {axis=0} : f32[1,0]
      return y=%2
    }`);
    verifyGraph(batch(graph, ['x', 'at'], 32768));
    expect(() => batch(graph, ['x', 'at'], 32769)).toThrow(/LIMIT_EXCEEDED/);
  });
});
