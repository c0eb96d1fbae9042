/** Outputs that a model lists more than once. */
import { expect, test } from 'vitest';
import { encodeModel, node, port } from '../../../scripts/onnx-proto.mjs';
import { tensorData } from '../../../src/base/tensor.js';
import { interpret } from '../../../src/interpreter/index.js';
import { errorOf, importVerified } from './support.js';

const listing = (...output: ReturnType<typeof port>[]): Uint8Array =>
  encodeModel(
    { node: [node('Relu', ['x'], ['y'])], input: [port('x', 'float', [2])], output },
    { opset: 13 },
  );

test('a value that is listed twice is one output', () => {
  const program = importVerified(listing(port('y', 'float', [2]), port('y', 'float', [2])));
  const x = tensorData('f32', [2], Float32Array.of(-1, 2));
  expect(interpret(program, { x }).outputs).toEqual({ y: tensorData('f32', [2], Float32Array.of(0, 2)) });
  expect(program.outputs.map(({ name }) => name)).toEqual(['y', 'y']);
});

test('with another type the second time it is an error', () => {
  const bytes = listing(port('y', 'float', [2]), port('y', 'int32', [2]));
  expect(errorOf('ONNX_INVALID', () => importVerified(bytes)).where).toContain('output "y"');
});
