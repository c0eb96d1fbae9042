import { describe, expect, test } from 'vitest';
import {
  encodeModel,
  encodeTensor,
  node,
  port,
  tensor,
  type ProtoGraph,
} from '../../../scripts/onnx-proto.mjs';
import type { ErrorCode } from '../../../src/base/errors.js';
import { tensorData } from '../../../src/base/tensor.js';
import { importOnnx, readTensorProto, seededWeights } from '../../../src/frontends/onnx/index.js';
import { errorOf, given, known, oneNodeModel, ownFile, type OneNode, type Proto } from './support.js';

const fileName = 'some.onnx';
const failing = (code: ErrorCode, bytes: Uint8Array): ReturnType<typeof errorOf> => {
  const error = errorOf(code, () => importOnnx(bytes, { fileName }));
  expect(error.where).toContain(fileName);
  return error;
};

const graphOf = (graph: Partial<ProtoGraph>, opset = 13): Uint8Array =>
  encodeModel(
    {
      node: [node('Relu', ['x'], ['y'])],
      input: [port('x', 'float', [2])],
      output: [port('y', 'float', [2])],
      ...graph,
    },
    { opset },
  );

describe('files that are no models', () => {
  const digits = ownFile('models/digits.onnx');
  test.each([
    ['nothing', new Uint8Array()],
    ['text', new TextEncoder().encode('{"not": "onnx"}')],
    ['an image', Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a)],
    ['a model without a graph', Uint8Array.of(0x08, 0x08)],
  ])('%s', (_, bytes) => void failing('FILE_FORMAT', bytes));

  test('a bundle of any length of header, and a config: the hint says who reads them', () => {
    const header = new TextEncoder().encode('{}'.padEnd(256));
    for (let length = 2; length <= 256; length++) {
      const bundle = new Uint8Array(8 + length);
      new DataView(bundle.buffer).setUint32(0, length, true);
      bundle.set(header.subarray(0, length), 8);
      expect(failing('FILE_FORMAT', bundle)).toMatchObject({
        found: 'a safetensors file',
        hint: 'loadBundle of heddle/runtime loads what `heddle compile` has written',
      });
    }
    expect(failing('FILE_FORMAT', new TextEncoder().encode('{"input":[1]}'))).toMatchObject({
      found: 'JSON',
      hint: 'networkProgram of heddle/config takes a network config',
    });
  });

  test('a truncated model', () => void failing('FILE_TRUNCATED', digits.subarray(0, 10_000)));

  test('a length that runs over its message', () => {
    // ModelProto.graph of 2 bytes: a name that announces 5.
    failing('FILE_CORRUPT', Uint8Array.of(0x3a, 2, 0x12, 5, 0x42, 4, 0x0a, 0, 0x10, 1));
  });

  test('a forged length allocates nothing', () => {
    failing('FILE_TRUNCATED', Uint8Array.of(0x3a, 0xff, 0xff, 0xff, 0xff, 0x07));
  });
});

describe('initializers', () => {
  const withInitializer = (proto: object): Uint8Array => graphOf({ initializer: [proto as never] });
  const base = tensor('w', 'float', [2], [1, 2]);

  test.each<[string, ErrorCode, object]>([
    ['less data than the shape', 'FILE_CORRUPT', { ...base, dims: [3] }],
    ['more data than the shape', 'FILE_CORRUPT', { ...base, dims: [1] }],
    ['a negative extent', 'FILE_CORRUPT', { ...base, dims: [-2] }],
    ['a huge shape', 'LIMIT_EXCEEDED', { ...base, dims: [2 ** 30, 2 ** 30, 2 ** 30] }],
    [
      'a huge shape with a 0 in it',
      'LIMIT_EXCEEDED',
      { ...base, dims: [0, 2 ** 60], rawData: new Uint8Array() },
    ],
    [
      'external data',
      'ONNX_UNSUPPORTED_FEATURE',
      { ...base, dataLocation: 1, externalData: [{ key: 'location', value: 'w.bin' }] },
    ],
    ['strings that are numbers', 'FILE_CORRUPT', { ...base, dataType: 8 }],
    ['an unknown type', 'ONNX_INVALID', { ...base, dataType: 99 }],
    ['no name', 'ONNX_INVALID', { ...base, name: '' }],
    ['a name twice', 'ONNX_INVALID', { ...base, name: 'y' }],
  ])('%s', (_, code, proto) => void failing(code, withInitializer(proto)));

  test('lists of numbers hold them too', () => {
    const read = (proto: object): number[] =>
      Array.from(readTensorProto(encodeTensor(proto as never)).tensor.data);
    expect(read({ name: 't', dataType: 1, dims: [2], floatData: [1.5, 2] })).toEqual([1.5, 2]);
    expect(read({ name: 't', dataType: 7, dims: [2], int64Data: [-1, 2] })).toEqual([-1, 2]);
    expect(read({ name: 't', dataType: 3, dims: [2], int32Data: [-1, 2] })).toEqual([-1, 2]);
    expect(read({ name: 't', dataType: 9, dims: [2], int32Data: [0, 1] })).toEqual([0, 1]);
    expect(read({ name: 't', dataType: 10, dims: [1], int32Data: [0x3c00] })).toEqual([0x3c00]);
  });

  test('a tensor file with integers beyond 32 bits', () => {
    const bytes = encodeTensor(tensor('t', 'int64', [1], [2n ** 31n]));
    expect(errorOf('ONNX_UNSUPPORTED_DTYPE', () => readTensorProto(bytes, 'input_0.pb')).where).toContain(
      'input_0.pb',
    );
  });
});

