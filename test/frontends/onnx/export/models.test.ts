/** Models that others made: imported and exported, they compute what their own files do, in another runtime. */
import { expect, test } from 'vitest';
import { exportOnnx, importOnnx } from '../../../../src/frontends/onnx/index.js';
import { staticShape } from '../../../../src/ir/types.js';
import { tensorOf } from '../../../support/tensors.js';
import { dataFile, describeWithData } from '../support.js';
import { farApart, runForeign } from './support.js';

const MODELS = [
  'models/mnist-cntk/model',
  'models/mnist-pytorch-cnn/model',
  'models/squeezenet-coreml-cut7/model',
  'models/squeezenet-fp16-winml/model',
  'models/ultraface-rfb-320/model',
  'suite/light/light_squeezenet',
];

describeWithData('real models', () => {
  test.each(MODELS)('%s', async (path) => {
    const original = dataFile(`onnx/${path}.onnx`);
    const program = importOnnx(original);
    const inputs = Object.fromEntries(
      program.inputs.map(({ name, type }, i) => [name, tensorOf(type.dtype, staticShape(type.shape), i)]),
    );
    const bytes = exportOnnx(program);
    const [expected, found] = [
      await runForeign(original, program, inputs),
      await runForeign(bytes, program, inputs),
    ];
    for (const [name, value] of Object.entries(expected))
      expect(farApart(found[name], value), name).toBeUndefined();
  });
});
