/** Nodes that the specification does not allow are refused, with the rule that they break. */
import { describe, expect, test } from 'vitest';
import { operatorName } from '../../../src/frontends/onnx/domain.js';
import { registry } from '../../../src/frontends/onnx/ops/index.js';
import { signatureOf, signedOperators } from '../../../src/frontends/onnx/signatures/index.js';
import { importOnnx } from '../../../src/frontends/onnx/index.js';
import { encodeModel, node, port } from '../../../scripts/onnx-proto.mjs';
import { errorOf, given, known, oneNodeModel, type OneNode } from './support.js';

const x = given([2], [1, 2]);
const ints = given([2], [1, 2], 'int32');

const INVALID: readonly (readonly [what: string, spec: OneNode, rule: RegExp])[] = [
  ['three inputs of Add', { op: 'Add', operands: [x, x, x] }, /2 inputs \(Add of ai.onnx 21\)/],
  ['one input of Add', { op: 'Add', operands: [x] }, /2 inputs/],
  ['no input of Concat', { op: 'Concat', operands: [], attributes: { axis: 0 } }, /1 or more inputs/],
  [
    'inputs of Clip 7',
    { op: 'Clip', operands: [x, given([], [0])], opset: 7 },
    /1 input \(Clip of ai.onnx 7\)/,
  ],
  ['a missing input between others', { op: 'Where', operands: [given([2], [1, 0], 'bool'), undefined, x] }, /input 1 is given/], // prettier-ignore
  ['two outputs of Relu', { op: 'Relu', operands: [x], outputs: ['float', 'float'] }, /1 output/],
  ['an unknown attribute', { op: 'Softmax', operands: [x], attributes: { axes: 1 } }, /axis/],
  ['an attribute of another version', { op: 'Add', operands: [x, x], attributes: { broadcast: 1 } }, /no attributes/], // prettier-ignore
  ['an attribute of another kind', { op: 'Softmax', operands: [x], attributes: { axis: { float: 1 } } }, /of kind int/], // prettier-ignore
  ['a missing attribute', { op: 'Concat', operands: [x] }, /attribute axis is given/],
  ['a float condition', { op: 'Where', operands: [x, x, x] }, /bool/],
  ['Not of integers', { op: 'Not', operands: [ints], outputs: ['bool'] }, /bool/],
  ['float indices', { op: 'Gather', operands: [x, given([1], [0])] }, /int32, int64/],
  [
    'Relu of integers before opset 14',
    { op: 'Relu', operands: [ints], opset: 13, outputs: ['int32'] },
    /float/,
  ],
  [
    'bfloat16 of a pooling before opset 22',
    {
      op: 'AveragePool',
      operands: [given([1, 1, 1], [0], 'bfloat16')],
      attributes: { kernel_shape: [1] },
      opset: 21,
      outputs: ['bfloat16'],
    },
    /input 0 of type float, double, float16$|input 0 of type float, double, float16 /,
  ],
  ['mixed types', { op: 'Add', operands: [x, ints] }, /one type/],
  ['mixed constant types', { op: 'Where', operands: [known([1], [1], 'bool'), known([1], [1], 'float'), known([1], [1])] }, /one type/], // prettier-ignore
];

describe('nodes that are not valid', () => {
  test.each(INVALID)('%s', (_, spec, rule) => {
    const error = errorOf('ONNX_INVALID', () => importOnnx(oneNodeModel(spec)));
    expect(error.expected).toMatch(rule);
    expect(error.where).toContain(spec.op);
  });

  test('outputs that are not what is declared', () => {
    const model = (dims: (number | string)[], dtype: 'float' | 'double' = 'float'): Uint8Array =>
      encodeModel(
        {
          name: 'g',
          node: [node('Relu', ['x'], ['y'])],
          input: [port('x', 'float', ['N', 3])],
          output: [port('y', dtype, dims)],
        },
        { opset: 17 },
      );
    for (const dims of [['N', 3], ['M', 'K'], [-1, 3]]) importOnnx(model(dims)); // prettier-ignore
    for (const dims of [['N', 4], [3], ['N', 3, 1]]) errorOf('ONNX_INVALID', () => importOnnx(model(dims))); // prettier-ignore
    errorOf('ONNX_INVALID', () => importOnnx(model(['N', 3], 'double')));
  });
});

test('notes of tools among the attributes are let through', () => {
  importOnnx(oneNodeModel({ op: 'Relu', operands: [x], attributes: { __note: 1 } }));
});

test('every operator has a signature in every version, and versions ascend', () => {
  expect([...signedOperators].sort()).toEqual(registry.names());
  for (const { domain, op, since } of registry.rows())
    expect(signatureOf(operatorName(domain, op), since)?.since, `${op} ${since}`).toBeLessThanOrEqual(since);
});
