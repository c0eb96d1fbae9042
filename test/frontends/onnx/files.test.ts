/** What model files consist of besides nodes: external data, sparse tensors, functions, and lists of what is missing. */
import { describe, expect, test } from 'vitest';
import { encodeModel, node, opsets, port, tensor, type Proto } from '../../../scripts/onnx-proto.mjs';
import { importOnnx, type ImportOptions } from '../../../src/frontends/onnx/index.js';
import { interpret } from '../../../src/interpreter/index.js';
import { errorOf } from './support.js';

const floats = (...values: number[]): Uint8Array => new Uint8Array(Float32Array.from(values).buffer);

const outputsOf = (
  bytes: Uint8Array,
  x: readonly number[],
  options: ImportOptions = {},
): Record<string, number[]> => {
  const program = importOnnx(bytes, options);
  const given = { dtype: 'f32' as const, shape: [x.length], data: Float32Array.from(x) };
  const { outputs } = interpret(program, program.inputs.length === 0 ? {} : { x: given });
  return Object.fromEntries(Object.entries(outputs).map(([name, { data }]) => [name, Array.from(data)]));
};

describe('external data', () => {
  const external = (name: string, entries: Record<string, string>, dims = [2]): Proto => ({
    name,
    dataType: 1,
    dims,
    dataLocation: 1,
    externalData: Object.entries(entries).map(([key, value]) => ({ key, value })),
  });
  const model = (...tensors: Proto[]): Uint8Array =>
    encodeModel({
      name: 'g',
      node: [node('Sum', ['x', ...tensors.map(({ name }) => name as string)], ['y'])],
      initializer: tensors,
      input: [port('x', 'float', [2])],
      output: [port('y', 'float')],
    });
  const files = { 'w.bin': floats(9, 10, 20, 30), 'sub/v.bin': floats(100, 200) };
  const add = (entries: Record<string, string>): number[] =>
    outputsOf(model(external('w', entries)), [1, 2], { externalData: files }).y;

  test('several tensors of one file, at any offset, with the length, without it, or with 0', () => {
    expect(add({ location: 'w.bin', offset: '4', length: '8' })).toEqual([11, 22]);
    expect(add({ location: './w.bin', offset: '8' })).toEqual([21, 32]);
    expect(add({ location: 'w.bin', length: '0' })).toEqual([10, 12]);
    expect(add({ location: 'sub/../sub/./v.bin', checksum: 'abc' })).toEqual([101, 202]);
    expect(add({ location: 'sub\\v.bin' })).toEqual([101, 202]);
    const both = model(external('a', { location: 'w.bin', offset: '4' }), external('b', { location: 'w.bin', offset: '8' })); // prettier-ignore
    expect(outputsOf(both, [0, 0], { externalData: files }).y).toEqual([30, 50]);
  });

  test('bytes at an odd place are copied, and nothing is read for no elements', () => {
    const odd = { 'w.bin': new Uint8Array([7, ...floats(1, 2)]) };
    const bytes = model(external('w', { location: 'w.bin', offset: '1' }));
    expect(outputsOf(bytes, [1, 1], { externalData: odd }).y).toEqual([2, 3]);
    const reads: unknown[] = [];
    const reader = (path: string, offset: number, length: number): Uint8Array => {
      reads.push([path, offset, length]);
      return floats(5, 6);
    };
    expect(outputsOf(model(external('w', { location: 'a/b', offset: '12' })), [0, 0], { externalData: reader }).y).toEqual([5, 6]); // prettier-ignore
    importOnnx(model(external('w', { location: 'a/b' }, [0, 2])), { externalData: reader });
    expect(reads).toEqual([['a/b', 12, 8]]);
  });

  test.each([
    '/etc/passwd',
    '../w.bin',
    'sub/../../w.bin',
    'C:\\w.bin',
    '\\\\host\\w.bin',
    '..\\w.bin',
    '.',
    'a\0b',
    '',
  ])(
    // prettier-ignore
    'never leaves the folder: %j',
    (location) => {
      const error = errorOf('ONNX_INVALID', () => add({ location }));
      expect(error.where).toContain('"w"');
    },
  );

  test('what is not there, or does not fit, is refused', () => {
    const refused = errorOf('ONNX_UNSUPPORTED_FEATURE', () => add({ location: 'other.bin' }));
    expect(refused.hint).toContain('externalData');
    expect(refused.expected).toBe('w.bin, sub/v.bin');
    errorOf('FILE_TRUNCATED', () => add({ location: 'w.bin', offset: '12' }));
    errorOf('FILE_CORRUPT', () => add({ location: 'w.bin', length: '4' }));
    errorOf('ONNX_INVALID', () => add({ location: 'w.bin', offset: '-4' }));
    errorOf('ONNX_INVALID', () => add({ location: 'w.bin', offset: '99999999999999999999' }));
    const bytes = model(external('w', { location: 'w.bin' }));
    errorOf('FILE_TRUNCATED', () => importOnnx(bytes, { externalData: () => floats(1) }));
    errorOf('USAGE', () => importOnnx(bytes, { externalData: { 'w.bin': 'text' } as never }));
    const huge = model(external('w', { location: 'w.bin' }, [2 ** 20, 2 ** 20]));
    errorOf('LIMIT_EXCEEDED', () => importOnnx(huge, { externalData: files }));
  });
});

