/** What a model declares of its values, and outputs that it lists more than once. */
import { describe, expect, test } from 'vitest';
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

describe('values inside of a model', () => {
  const declaring = (...valueInfo: ReturnType<typeof port>[]): Uint8Array =>
    encodeModel(
      {
        node: [node('Relu', ['x'], ['a']), node('Neg', ['a'], ['y'])],
        input: [port('x', 'float', [2])],
        output: [port('y', 'float', [2])],
        valueInfo,
      },
      { opset: 13 },
    );

  test('have the declared element type', () => {
    expect(importVerified(declaring(port('a', 'float', [2]))).notes).toEqual([]);
    const error = errorOf('ONNX_INVALID', () => importVerified(declaring(port('a', 'int32', [2]))));
    expect(error).toMatchObject({ found: '"a" of float', expected: 'int32' });
    expect(error.where).toContain('node #0 (Relu)');
  });

  test('of another shape are noted: exporters leave such', () => {
    const { notes } = importVerified(declaring(port('a', 'float', [3])));
    expect(notes).toEqual(['1 value has another shape than the model declares: "a" is [2], declared as [3]']);
    expect(importVerified(declaring(port('a', 'float', ['n']), port('b', 'float', [9]))).notes).toEqual([]);
  });
});
