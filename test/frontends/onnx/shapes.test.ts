import { describe, expect, test } from 'vitest';
import { encodeModel, node, port, tensor, type ProtoGraph } from '../../../scripts/onnx-proto.mjs';
import { printGraph } from '../../../src/ir/print.js';
import { printType } from '../../../src/ir/types.js';
import { errorOf, importVerified } from './support.js';

const model = (graph: ProtoGraph, opset = 13): Uint8Array =>
  encodeModel({ name: 'shapes', ...graph }, { opset });

describe('shape arithmetic folds away', () => {
  /** reshape(x, [shape(x)[0], shape(x)[1] * shape(x)[2]]), as exporters write it. */
  const flatten = model({
    input: [port('x', 'float', [2, 3, 4])],
    output: [port('y', 'float', ['a', 'b'])],
    initializer: [
      tensor('zero', 'int64', [], [0]),
      tensor('one', 'int64', [], [1]),
      tensor('two', 'int64', [], [2]),
      tensor('axes', 'int64', [1], [0]),
    ],
    node: [
      node('Shape', ['x'], ['s']),
      node('Gather', ['s', 'zero'], ['n']),
      node('Gather', ['s', 'one'], ['c']),
      node('Gather', ['s', 'two'], ['w']),
      node('Mul', ['c', 'w'], ['cw']),
      node('Unsqueeze', ['n', 'axes'], ['n1']),
      node('Unsqueeze', ['cw', 'axes'], ['cw1']),
      node('Concat', ['n1', 'cw1'], ['target'], { axis: 0 }),
      node('Reshape', ['x', 'target'], ['y']),
    ],
  });

  test('integers', () => {
    expect(printGraph(importVerified(flatten).graph)).toBe(`graph "shapes" {
  %0 = param {name="x"} : f32[2,3,4]
  %1 = reshape %0 : f32[2,12]
  return "y"=%1
}
`);
  });

  test('floats, as upsampling is exported: floor(extent * scale)', () => {
    const program = importVerified(
      model({
        input: [port('x', 'float', [3, 1])],
        output: [port('y', 'float', ['a', 'b'])],
        initializer: [
          tensor('scale', 'float', [1], [2.5]),
          tensor('start', 'int64', [1], [0]),
          tensor('end', 'int64', [1], [1]),
        ],
        node: [
          node('Shape', ['x'], ['s']),
          node('Slice', ['s', 'start', 'end'], ['rows']),
          node('Cast', ['rows'], ['rowsF'], { to: 1 }),
          node('Mul', ['rowsF', 'scale'], ['scaled']),
          node('Floor', ['scaled'], ['floored']),
          node('Cast', ['floored'], ['columns'], { to: 7 }),
          node('Concat', ['rows', 'columns'], ['target'], { axis: 0 }),
          node('Expand', ['x', 'target'], ['y']),
        ],
      }),
    );
    expect(printType(program.outputs[0].type)).toBe('f32[3,7]');
  });

  test('int64 is exact beyond 32 bits, and refused where it enters the graph', () => {
    const wide = (last: readonly unknown[]): Uint8Array =>
      model({
        input: [port('x', 'float', [3])],
        output: [port('y', 'int64', [])],
        initializer: [tensor('big', 'int64', [], [2n ** 40n + 5n]), tensor('less', 'int64', [], [2n ** 40n])],
        node: [node('Sub', ['big', 'less'], ['five']), ...(last as ReturnType<typeof node>[])],
      });
    const program = importVerified(wide([node('Identity', ['five'], ['y'])]));
    expect(printGraph(program.graph)).toContain('constant {values=[5]} : i32[]');
    expect(program.outputs[0].dtype).toBe('int64');
    const error = errorOf('ONNX_UNSUPPORTED_DTYPE', () =>
      importVerified(wide([node('Identity', ['big'], ['y'])])),
    );
    expect(error.found).toContain('1099511627781');
  });

  test('a large fill becomes a constant of the graph and no array', () => {
    const program = importVerified(
      model({
        output: [port('y', 'float')],
        initializer: [tensor('shape', 'int64', [3], [1000, 1000, 1000])],
        node: [node('ConstantOfShape', ['shape'], ['y'])],
      }),
    );
    expect(program.graph.nodes).toHaveLength(1);
    expect(program.weights.size).toBe(0);
  });
});