describe('sparse tensors', () => {
  const sparse = (values: number[], indices: number[], shape: number[]): Proto => ({
    values: tensor('w', 'float', [values.length], values),
    indices: tensor('', 'int64', shape, indices),
    dims: [2, 3],
  });
  const model = (proto: Proto): Uint8Array =>
    encodeModel({
      name: 'g',
      node: [node('Identity', ['w'], ['y'])],
      sparseInitializer: [proto],
      output: [port('y', 'float')],
    });

  test('by places in the whole, or by indices for each axis', () => {
    expect(outputsOf(model(sparse([5, 7], [1, 5], [2])), []).y).toEqual([0, 5, 0, 0, 0, 7]);
    expect(outputsOf(model(sparse([5, 7], [0, 2, 1, 0], [2, 2])), []).y).toEqual([0, 0, 5, 7, 0, 0]);
    const constant = encodeModel({
      name: 'g',
      node: [{ ...node('Constant', [], ['y']), attribute: [{ name: 'sparse_value', type: 11, sparseTensor: sparse([5], [4], [1]) }] }], // prettier-ignore
      output: [port('y', 'float')],
    });
    expect(outputsOf(constant, []).y).toEqual([0, 0, 0, 0, 5, 0]);
  });

  test.each([
    ['a place outside', sparse([5], [6], [1])],
    ['an index outside', sparse([5], [0, 3], [1, 2])],
    ['another number of indices', sparse([5, 6], [1], [1])],
    ['indices of another rank', sparse([5], [0, 0, 0], [1, 3])],
  ])('%s is refused', (_, proto) => void errorOf('ONNX_INVALID', () => importOnnx(model(proto))));
});

describe('functions of a model', () => {
  const scale: Proto = {
    name: 'Scale',
    domain: 'own',
    input: ['v', 'shift'],
    output: ['r', 'unused'],
    attribute: ['unset'],
    attributeProto: [{ name: 'factor', type: 1, f: 3 }],
    node: [
      node('Constant', [], ['k'], { value_float: { ref: 'factor', type: 1 } }),
      node('Mul', ['v', 'k'], ['t']),
      node('Clip', ['t', '', 'shift'], ['r']),
      node('Identity', ['k'], ['unused']),
    ],
    opsetImport: opsets({ '': 13 }),
  };
  const twice: Proto = {
    name: 'Twice',
    domain: 'own',
    input: ['x'],
    output: ['y'],
    attribute: ['by'],
    node: [
      { ...node('Scale', ['x'], ['t'], { factor: { ref: 'by', type: 1 } }), domain: 'own' },
      { ...node('Scale', ['t'], ['y']), domain: 'own' },
    ],
    opsetImport: opsets({ '': 13, own: 1 }),
  };
  const call = (name: string, attributes: object = {}, inputs = ['x'], more: object = {}): Proto => ({
    ...node(name, inputs, ['y'], attributes as never),
    domain: 'own',
    ...more,
  });
  const model = (nodes: Proto[], functions: Proto[] = [scale, twice], domains = { own: 1 }): Uint8Array =>
    encodeModel(
      { name: 'g', node: nodes, input: [port('x', 'float', [2])], output: [port('y', 'float')] },
      { opset: 17, domains, functions },
    );

  test('attributes given or by default, inputs left out, calls of calls', () => {
    expect(outputsOf(model([call('Scale')]), [1, 2]).y).toEqual([3, 6]);
    expect(outputsOf(model([call('Scale', { factor: { float: 5 } })]), [1, 2]).y).toEqual([5, 10]);
    expect(outputsOf(model([call('Twice', { by: { float: 2 } })]), [1, 2]).y).toEqual([6, 12]);
    const limited = [node('Constant', [], ['m'], { value_float: { float: 4 } }), call('Scale', {}, ['x', 'm'])]; // prettier-ignore
    expect(outputsOf(model(limited), [1, 2]).y).toEqual([3, 4]);
  });

  test('overloads, and functions in place of operators', () => {
    const half: Proto = { ...scale, overload: 'half', attributeProto: [{ name: 'factor', type: 1, f: 0.5 }] };
    expect(outputsOf(model([call('Scale', {}, ['x'], { overload: 'half' })], [scale, half]), [1, 2]).y).toEqual([0.5, 1]); // prettier-ignore
    const relu: Proto = { ...scale, name: 'Relu', domain: '' };
    expect(outputsOf(model([node('Relu', ['x'], ['y'])], [relu], { own: 1 }), [-1, 2]).y).toEqual([-3, 6]);
  });

  test('references in the branches of an If', () => {
    const branch = (by: number): object => ({
      name: 'b',
      node: [node('Constant', [], ['k'], { value_float: { ref: 'factor', type: 1 } }), node('Mul', ['v', 'k'], ['t']), node('Mul', ['t', 's'], ['o'])], // prettier-ignore
      initializer: [tensor('s', 'float', [], [by])],
      output: [port('o', 'float')],
    });
    const choose: Proto = {
      ...scale,
      output: ['r'],
      input: ['v'],
      node: [
        node('ReduceSum', ['v'], ['sum'], { keepdims: 0 }),
        node('Constant', [], ['zero'], { value_float: { float: 0 } }),
        node('Less', ['zero', 'sum'], ['c']),
        node('If', ['c'], ['r'], { then_branch: { graph: branch(1) as never }, else_branch: { graph: branch(-1) as never } }), // prettier-ignore
      ],
    };
    expect(outputsOf(model([call('Scale')], [choose]), [1, 2]).y).toEqual([3, 6]);
    expect(outputsOf(model([call('Scale')], [choose]), [-1, -2]).y).toEqual([3, 6]);
  });

  test('calls that do not fit are refused', () => {
    errorOf('ONNX_INVALID', () => importOnnx(model([call('Scale', { other: 1 })])));
    errorOf('ONNX_INVALID', () => importOnnx(model([call('Scale', {}, ['x', 'x', 'x'])])));
    errorOf('ONNX_INVALID', () => importOnnx(model([call('Scale')], [scale, scale])));
    const own: Proto = { ...scale, node: [call('Scale', {}, ['v'])], output: ['y'] };
    errorOf('LIMIT_EXCEEDED', () => importOnnx(model([call('Scale')], [own])));
  });
});

