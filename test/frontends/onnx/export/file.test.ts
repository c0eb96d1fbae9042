/** What stands in an exported file: names, structure, symbolic dimensions; and what cannot be exported. */
import { describe, expect, test } from 'vitest';
import { tensorData } from '../../../../src/base/tensor.js';
import { decodeMessage } from '../../../../src/frontends/onnx/proto/decode.js';
import { Model, type GraphProto } from '../../../../src/frontends/onnx/proto/onnx.js';
import { exportOnnx, importOnnx, type ExportOptions } from '../../../../src/frontends/onnx/index.js';
import { interpret } from '../../../../src/interpreter/index.js';
import type { GraphBuilder } from '../../../../src/ir/builder.js';
import { symbol } from '../../../../src/ir/dim.js';
import type { Program } from '../../../../src/ir/graph.js';
import { bindDims } from '../../../../src/ir/bind-dims.js';
import { differenceOf } from '../../../support/differential.js';
import { graphOf, specimen } from '../../../support/specimen.js';
import { tensorOf } from '../../../support/tensors.js';
import { errorOf, ownFile } from '../support.js';
import { CASES } from './cases.js';
import { farApart, runForeign } from './support.js';

const programOf = (define: (b: GraphBuilder) => void): Program => specimen(define).program;

const decode = (program: Program, options?: ExportOptions) =>
  decodeMessage(Model, exportOnnx(program, options), 'test');
const graphIn = (program: Program): GraphProto => decode(program).graph!;

/** The nodes, one a line: results = operator(operands), with the node's name where it is another one. */
const lines = ({ node }: GraphProto): string[] =>
  node.map(({ opType, input, output, name }) => {
    const own = output[0] === name ? '' : ` "${name}"`;
    return `${output.join(', ')} = ${opType}(${input.join(', ')})${own}`;
  });

