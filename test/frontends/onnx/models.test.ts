import { describe, expect, test } from 'vitest';
import {
  importOnnx,
  readTensorProto,
  seededWeights,
  type OnnxProgram,
} from '../../../src/frontends/onnx/index.js';
import { interpret } from '../../../src/interpreter/index.js';
import type { Op } from '../../../src/ir/ops.js';
import { dataFile, describeWithData, expectOnnxClose, importVerified, ownFile } from './support.js';

const countOf = (program: OnnxProgram, op: Op): number =>
  program.graph.nodes.filter((node) => node.op === op).length;

/** Runs a model on the tensors of a test folder, whose input_N.pb are the model's inputs in order. */
function check(program: OnnxProgram, folder: string): void {
  const inputs = program.inputs.map(
    ({ name }, i) => [name, readTensorProto(dataFile(`${folder}/input_${i}.pb`)).tensor] as const,
  );
  const { outputs } = interpret(program, Object.fromEntries(inputs));
  program.outputs.forEach(({ name, dtype }, i) => {
    const expected = readTensorProto(dataFile(`${folder}/output_${i}.pb`));
    expect(dtype).toBe(expected.dtype);
    expectOnnxClose(outputs[name], expected.tensor);
  });
}

describe("the repository's own model", () => {
  test('imports and gives probabilities', () => {
    const program = importVerified(ownFile('models/digits.onnx'), { fileName: 'digits.onnx' });
    expect([countOf(program, 'conv'), countOf(program, 'dot'), countOf(program, 'reduceWindow')]).toEqual([
      2, 1, 2,
    ]);
    expect(program.inputs).toEqual([
      { name: 'image', dtype: 'float', type: { dtype: 'f32', shape: [1, 1, 28, 28] } },
    ]);
    expect(program).toMatchObject({ producer: 'heddle', symbols: {} });
    const image = readTensorProto(ownFile('models/digits-data/input_0.pb'));
    expect(image).toMatchObject({ name: 'image', dtype: 'float' });
    const { probabilities } = interpret(program, { image: image.tensor }).outputs;
    expect(probabilities.shape).toEqual([1, 10]);
    expect(Array.from(probabilities.data).reduce((sum, p) => sum + p, 0)).toBeCloseTo(1, 5);
  });

  test('weights are views of the file where alignment allows it', () => {
    const bytes = ownFile('models/digits.onnx');
    const aligned = [0, 1, 2, 3].map((shift) => {
      const moved = new Uint8Array(new ArrayBuffer(bytes.length + 4), shift, bytes.length);
      moved.set(bytes);
      const { weights } = importOnnx(moved);
      return [...weights.values()].filter(({ data }) => data.buffer === moved.buffer).length;
    });
    // Each weight is aligned under exactly one of the four shifts.
    expect(aligned.reduce((sum, count) => sum + count, 0)).toBe(6);
  });
});

/** Ops after import: nothing of shape arithmetic is left. */
const MODELS: readonly (readonly [string, string | undefined, Partial<Record<Op, number>>])[] = [
  ['mnist-cntk', 'test_data_set_0', { conv: 2, reduceWindow: 2, dot: 1, gather: 0 }],
  ['mnist-pytorch-cnn', 'ort_data_set_0', { conv: 2, reduceWindow: 2, dot: 2, reduce: 2 }],
  ['squeezenet-coreml-cut7', 'ort_data_set_0', { conv: 25, concat: 8, reduceWindow: 3, dot: 1 }],
  // Checked by hand (4 s in the interpreter), and on the GPU by the end-to-end tests.
  ['super-resolution-conv13', undefined, { conv: 4, permute: 1 }],
  ['ultraface-rfb-320', 'ort_data_set_0', { conv: 52, concat: 5, permute: 8, slice: 4 }],
];

describeWithData('real models', () => {
  test.each(MODELS)('%s', (name, data, counts) => {
    const folder = `onnx/models/${name}`;
    const program = importVerified(dataFile(`${folder}/model.onnx`), { fileName: name });
    for (const [op, count] of Object.entries(counts))
      expect([op, countOf(program, op as Op)]).toEqual([op, count]);
    expect(program.inputs).toHaveLength(1);
    if (data !== undefined) check(program, `${folder}/${data}`);
  });

  // The inner If of the network is known by its shapes, its LSTM is one loop.
  test('silero-vad-16k-op15', () => {
    const folder = 'onnx/models/silero-vad-16k-op15';
    const inputShapes = { input: [1, 576], state: [2, 1, 128] };
    const program = importVerified(dataFile(`${folder}/model.onnx`), { inputShapes });
    expect([countOf(program, 'loop'), countOf(program, 'cond'), countOf(program, 'conv')]).toEqual([1, 0, 6]);
    check(program, `${folder}/ort_data_set_0`);
  });

  test('cntk-bilstm', () => {
    const folder = 'onnx/models/cntk-bilstm';
    const program = importVerified(dataFile(`${folder}/model.onnx`), { dims: { None: 5 } });
    expect(countOf(program, 'loop')).toBe(2);
    check(program, `${folder}/test_data_set_0`);
  });

  test('light_resnet50 with seeded weights', () => {
    const recipe: unknown = JSON.parse(
      new TextDecoder().decode(dataFile('onnx/light-seeded/light_resnet50.json')),
    );
    const weights = seededWeights(recipe);
    const bytes = dataFile('onnx/suite/light/light_resnet50.onnx');
    const times = Array.from({ length: 4 }, () => {
      const start = performance.now();
      importOnnx(bytes, { weights });
      return performance.now() - start;
    });
    expect(Math.min(...times)).toBeLessThan(250);
    const program = importOnnx(bytes, { weights });
    importVerified(bytes, { weights });
    expect(program.inputs.map(({ name }) => name)).toEqual(['gpu_0/data_0']);
    expect([countOf(program, 'conv'), countOf(program, 'dot'), countOf(program, 'weight')]).toEqual([
      53, 1, 267,
    ]);
    // By id, and never copied.
    expect(program.weights.get('gpu_0/conv1_w_0')!.data).toBe(weights.get('gpu_0/conv1_w_0')!.data);
  });
});