describe('operators that are missing', () => {
  const model = (nodes: Proto[]): Uint8Array =>
    encodeModel({ name: 'g', node: nodes, input: [port('x', 'float', [2])], output: [port('y', 'float')] });

  test('are listed all at once, with their number and the first node', () => {
    const nodes = [
      { ...node('Nothing', ['x'], ['a']), name: 'first' },
      node('Relu', ['a'], ['b']),
      node('Nothing', ['b'], ['c']),
      { ...node('Other', ['c'], ['y']), domain: 'com.microsoft' },
    ];
    const error = errorOf('ONNX_UNSUPPORTED_OP', () => importOnnx(model(nodes)));
    expect(error.message).toContain('2 operators are not supported');
    expect(error.found).toContain('Nothing of ai.onnx 13 (2 nodes, the first node "first" (Nothing))');
    expect(error.found).toContain('Other of com.microsoft 1 (node #3 (Other))');
  });

  test('of one kind are named where they stand', () => {
    const error = errorOf('ONNX_UNSUPPORTED_OP', () => importOnnx(model([node('Reluu', ['x'], ['y'])])));
    expect(error.where).toContain('node #0 (Reluu)');
    expect(error.hint).toContain('Relu');
  });
});

test('an initializer that is an input, too, can be replaced', () => {
  const bytes = encodeModel({
    name: 'g',
    node: [node('Add', ['x', 'w'], ['y'])],
    initializer: [tensor('w', 'float', [1], [5])],
    input: [port('x', 'float', [2]), port('w', 'float', [1])],
    output: [port('y', 'float'), port('y', 'float')],
  });
  expect(outputsOf(bytes, [1, 2]).y).toEqual([6, 7]);
  const weights = new Map([['w', { dtype: 'f32' as const, shape: [1], data: Float32Array.of(10) }]]);
  expect(outputsOf(bytes, [1, 2], { weights }).y).toEqual([11, 12]);
});

describe('options that name inputs', () => {
  const bytes = encodeModel({
    node: [node('Mul', ['x', 'w'], ['y'])],
    initializer: [tensor('w', 'int64', [1], [5])],
    input: [port('x', 'int64', [2]), port('w', 'int64', [1])],
    output: [port('y', 'int64', [2])],
  });

  test.each<[string, ImportOptions]>([
    ['wideInputs', { wideInputs: ['z'] }],
    ['sequences', { sequences: { x: [[1]] } }],
    ['overridable', { overridable: ['x'] }],
  ])('%s: of a name that there is not', (option, options) => {
    expect(errorOf('INPUT_UNKNOWN', () => importOnnx(bytes, options)).where).toBe(`the model, ${option}`);
  });

  test('an initializer that is overridable is an input with a value to begin with', () => {
    const { inputs } = importOnnx(bytes, { overridable: ['w'] });
    expect(inputs.map(({ name, initial }) => [name, initial?.data])).toEqual([
      ['x', undefined],
      ['w', Int32Array.of(5)],
    ]);
  });

  test('wide inputs are words', () => {
    const program = importOnnx(bytes, { wideInputs: ['x'] });
    expect(program.inputs).toMatchObject([{ name: 'x', paired: true, type: { shape: [2, 2] } }]);
    // 2^40 and -1: low words first.
    const x = {
      dtype: 'u32',
      shape: [2, 2],
      data: Uint32Array.of(0, 2 ** 8, 2 ** 32 - 1, 2 ** 32 - 1),
    } as const;
    const { y } = interpret(program, { x }).outputs;
    expect([...y.data]).toEqual([0, 5 * 2 ** 8, 2 ** 32 - 5, 2 ** 32 - 1]);
  });
});