describe('the file', () => {
  test('names its producer, its operator set and its format', () => {
    const program = programOf((b) => b.output('y', b.unary('neg', b.param('x', 'f32', [2]))));
    const model = decode(program);
    expect(model.irVersion).toBe(8n);
    expect(model.producerName).toBe('heddle');
    expect(model.opsetImport).toEqual([{ domain: '', version: 18n }]);
    const other = decode(program, { producer: 'somebody', opset: 21 });
    expect(other.producerName).toBe('somebody');
    expect(other.opsetImport).toEqual([{ domain: '', version: 21n }]);
  });

  test('is the same for the same program', () => {
    const define = (b: GraphBuilder): void => {
      const x = b.param('x', 'f32', [3, 4]);
      const w = b.weight('w', 'f32', [4, 5]);
      const dot = b.emit('dot', [x, w], { lhsBatch: [], rhsBatch: [], lhsContract: [1], rhsContract: [0] });
      b.output('y', b.binary('mul', dot, b.full(dot, 2)));
      b.output('i', b.emit('argsort', [dot], { axis: 1, descending: false }));
    };
    expect(exportOnnx(programOf(define))).toEqual(exportOnnx(programOf(define)));
  });

  test('has inputs, outputs and weights under their own names, nodes under their origins', () => {
    const program = programOf((b) => {
      const x = b.param('image', 'f32', [2, 3]);
      b.within('dense', () => {
        const product = b.emit('dot', [x, b.weight('dense.weight', 'f32', [4, 3])], {
          lhsBatch: [],
          rhsBatch: [],
          lhsContract: [1],
          rhsContract: [1],
        });
        const bias = b.broadcast(b.reshape(b.weight('dense.bias', 'f32', [4]), [1, 4]), [2, 4]);
        b.binary('add', product, bias);
        b.output('logits', b.binary('add', product, bias));
      });
      b.output('cut', b.emit('cast', [b.value(b.build().nodes.length - 1)], { dtype: 'i32' }));
    });
    const graph = graphIn(program);
    expect(graph.input.map(({ name }) => name)).toEqual(['image']);
    expect(graph.output.map(({ name }) => name)).toEqual(['logits', 'cut']);
    expect(graph.initializer.slice(0, 2).map(({ name }) => name)).toEqual(['dense.weight', 'dense.bias']);
    expect(lines(graph)).toMatchInlineSnapshot(`
      [
        "logits = Gemm(image, dense.weight, dense.bias) "dense"",
        "cast_7/IsNaN = IsNaN(logits)",
        "cast_7/Where = Where(cast_7/IsNaN, float:0, logits)",
        "cast_7/Clip = Clip(cast_7/Where, float:-2147483648, float:2147483520)",
        "cast_7/GreaterOrEqual = GreaterOrEqual(logits, float:2147483648)",
        "cast_7/Cast = Cast(cast_7/Clip)",
        "cut = Where(cast_7/GreaterOrEqual, int32:2147483647, cast_7/Cast) "cast_7"",
      ]
    `);
  });

  test('spreads numbers and biases by broadcasting, and expands only what needs it', () => {
    const graph = graphIn(
      programOf((b) => {
        const x = b.param('x', 'f32', [2, 3]);
        b.output('scaled', b.binary('mul', x, b.full(x, 0.5)));
        b.output('summed', b.reduce('sum', b.broadcast(b.param('row', 'f32', [1, 3]), [2, 3]), [0]));
        b.output('filled', b.constant('f32', [2, 2], 1));
      }),
    );
    expect(lines(graph)).toEqual([
      'scaled = Mul(x, float:0.5) "mul_2"',
      'broadcast_4 = Expand(row, int64:[2,3])',
      'summed = ReduceSum(broadcast_4, int64:[0]) "reduce_5"',
      'filled = Expand(float:1, int64:[2,2]) "constant_6"',
    ]);
  });

  test('has the operators of ONNX that are several ops here', () => {
    const operators = (name: string): string[] => {
      const found = CASES.find((entry) => entry.name === name);
      return graphIn(programOf(found!.define)).node.map(({ opType }) => opType);
    };
    expect(operators('Relu f32')).toEqual(['Relu']);
    expect(operators('Conv with a bias f32')).toEqual(['Conv']);
    expect(operators('ConvTranspose with a bias f32')).toEqual(['Transpose', 'Slice', 'ConvTranspose']);
    expect(operators('Gemm with a bias f32 0')).toEqual(['Gemm']);
    expect(operators('Gemm with a bias f32 1')).toEqual(['Gemm']);
    expect(operators('AveragePool f32')).toEqual(['AveragePool']);
    expect(operators('AveragePool f32 with padding')).toEqual(['AveragePool']);
    expect(operators('mean f32 [1]')).toEqual(['ReduceMean']);
    expect(operators('mean f32 [0,2] kept')).toEqual(['ReduceMean']);
    expect(
      graphIn(importOnnx(ownFile('models/digits.onnx')))
        .node.map(({ opType }) => opType)
        .join(' '),
    ).toBe('Conv Relu MaxPool Conv Relu MaxPool Reshape Gemm ReduceMax Sub Exp ReduceSum Div');
  });

  test('gives every output a value of its own', () => {
    const program = programOf((b) => {
      const x = b.param('x', 'f32', [2]);
      const y = b.unary('exp', x);
      b.output('a', y);
      b.output('b', y);
      b.output('x', x);
      b.output('copy', x);
      b.output('w', b.weight('weight', 'f32', [2]));
    });
    expect(lines(graphIn(program))).toEqual([
      'a = Exp(x) "exp_1"',
      'b = Identity(a)',
      'copy = Identity(x)',
      'w = Identity(weight)',
    ]);
  });

  test('keeps names apart that are the same in the program', () => {
    const graph = graphIn(
      programOf((b) => {
        const x = b.param('x', 'f32', [2]);
        const [p, q] = b.within('layer', () => [b.unary('exp', x), b.unary('sin', x)] as const);
        b.output('layer', b.binary('add', b.binary('mul', p, q), b.weight('x', 'f32', [2])));
      }),
    );
    expect(lines(graph)).toEqual([
      'layer_2 = Exp(x) "layer"',
      'layer_2_2 = Sin(x) "layer_2"',
      'mul_3 = Mul(layer_2, layer_2_2)',
      'layer = Add(mul_3, x_2) "add_5"',
    ]);
  });

  test('leaves out what no output needs, but for the inputs', () => {
    const graph = graphIn(
      programOf((b) => {
        const x = b.param('x', 'i32', [2]);
        b.unary('neg', b.param('unused', 'f32', [3]));
        b.output('y', b.binary('div', x, b.full(x, 3)));
      }),
    );
    expect(graph.input.map(({ name }) => name)).toEqual(['x', 'unused']);
    expect(lines(graph)).toEqual(['y = Div(x, int32:3) "div_4"']);
    expect(graph.initializer.map(({ name }) => name)).toEqual(['int32:3']);
  });

  test('stores a weight once', () => {
    const program = programOf((b) => {
      b.output('a', b.unary('neg', b.weight('w', 'f32', [6])));
      b.output('b', b.unary('neg', b.weight('w', 'f32', [2, 3])));
    });
    expect(
      graphIn(program)
        .initializer.filter(({ dims }) => dims.length > 0)
        .map(({ name }) => name),
    ).toEqual(['w', 'int64:[2,3]']);
  });
});

