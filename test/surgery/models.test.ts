/** Models cut at their values: what the parts compute one after the other are the bits of the whole, out of files too. */
import { expect, test } from 'vitest';
import {
  exportOnnx,
  importOnnx,
  type ImportOptions,
  type OnnxProgram,
} from '../../src/frontends/onnx/index.js';
import type { Program } from '../../src/ir/graph.js';
import { staticShape } from '../../src/ir/types.js';
import { extract } from '../../src/surgery/index.js';
import { dataFile, describeWithData, ownFile } from '../frontends/onnx/support.js';
import { tensorOf } from '../support/tensors.js';
import { expectBits, run } from './support.js';

/** The names of values that operators compute. */
const namesWithin = ({ graph: { nodes, names } }: Program): string[] =>
  [...names!.values].flatMap(([name, value]) => (nodes[value].inputs.length > 0 ? [name] : []));

function expectCuts(program: OnnxProgram, names: readonly string[]): void {
  const inputs = Object.fromEntries(
    program.inputs.map(({ name, type }, i) => [
      name,
      tensorOf(type.dtype, staticShape(type.shape), i, 'usual'),
    ]),
  );
  const expected = run(program, inputs);
  for (const name of names) {
    const head = extract(program, { to: [name] });
    const tail = extract(program, { from: [name], to: Object.keys(expected) });
    const [first, second] = [head, tail].map((part) => importOnnx(exportOnnx(part)));
    expectBits(run(tail, { ...inputs, ...run(head, inputs) }), expected);
    expectBits(run(second, { ...inputs, ...run(first, inputs) }), expected);
  }
}

test('the model of this repository, at every value', () => {
  const program = importOnnx(ownFile('models/digits.onnx'));
  const names = namesWithin(program);
  expect(names.length).toBeGreaterThan(10);
  expectCuts(program, names);
});

describeWithData('real models, in the middle', () => {
  const MODELS: Readonly<Record<string, ImportOptions>> = {
    'mnist-cntk': {},
    'mnist-pytorch-cnn': {},
    'gpt2-tiny-past-12l': { dims: { batch_size: 1, seq_len: 2 } },
  };
  test.each(Object.keys(MODELS))('%s', (model) => {
    const program = importOnnx(dataFile(`onnx/models/${model}/model.onnx`), MODELS[model]);
    const names = namesWithin(program);
    expectCuts(program, [names[Math.floor(names.length / 2)]]);
  });
});
