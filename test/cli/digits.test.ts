/** The example beside the repository's own model. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { drawnDigits } from '../../examples/drawn-digits/index.js';
import { importOnnx, readTensorProto } from '../../src/frontends/onnx/index.js';
import { interpret } from '../../src/interpreter/index.js';
import { DATA, MODEL } from './support.js';

const read = (name: string) => readTensorProto(readFileSync(join(DATA, name)), name).tensor;

test('is a digit that it has not seen, and what the interpreter makes of it, bit for bit', () => {
  const image = read('input_0.pb');
  expect(image).toEqual(drawnDigits({ count: 4_000, seed: 2 }).examples(Uint32Array.of(7)).x);
  const { outputs, subnormals } = interpret(importOnnx(readFileSync(MODEL)), { image });
  expect(read('output_0.pb')).toEqual(outputs.probabilities);
  expect(subnormals).toBe(0);
  expect(outputs.probabilities.data.indexOf(Math.max(...outputs.probabilities.data))).toBe(7);
});