describe('symbolic dimensions', () => {
  const [n, m] = [symbol('N'), symbol('M')];
  /** Shapes enter Reshape, Expand, Slice, Range, Clip, Pad and MatMul. */
  const define = (b: GraphBuilder): void => {
    const x = b.param('x', 'f32', [n, m, 4]);
    const flat = b.reshape(x, [b.reshape(x, [n, m, 2, 2]).type.shape[0], m, 4]);
    const twice = b.emit('concat', [flat, flat], { axis: 0 });
    b.output('reversed', b.emit('reverse', [twice], { axes: [0] }));
    b.output('rows', b.emit('slice', [twice], { starts: [1, 0, 0], sizes: [n, m, 2], strides: [1, 1, 2] }));
    b.output('spread', b.broadcast(b.reshape(b.weight('w', 'f32', [4]), [1, 1, 4]), [n, m, 4]));
    const places = b.emit('iota', [], { dtype: 'i32', shape: [m, n], axis: 1 });
    b.output('taken', b.emit('gather', [twice, b.binary('add', places, b.full(places, -1))], { axis: 0 }));
    b.output(
      'padded',
      b.emit('pad', [x], { low: [1, 0, 0], high: [0, 2, 0], interior: [1, 0, 2], value: 3 }),
    );
    b.output(
      'product',
      b.emit('dot', [x, x], { lhsBatch: [1], rhsBatch: [1], lhsContract: [2], rhsContract: [2] }),
    );
    b.output(
      'pooled',
      b.emit('reduceWindow', [x], {
        kind: 'prod',
        window: [2, 1, 3],
        strides: [2, 1, 1],
        dilations: [1, 1, 1],
        padLow: [1, 0, 0],
        padHigh: [1, 0, 0],
      }),
    );
  };

  test.each([
    { N: 3, M: 2 },
    { N: 4, M: 1 },
  ])('are computed from the inputs: %o', async (dims) => {
    const weights = new Map([['w', tensorOf('f32', [4])]]);
    const program = { graph: graphOf(define), weights };
    const bound = { graph: bindDims(program.graph, dims), weights };
    const inputs = { x: tensorOf('f32', [dims.N, dims.M, 4]) };
    const expected = interpret(bound, inputs).outputs;
    const bytes = exportOnnx(program);
    const back = interpret(importOnnx(bytes, { dims }), inputs).outputs;
    const foreign = await runForeign(bytes, bound, inputs);
    for (const [name, value] of Object.entries(expected)) {
      // The product of a window is computed in another order.
      expect((name === 'pooled' ? farApart : differenceOf)(back[name], value), name).toBeUndefined();
      expect(farApart(foreign[name], value), name).toBeUndefined();
    }
  });

  test('that no input has for an extent are refused', () => {
    const program = programOf((b) =>
      b.output('y', b.emit('iota', [], { dtype: 'i32', shape: [symbol('N')], axis: 0 })),
    );
    const error = errorOf('DIM_UNBOUND', () => exportOnnx(program));
    expect(error.where).toBe('%0 = iota in test');
    expect(error.found).toBe('N');
  });
});

