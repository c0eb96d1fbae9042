/** The report of a file in memory, and of a model that cannot be imported. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { encodeModel, node, port } from '../../../scripts/onnx-proto.mjs';
import { inspectBytes, missingIn } from '../../../src/cli/reports/inspection/bytes.js';
import { HeddleError } from '../../../src/base/errors.js';
import { importOnnx } from '../../../src/frontends/onnx/index.js';

const MISSING = encodeModel({
  name: 'g',
  node: [
    node('Relu', ['x'], ['a']),
    node('Nothing', ['a'], ['b', 'c']),
    node('Nothing', ['c'], ['d']),
    { ...node('Elsewhere', ['b', 'd', ''], ['y']), name: 'last' },
  ],
  input: [port('x', 'float', [2])],
  output: [port('y', 'float')],
});

const errorOf = (bytes: Uint8Array): unknown => {
  try {
    return importOnnx(bytes);
  } catch (error) {
    return error;
  }
};

test('a file in memory has the report of its program', async () => {
  const { kernels, graphs, model } = await inspectBytes('digits.onnx', readFileSync('models/digits.onnx'));
  expect(kernels.length).toBeGreaterThan(3);
  expect(graphs.length).toBe(2);
  expect(model).toMatchObject({ name: 'digits.onnx', kind: 'onnx' });
});

test('a model that lacks operators is shown as it is in its file, and they lead to its nodes', async () => {
  const { graphs, kernels, model } = await inspectBytes('missing.onnx', MISSING);
  expect(kernels).toEqual([]);
  const [{ nodes, outputs }] = graphs;
  expect(nodes.map(({ op, inputs }) => [op, ...inputs])).toEqual([
    ['param'],
    ['Relu', 0],
    ['Nothing', 1],
    ['Nothing', 2],
    ['Elsewhere', 2, 3],
  ]);
  expect(outputs).toEqual([{ name: 'y', value: 4 }]);
  expect(model.notes[0]).toMatch(/^Operators that are missing: Nothing of .*, Elsewhere of /);
  const missing = missingIn('missing.onnx', MISSING, errorOf(MISSING))!;
  expect(missing.map(({ count, value }) => [count, nodes[value!].op])).toEqual([
    [2, 'Nothing'],
    [1, 'Elsewhere'],
  ]);
  for (const { value } of missing) expect(nodes[value!].reason).toMatch(/^missing: /);
});

test('other errors are as they were', async () => {
  await expect(inspectBytes('x.onnx', Uint8Array.of(1, 2, 3))).rejects.toMatchObject({ code: 'FILE_FORMAT' });
  expect(missingIn('x.onnx', MISSING, new HeddleError('USAGE', 'another'))).toBeUndefined();
});