describe('graphs', () => {
  test('a name that nothing defines', () => {
    const error = failing(
      'ONNX_INVALID',
      graphOf({ node: [{ ...node('Relu', ['z'], ['y']), name: 'act' }] }),
    );
    expect(error.where).toBe('some.onnx, node "act" (Relu)');
    expect(error.found).toBe('"z"');
  });
  test('a cycle', () => {
    const cyclic = [node('Add', ['x', 'b'], ['a']), node('Relu', ['a'], ['b']), node('Relu', ['b'], ['y'])];
    expect(failing('ONNX_INVALID', graphOf({ node: cyclic })).message).toContain('cycle');
  });
  test('one constant twice is one constant', () => {
    const constant = (x: number): Proto =>
      node('Constant', [], ['c'], { value: { tensor: tensor('', 'float', [1], [x]) } });
    const nodes = [constant(1), node('Add', ['x', 'c'], ['y'])];
    expect(importOnnx(graphOf({ node: [...nodes, constant(1)] })).graph.nodes.at(-1)!.op).toBe('add');
    const { graph, notes } = importOnnx(graphOf({ node: [...nodes, constant(2)] }));
    expect(graph.nodes.filter(({ op }) => op === 'constant').map(({ attrs }) => attrs)).toMatchObject([
      { values: [2] },
    ]);
    expect(notes).toEqual(['several constants are named "c"; the last one, node #2, counts']);
  });
  test('nodes out of order are put in order', () => {
    const unsorted = [node('Relu', ['b'], ['y']), node('Neg', ['a'], ['b']), node('Abs', ['x'], ['a'])];
    const { graph } = importOnnx(graphOf({ node: unsorted }));
    expect(graph.nodes.map(({ op }) => op)).toEqual(['param', 'abs', 'neg', 'constant', 'le', 'select']);
  });
  test('of two constants of one name the last one counts, and `weights` replaces it', () => {
    const constant = (x: number): Proto =>
      node('Constant', [], ['c'], { value: { tensor: tensor('', 'float', [], [x]) } });
    const bytes = graphOf({ node: [constant(1), constant(2), node('Add', ['x', 'c'], ['y'])] });
    expect(importOnnx(bytes).notes).toHaveLength(1);
    const weights = new Map([['c', tensorData('f32', [], Float32Array.of(2))]]);
    expect(importOnnx(bytes, { weights }).outputs).toHaveLength(1);
  });
  test('two values of one name', () => {
    failing('ONNX_INVALID', graphOf({ node: [node('Relu', ['x'], ['y']), node('Relu', ['x'], ['y'])] }));
  });
  test('an output of another type', () => {
    failing('ONNX_INVALID', graphOf({ output: [port('y', 'int64', [2])] }));
  });
  test('an operator set from the future', () => void failing('ONNX_UNSUPPORTED_FEATURE', graphOf({}, 99)));
  test('a domain that is not imported', () => {
    failing('ONNX_INVALID', graphOf({ node: [{ ...node('Relu', ['x'], ['y']), domain: 'com.example' }] }));
  });
});

