/** Models of the tests, as bytes. */
import { encodeModel, node, port, tensor } from '../../scripts/onnx-proto.mjs';

const OPSET = { opset: 17 };

/** c = a @ b, of fixed shapes: the model of onnxruntime's own quick start. */
export const matmul = encodeModel(
  {
    node: [node('MatMul', ['a', 'b'], ['c'])],
    input: [port('a', 'float', [3, 4]), port('b', 'float', [4, 3])],
    output: [port('c', 'float', [3, 3])],
  },
  OPSET,
);

/** Two results of inputs whose batch is open. */
export const batched = encodeModel(
  {
    node: [
      node('MatMul', ['x', 'weight'], ['product']),
      node('Relu', ['product'], ['y']),
      node('ArgMax', ['y'], ['label'], { axis: 1, keepdims: 0 }),
    ],
    initializer: [tensor('weight', 'float', [2, 3], [1, -2, 3, -4, 5, -6])],
    input: [port('x', 'float', ['batch', 2])],
    output: [port('y', 'float', ['batch', 3]), port('label', 'int64', ['batch'])],
  },
  OPSET,
);

/** Words become numbers, the graph computes with them, and numbers become words again; two results come of text alone. */
export const words = encodeModel(
  {
    node: [
      node('StringNormalizer', ['x'], ['lower'], { case_change_action: 'LOWER' }),
      node(
        'LabelEncoder',
        ['lower'],
        ['ids'],
        { keys_strings: { strings: ['no', 'yes'] }, values_int64s: [3, 5] },
        'ai.onnx.ml',
      ),
      node('Cast', ['ids'], ['numbers'], { to: 1 }),
      node('MatMul', ['numbers', 'weight'], ['score']),
      node('Relu', ['score'], ['y']),
      node('ArgMax', ['score'], ['best'], { axis: 0, keepdims: 0 }),
      node(
        'LabelEncoder',
        ['best'],
        ['label'],
        { keys_int64s: [0, 1], values_strings: { strings: ['left', 'right'] } },
        'ai.onnx.ml',
      ),
      node('Equal', ['x', 'x'], ['same']),
    ],
    initializer: [tensor('weight', 'float', [3, 2], [1, -2, 3, -4, 5, 6])],
    input: [port('x', 'string', [3])],
    output: [
      port('y', 'float', [2]),
      port('label', 'string', []),
      port('lower', 'string', ['n']),
      port('same', 'bool', [3]),
    ],
  },
  { opset: 19, domains: { 'ai.onnx.ml': 2 } },
);

/** Every element type of the interface but 4-bit ones, each through an identity. */
export const TYPES = {
  float32: 'float',
  float64: 'double',
  float16: 'float16',
  int8: 'int8',
  int16: 'int16',
  int32: 'int32',
  int64: 'int64',
  uint8: 'uint8',
  uint16: 'uint16',
  uint32: 'uint32',
  uint64: 'uint64',
  bool: 'bool',
} as const;

export const identity = (type: keyof typeof TYPES): Uint8Array =>
  encodeModel(
    {
      node: [node('Identity', ['x'], ['y'])],
      input: [port('x', TYPES[type], ['n'])],
      output: [port('y', TYPES[type], ['n'])],
    },
    OPSET,
  );

/** A shape that an input says. */
export const reshape = encodeModel(
  {
    node: [node('Reshape', ['x', 'shape'], ['y'])],
    input: [port('x', 'float', ['n']), port('shape', 'int64', [2])],
    output: [port('y', 'float', ['rows', 'columns'])],
  },
  OPSET,
);

/** A step of a sum that a program feeds back: state' = state + x. */
export const step = encodeModel(
  {
    node: [node('Add', ['state', 'x'], ['next']), node('Mul', ['next', 'x'], ['y'])],
    input: [port('state', 'float', [4]), port('x', 'float', [4])],
    output: [port('next', 'float', [4]), port('y', 'float', [4])],
  },
  OPSET,
);

/** float16 and int64 in and out. */
export const mixed = encodeModel(
  {
    node: [node('Add', ['x', 'x'], ['y']), node('Add', ['i', 'i'], ['j'])],
    input: [port('x', 'float16', [3]), port('i', 'int64', [3])],
    output: [port('y', 'float16', [3]), port('j', 'int64', [3])],
  },
  OPSET,
);

/** An operator that there is not. */
export const unknown = encodeModel(
  {
    node: [node('Nonsense', ['x'], ['y'])],
    input: [port('x', 'float', [1])],
    output: [port('y', 'float', [1])],
  },
  OPSET,
);

/** A weight that lies beside the model. */
export const external = (location: string): Uint8Array =>
  encodeModel(
    {
      node: [node('Add', ['x', 'w'], ['y'])],
      initializer: [
        {
          name: 'w',
          dataType: 1,
          dims: [2],
          dataLocation: 1,
          externalData: [
            { key: 'location', value: location },
            { key: 'offset', value: '4' },
            { key: 'length', value: '8' },
          ],
        },
      ],
      input: [port('x', 'float', [2])],
      output: [port('y', 'float', [2])],
    },
    OPSET,
  );

/** A weight that the model lists among its inputs. */
export const overridable = encodeModel(
  {
    node: [node('Mul', ['x', 'scale'], ['y'])],
    initializer: [tensor('scale', 'float', [2], [10, 100])],
    input: [port('x', 'float', [2]), port('scale', 'float', [2])],
    output: [port('y', 'float', [2])],
  },
  OPSET,
);