test('a model of this repository means the same afterwards, here and elsewhere', async () => {
  const program = importOnnx(ownFile('models/digits.onnx'));
  const inputs = { image: tensorOf('f32', [1, 1, 28, 28]) };
  const expected = interpret(program, inputs).outputs.probabilities;
  const bytes = exportOnnx(program);
  expect(differenceOf(interpret(importOnnx(bytes), inputs).outputs.probabilities, expected)).toBeUndefined();
  expect(farApart((await runForeign(bytes, program, inputs)).probabilities, expected)).toBeUndefined();
});

describe('errors', () => {
  test('a bitcast between floats and integers, before there was an operator for it', () => {
    const program = programOf((b) =>
      b.within('hash', () => b.output('y', b.emit('bitcast', [b.param('x', 'f32', [2])], { dtype: 'u32' }))),
    );
    const error = errorOf('ONNX_UNSUPPORTED_OP', () => exportOnnx(program, { opset: 18 }));
    expect(error.where).toBe('%1 = bitcast (hash) in test');
    expect(error.found).toBe('bitcast of f32 to u32 in opset 18');
    expect(error.hint).toContain('opset: 26');
    // Without the option it is the least opset that has one.
    expect(exportOnnx(program)).toEqual(exportOnnx(program, { opset: 26 }));
  });

  test('a convolution of integers', () => {
    const program = programOf((b) => {
      const [x, w] = [b.param('x', 'i32', [1, 1, 4]), b.param('w', 'i32', [1, 1, 2])];
      const each = { strides: [1], padLow: [0], padHigh: [0], lhsDilation: [1], rhsDilation: [1], groups: 1 };
      b.output('y', b.emit('conv', [x, w], each));
    });
    expect(errorOf('ONNX_UNSUPPORTED_OP', () => exportOnnx(program)).found).toBe('conv of i32');
  });

  test.each([17, 99, 18.5])('an operator set that it does not know: %s', (opset) => {
    const program = programOf((b) => b.output('y', b.param('x', 'f32', [2])));
    expect(errorOf('USAGE', () => exportOnnx(program, { opset })).expected).toMatch(/^18 to /);
  });

  test('an output that has the name of an input', () => {
    const program = programOf((b) => b.output('x', b.unary('neg', b.param('x', 'f32', [2]))));
    expect(errorOf('ONNX_UNSUPPORTED_FEATURE', () => exportOnnx(program)).found).toContain('"x"');
  });

  test('a weight that is missing, or another one', () => {
    const { graph } = programOf((b) => b.output('y', b.weight('w', 'f32', [2])));
    errorOf('WEIGHT_MISSING', () => exportOnnx({ graph, weights: new Map() }));
    const wrong = tensorData('i32', [2], Int32Array.of(1, 2));
    errorOf('WEIGHT_INVALID', () => exportOnnx({ graph, weights: new Map([['w', wrong]]) }));
  });

  test('more than protobuf holds, before anything is copied', () => {
    const large = tensorData('f32', [2 ** 26], new Float32Array(2 ** 26));
    const ids = Array.from({ length: 8 }, (_, i) => `w${i}`);
    const graph = graphOf((b) => ids.forEach((id) => b.output(`${id}.out`, b.weight(id, 'f32', [2 ** 26]))));
    const weights = new Map(ids.map((id) => [id, large]));
    const error = errorOf('LIMIT_EXCEEDED', () => exportOnnx({ graph, weights }));
    expect(error.expected).toContain('2147483647');
  });
});
