/** The names by which a model knows its values: kept beside the graph, and written again. */
import { describe, expect, test } from 'vitest';
import { encodeModel, node, port, tensor } from '../../../scripts/onnx-proto.mjs';
import { exportOnnx, importOnnx } from '../../../src/frontends/onnx/index.js';
import { tensorData } from '../../../src/base/tensor.js';
import { interpret } from '../../../src/interpreter/index.js';
import { printGraph } from '../../../src/ir/print.js';
import { optimize } from '../../../src/passes/optimize.js';

/** Two branches that begin alike, an identity, a literal, and a weight that is transposed while importing. */
const MODEL = encodeModel({
  name: 'branches',
  node: [
    node('Exp', ['x'], ['left']),
    node('Exp', ['x'], ['right']),
    node('Identity', ['left'], ['same']),
    node('Mul', ['same', 'two'], ['scaled']),
    node('Transpose', ['w'], ['wt'], { perm: [1, 0] }),
    node('MatMul', ['scaled', 'wt'], ['product']),
    node('Add', ['product', 'right'], ['y']),
  ],
  initializer: [tensor('two', 'float', [], [2]), tensor('w', 'float', [3, 3], [1, 2, 3, 4, 5, 6, 7, 8, 9])],
  input: [port('x', 'float', [2, 3])],
  output: [port('y', 'float', [2, 3])],
});

test('a weight that the model only reshapes keeps its name, and its own shape', () => {
  const graph = {
    name: 'views',
    node: [
      node('Reshape', ['w', 'shape'], ['view']),
      node('Identity', ['view'], ['same']),
      node('MatMul', ['x', 'same'], ['product']),
      node('Add', ['product', 'w'], ['y']),
    ],
    initializer: [tensor('w', 'float', [6], [1, 2, 3, 4, 5, 6]), tensor('shape', 'int64', [2], [1, 6])],
    input: [port('x', 'float', [2, 1])],
    output: [port('y', 'float', [2, 6])],
  };
  const program = importOnnx(encodeModel(graph));
  expect([...program.weights].map(([id, { shape }]) => [id, shape])).toEqual([['w', [6]]]);
  const { outputs } = interpret(program, { x: tensorData('f32', [2, 1], Float32Array.of(1, 10)) });
  expect([...outputs.y.data]).toEqual([2, 4, 6, 8, 10, 12, 11, 22, 33, 44, 55, 66]);
  const replaced = { weights: new Map([['view', tensorData('f32', [1, 6], new Float32Array(6))]]) };
  expect([...importOnnx(encodeModel(graph), replaced).weights.keys()]).toEqual(['view', 'w']);
});

describe('names of values', () => {
  const { graph } = importOnnx(MODEL);
  const { values, folded, merged } = graph.names!;

  test('are those of the file', () => {
    expect([...values.keys()].sort()).toEqual(
      ['left', 'product', 'right', 'same', 'scaled', 'two', 'wt', 'x', 'y'], // prettier-ignore
    );
    expect(graph.nodes[values.get('y')!].op).toBe('add');
    expect(graph.outputs).toEqual([{ name: 'y', value: values.get('y') }]);
  });

  test('say which values importing computed itself, and which are one now though the file has two', () => {
    expect([...folded]).toEqual(['w']);
    expect(values.get('left')).toBe(values.get('right'));
    expect([...merged].sort()).toEqual(['left', 'right', 'same', 'two']);
  });

  test('are no part of the graph for passes, nor of its text', () => {
    expect(optimize(importOnnx(MODEL)).graph.names).toBeUndefined();
    expect(printGraph(graph)).toBe(printGraph({ ...graph, names: { ...graph.names!, values: new Map() } }));
  });

  test('are written again', () => {
    const again = importOnnx(exportOnnx(importOnnx(MODEL))).graph;
    for (const name of ['left', 'scaled', 'product', 'y', 'wt'])
      expect(again.nodes[again.names!.values.get(name)!].op, name).toBe(graph.nodes[values.get(name)!].op);
  });
});