describe('operators', () => {
  test('an unknown one names the nearest', () => {
    const error = failing('ONNX_UNSUPPORTED_OP', graphOf({ node: [node('Sofmax', ['x'], ['y'])] }));
    expect(error.found).toBe('Sofmax of ai.onnx 13');
    expect(error.hint).toContain('Softmax');
  });
  test('one that is newer than the operator set', () => {
    const error = failing('ONNX_UNSUPPORTED_OP', graphOf({ node: [node('Gelu', ['x'], ['y'])] }));
    expect(error.expected).toBe('version 20 or newer');
    expect(error.hint).toContain('newer operator set');
  });
  test('strings', () => {
    const error = failing('ONNX_UNSUPPORTED_FEATURE', graphOf({ node: [node('StringConcat', ['x'], ['y'])] })); // prettier-ignore
    expect(error.hint).toContain('before or after the model');
  });

  const x = given([2, 3], []);
  test.each<[string, ErrorCode, OneNode]>([
    ['shapes that do not broadcast', 'SHAPE_MISMATCH', { op: 'Add', operands: [x, given([4], [])] }],
    ['a missing operand', 'ONNX_INVALID', { op: 'Add', operands: [x] }],
    [
      'an attribute of the wrong type',
      'ONNX_INVALID',
      { op: 'Softmax', operands: [x], attributes: { axis: 'last' } },
    ],
    ['a missing attribute', 'ONNX_INVALID', { op: 'Concat', operands: [x, x] }],
    ['an axis out of range', 'ATTRIBUTE_INVALID', { op: 'Softmax', operands: [x], attributes: { axis: 2 } }],
    ['a reshape to another size', 'SHAPE_MISMATCH', { op: 'Reshape', operands: [x, known([1], [5])] }],
    [
      'a reshape that overflows',
      'SHAPE_MISMATCH',
      { op: 'Reshape', operands: [x, known([2], [2n ** 40n, 2n ** 40n])] },
    ],
    ['a computed shape', 'ONNX_DYNAMIC_SHAPE', { op: 'Reshape', operands: [x, given([1], [], 'int64')] }],
    [
      'an expansion beyond all bounds',
      'LIMIT_EXCEEDED',
      { op: 'Expand', operands: [given([1], []), known([2], [2 ** 20, 2 ** 20])] },
    ],
    [
      'a fill beyond all bounds',
      'LIMIT_EXCEEDED',
      { op: 'ConstantOfShape', operands: [known([2], [2 ** 20, 2 ** 20])] },
    ],
    [
      'a range without end',
      'ONNX_INVALID',
      { op: 'Range', operands: [known([], [0]), known([], [1]), known([], [0])], outputs: ['int64'] },
    ],
    [
      'a range too long',
      'LIMIT_EXCEEDED',
      { op: 'Range', operands: [known([], [0]), known([], [1e9]), known([], [1])], outputs: ['int64'] },
    ],
    ['a remainder of floats that is floored', 'ONNX_INVALID', { op: 'Mod', operands: [x, x] }],
    ['an index out of range', 'ONNX_INVALID', { op: 'Gather', operands: [x, known([], [2])] }],
  ])('%s', (_, code, spec) => {
    expect(failing(code, oneNodeModel(spec)).where).toContain(`(${spec.op})`);
  });

  test('many constants do not add up without bound', () => {
    const fills = Array.from({ length: 100 }, (_, i) => node('ConstantOfShape', ['shape'], [`c${i}`]));
    const error = failing(
      'LIMIT_EXCEEDED',
      graphOf({ initializer: [tensor('shape', 'int64', [1], [65_536])], node: fills }),
    );
    expect(error.message).toContain('from constants alone');
  });
});

describe('recipes for weights', () => {
  test('fill as they say', () => {
    const weights = seededWeights({ weights: [{ name: 'w', shape: [2, 2], lo: -1, hi: 1, seed: 42 }] });
    const { shape, data } = weights.get('w')!;
    expect(shape).toEqual([2, 2]);
    expect(Array.from(data)).toEqual(
      [0.6011037519201636, 0.44829055899754167, 0.8524657934904099, 0.6697340414393693].map((u) =>
        Math.fround(-1 + 2 * u),
      ),
    );
  });
  test.each([
    [null],
    [{}],
    [{ weights: [{ name: 'w' }] }],
    [{ weights: [{ name: 'w', shape: [-1], lo: 0, hi: 1, seed: 1 }] }],
  ])('not %o', (recipe) => void errorOf('CONFIG_INVALID', () => seededWeights(recipe)));
});

describe('work that a small file asks for', () => {
  const quickly = (bytes: Uint8Array): void => {
    const start = performance.now();
    expect(() => importOnnx(bytes)).not.toThrow(TypeError);
    expect(performance.now() - start).toBeLessThan(1_000);
  };

  test('many indices into empty rows', () => {
    const error = failing(
      'LIMIT_EXCEEDED',
      graphOf({
        initializer: [
          tensor('w', 'float', [2, 0], []),
          tensor('i', 'int64', [60_000], new Array<number>(60_000).fill(0)),
        ],
        node: Array.from({ length: 200 }, (_, n) => node('Gather', ['w', 'i'], [`g${n}`])),
      }),
    );
    expect(error.where).toContain('(Gather)');
  });

  test('an empty concatenation of 2^31 - 1 rows', () => {
    quickly(
      graphOf({
        initializer: [tensor('w', 'float', [2 ** 31 - 1, 0], [])],
        node: [node('Concat', ['w', 'w'], ['c'], { axis: 1 }), node('Relu', ['x'], ['y'])],
      }),
    );
  });

  test('more pieces than outputs', () => {
    failing(
      'ONNX_INVALID',
      graphOf({
        initializer: [tensor('s', 'int64', [1000], [2, ...new Array<number>(999).fill(0)])],
        node: [node('Split', ['x', 's'], ['y'])],
      }),
    );
  });

  test('a name of a megabyte', () => {
    quickly(graphOf({ node: [{ ...node('Relu', ['x'], ['y']), name: 'n'.repeat(1e6) }] }));
    const { message } = failing(
      'ONNX_UNSUPPORTED_OP',
      graphOf({ node: [node('R'.repeat(1e6), ['x'], ['y'])] }),
    );
    expect(message.length).toBeLessThan(1_000);
  });
});
