/** One small network as a traced function, an ONNX file and a JSON config: the same bits. */
import { expect, test } from 'vitest';
import { compile } from '../../../src/compile.js';
import { fromConfig, networkProgram } from '../../../src/frontends/config/index.js';
import { exportOnnx, importOnnx } from '../../../src/frontends/onnx/index.js';
import { jit, nn, random, readAll, zeros, type Tensor } from '../../../src/index.js';
import { interpret } from '../../../src/interpreter/index.js';
import { testDevice } from '../../support/differential.js';
import { availableGpus } from '../../support/gpu.js';

const CONFIG = {
  input: [4],
  seed: 7,
  layers: [
    { type: 'dense', output_size: 16, activation: 'gelu' },
    { type: 'dense', output_size: 16, activation: 'tanh' },
    { type: 'residual' },
    { type: 'layer_norm' },
    { type: 'dense', output_size: 3, activation: 'softmax' },
  ],
};

class Small extends nn.Module {
  readonly first = new nn.Linear(4, 16, { key: 1 });
  readonly second = new nn.Linear(16, 16, { key: 2 });
  readonly norm = new nn.LayerNorm(16);
  readonly last = new nn.Linear(16, 3, { key: 3 });

  call(x: Tensor): Tensor {
    const hidden = this.first.call(x).gelu();
    return this.last.call(this.norm.call(this.second.call(hidden).tanh().add(hidden))).softmax();
  }
}

test('three frontends give the same bits, on the interpreter and on devices', async () => {
  const config = fromConfig(CONFIG);
  const own = config.state();
  const names = { 'layers.0': 'first', 'layers.1': 'second', 'layers.3': 'norm', 'layers.4': 'last' };
  const traced = new Small().load(
    Object.fromEntries(
      Object.entries(names).flatMap(([from, to]) => ['weight', 'bias'].map((part) => [`${to}.${part}`, own[`${from}.${part}`]])), // prettier-ignore
    ),
  );
  const compiled = await jit((args: { readonly input: Tensor }) => ({
    output: traced.call(args.input),
  })).compile({
    input: zeros([2, 4]),
  });
  const programs = {
    config: await networkProgram(config, 2),
    traced: compiled.program,
    onnx: importOnnx(exportOnnx(compiled.program)),
  };
  const [input] = await readAll([random.normal(1, [2, 4])]);
  const expected = interpret(programs.config, { input }).outputs;
  expect(Object.keys(expected)).toEqual(['output']);
  for (const program of Object.values(programs))
    expect(interpret(program, { input }).outputs).toEqual(expected);
  for (const name of availableGpus) {
    const device = await testDevice(name);
    for (const program of Object.values(programs)) {
      const built = await compile(program, { device });
      expect(await built.run({ input })).toEqual(expected);
      built.dispose();
    }
  }
});
