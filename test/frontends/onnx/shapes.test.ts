import { describe, expect, test } from 'vitest';
import { encodeModel, node, port, tensor, type ProtoGraph } from '../../../scripts/onnx-proto.mjs';
import { describeValue } from '../../../src/base/describe.js';
import type { ErrorCode } from '../../../src/base/errors.js';
import { tensorData } from '../../../src/base/tensor.js';
import { importOnnx, type ImportOptions } from '../../../src/frontends/onnx/index.js';
import { interpret } from '../../../src/interpreter/index.js';
import { InputDims } from '../../../src/frontends/onnx/ports.js';
import type { ValueInfoProto } from '../../../src/frontends/onnx/proto/onnx.js';
import { dimSymbols, parseDim } from '../../../src/ir/dim.js';
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

  test('int64 is exact beyond 32 bits, and enters the graph as words', () => {
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
    const words = importVerified(wide([node('Identity', ['big'], ['y'])]));
    expect(words.outputs).toEqual([
      { name: 'y', dtype: 'int64', type: { dtype: 'u32', shape: [2] }, paired: true },
    ]);
    expect(
      interpret(words, { x: { dtype: 'f32', shape: [3], data: new Float32Array(3) } }).outputs.y.data,
    ).toEqual(Uint32Array.of(5, 256));
  });

  test.each([
    [2n ** 60n + 2n ** 36n + 1n, 2 ** 60 + 2 ** 37],
    [-(2n ** 60n) - 2n ** 36n - 1n, -(2 ** 60) - 2 ** 37],
    [2n ** 60n + 2n ** 36n, 2 ** 60],
    [2n ** 60n + 3n * 2n ** 36n, 2 ** 60 + 2 ** 38],
    [2n ** 60n + 3n * 2n ** 36n - 1n, 2 ** 60 + 2 ** 37],
    [2n ** 63n - 1n, 2 ** 63],
    [-(2n ** 63n), -(2 ** 63)],
    [16_777_217n, 16_777_216],
    [0n, 0],
  ])('int64 %s is rounded to f32 once', (big, rounded) => {
    const program = importVerified(
      model({
        output: [port('y', 'float', [])],
        initializer: [tensor('big', 'int64', [], [big])],
        node: [node('Cast', ['big'], ['y'], { to: 1 })],
      }),
    );
    expect(interpret(program, {}).outputs.y.data).toEqual(Float32Array.of(rounded));
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

const dynamic = model({
  input: [port('x', 'float', ['batch size', 3, 4])],
  output: [port('y', 'float', ['batch size', 12])],
  initializer: [tensor('target', 'int64', [2], [0, -1])],
  node: [node('Reshape', ['x', 'target'], ['y'])],
});

describe('symbolic dimensions', () => {
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

describe('a declared output', () => {
  const twice = (...dims: (string | number)[]): Uint8Array =>
    model({
      input: [port('x', 'float', ['N', 'M'])],
      output: [port('y', 'float', dims)],
      node: [node('Concat', ['x', 'x'], ['y'], { axis: 0 })],
    });

  test.each([[['N', 'M']], [[7, 'M']], [['K', 'N', 'M']]])(
    'of which some names say otherwise: %j',
    (dims) => {
      errorOf('ONNX_INVALID', () => importOnnx(twice(...dims), { dims: { N: 5 } }));
      if (dims[0] !== 7) errorOf('ONNX_INVALID', () => importOnnx(twice(...dims)));
    },
  );

  test.each([[['K', 'M']], [['M', 'M']], [['', 'K']], [[10, 'N']]])('that can be: %j', (dims) => {
    importVerified(twice(...dims));
  });

  test.each([
    ['8*(N+7)//8', true],
    ['(N)//2+(N+1)//2', true],
    ['N+1', false],
    ['N*N', false],
    ['2*(N)//2+2', false],
    ['M+N', true],
  ])('N has the value %s: %j', (text, can) => {
    const dims = [{ dimParam: 'N' }];
    const input = { name: 'x', type: { tensorType: { elemType: 1, shape: { dim: dims } } } };
    const ports = new InputDims([input as unknown as ValueInfoProto], {}, 'a file');
    ports.inputs();
    expect(ports.canHave({ name: 'y', dtype: 'float', dims: ['N'] }, [parseDim(text)])).toBe(can);
  });
});

test('a hundred operands of sizes of their own are joined', () => {
  const names = Array.from({ length: 100 }, (_, i) => `n${i}`);
  const joined = model({
    input: names.map((name) => port(name, 'float', [name, 2])),
    output: [port('y', 'float', ['all', 2])],
    node: [node('Concat', names, ['y'], { axis: 0 })],
  });
  expect(dimSymbols(importVerified(joined).outputs[0].type.shape[0])).toHaveLength(100);
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

describe('options of wrong kinds are refused before the model is looked at', () => {
  const values = [5, null, undefined, '1', {}, Symbol('s'), 1n, [-1], [Symbol('s')], [null], () => 1, NaN];
  const refused = (options: object): unknown => errorOf('USAGE', () => importOnnx(dynamic, options)).found;

  test.each(values.map((value) => [describeValue(value), value] as const))('%s', (shown, value) => {
    expect(refused({ inputShapes: { x: value } })).toBe(`x: ${shown}`);
    expect(refused({ weights: new Map([['x', value]]) })).toBe(`x: ${shown}`);
    if (value !== 5) expect(refused({ dims: { 'batch size': value } })).toBe(`batch size: ${shown}`);
  });

  test('tensors in part, names that are none, lists and maps', () => {
    refused({ weights: new Map([['x', { dtype: 'f32' }]]) });
    refused({ weights: new Map([['x', { dtype: 'f32', shape: [2], data: [1, 2] }]]) });
    refused({ weights: new Map([[5, tensorData('f32', [1], new Float32Array(1))]]) });
    refused({ weights: new Map([[Symbol('s'), 5]]) });
    for (const given of [[], [[1]], new Map([['x', [1]]])]) refused({ inputShapes: given, dims: given });
  });

  test('weights that do not hold what they say', () => {
    const weights = (data: Float32Array | Int32Array): unknown =>
      new Map([['x', { dtype: 'f32', shape: [2], data }]]);
    const refusal = (code: ErrorCode, data: Float32Array | Int32Array): unknown =>
      errorOf(code, () => importOnnx(dynamic, { weights: weights(data) } as ImportOptions));
    refusal('INPUT_SHAPE', new Float32Array(3));
    refusal('INPUT_DTYPE', new Int32Array(2));
  });
});