describe('symbolic dimensions', () => {
  const dynamic = model({
    input: [port('x', 'float', ['batch size', 3, 4])],
    output: [port('y', 'float', ['batch size', 12])],
    initializer: [tensor('target', 'int64', [2], [0, -1])],
    node: [node('Reshape', ['x', 'target'], ['y'])],
  });

  test('stay where nothing needs them', () => {
    const program = importVerified(dynamic);
    expect(printType(program.outputs[0].type)).toBe('f32["batch size",12]');
    expect(program.symbols).toEqual({ 'batch size': 'batch size' });
  });

  test('are bound by name or by the shape of an input', () => {
    const byName = importVerified(dynamic, { dims: { 'batch size': 5 } });
    const byShape = importVerified(dynamic, { inputShapes: { x: [5, 3, 4] } });
    expect([byName, byShape].map(({ outputs }) => printType(outputs[0].type))).toEqual([
      'f32[5,12]',
      'f32[5,12]',
    ]);
    expect(byName.symbols).toEqual({});
  });

  test('wrong bindings are refused', () => {
    errorOf('USAGE', () => importVerified(dynamic, { dims: { batch: 5 } }));
    errorOf('USAGE', () => importVerified(dynamic, { dims: { 'batch size': -1 } }));
    errorOf('INPUT_SHAPE', () => importVerified(dynamic, { inputShapes: { x: [5, 3, 5] } }));
    errorOf('INPUT_SHAPE', () =>
      importVerified(dynamic, { dims: { 'batch size': 4 }, inputShapes: { x: [5, 3, 4] } }),
    );
    errorOf('INPUT_UNKNOWN', () => importVerified(dynamic, { inputShapes: { z: [1] } }));
  });

  test('a shape that depends on one says what to bind', () => {
    const error = errorOf('ONNX_DYNAMIC_SHAPE', () =>
      importVerified(
        model({
          input: [port('x', 'float', ['N'])],
          output: [port('y', 'int64', [1])],
          node: [node('Shape', ['x'], ['y'])],
        }),
      ),
    );
    expect(error.hint).toContain('--dim');
  });

  test('that names all that is left, as the shell wants it', () => {
    const error = errorOf('ONNX_DYNAMIC_SHAPE', () =>
      importVerified(
        model({
          input: [port('x', 'float', ['N', 'a b']), port('z', 'float', ['M', 2])],
          output: [port('y', 'int64', [2])],
          node: [node('Shape', ['x'], ['y'])],
        }),
        { dims: { M: 3 } },
      ),
    );
    expect(error.hint).toContain("--dim N=1 --dim 'a b=1', or");
  });

  test('a shape that contradicts a bound dimension says who bound it', () => {
    const two = model({
      input: [port('x', 'float', ['N']), port('z', 'float', ['N'])],
      output: [port('y', 'float', ['N'])],
      node: [node('Add', ['x', 'z'], ['y'])],
    });
    const hintOf = (options: object): string | undefined =>
      errorOf('INPUT_SHAPE', () => importVerified(two, options)).hint;
    expect(hintOf({ dims: { N: 3 }, inputShapes: { x: [2] } })).toMatch(/^N is bound to 3: --dim/);
    expect(hintOf({ inputShapes: { x: [2], z: [3] } })).toBe('N is bound to 2: it is that of another axis');
  });
});

describe('replaced values', () => {
  const add = model({
    input: [port('x', 'float', [2])],
    output: [port('y', 'float', [2])],
    initializer: [tensor('w', 'float', [2], [1, 1]), tensor('shape', 'int64', [1], [2])],
    node: [
      node('ConstantOfShape', ['shape'], ['c']),
      node('Add', ['x', 'w'], ['s']),
      node('Add', ['s', 'c'], ['y']),
    ],
  });
  const two = (value: number): { dtype: 'f32'; shape: number[]; data: Float32Array } => ({
    dtype: 'f32',
    shape: [2],
    data: Float32Array.of(value, value),
  });

  test('initializers, constant results and inputs', () => {
    const weights = new Map([
      ['w', two(3)],
      ['c', two(4)],
      ['x', two(5)],
    ]);
    const program = importVerified(add, { weights });
    expect(program.inputs).toEqual([]);
    expect(printGraph(program.graph)).toContain('constant {values=[12,12]}');
  });

  test('have to fit', () => {
    errorOf('INPUT_UNKNOWN', () => importVerified(add, { weights: new Map([['nothing', two(1)]]) }));
    errorOf('INPUT_SHAPE', () =>
      importVerified(add, { weights: new Map([['w', { ...two(1), shape: [2, 1] }]]) }),
    );
    errorOf('INPUT_DTYPE', () =>
      importVerified(add, {
        weights: new Map([['w', { dtype: 'i32' as const, shape: [2], data: new Int32Array(2) }]]),
      }),
    );
  });
});

test('names that every object inherits are names like others', () => {
  for (const name of ['constructor', '__proto__', 'toString', 'hasOwnProperty']) {
    const bytes = model({
      input: [port(name, 'float', ['constructor', 2])],
      output: [port('y', 'float')],
      node: [node('Relu', [name], ['y'])],
    });
    const { inputs } = importVerified(bytes, { inputShapes: {}, dims: {} });
    expect(inputs[0].type.shape).toHaveLength(2);
    const bound = importVerified(bytes, { dims: { constructor: 3 } });
    expect(bound.inputs[0].type.shape).toEqual([3, 2]);
  }
});
