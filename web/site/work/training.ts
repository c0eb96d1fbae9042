/** A training of a network on digits that a program draws, a few steps at a time. */
import { dispose, HeddleError, jit, loadCheckpoint, readAll, saveCheckpoint, tensor, tensorData, wasm, webgpu, zeros, type nn, type Tensor, type WasmDevice } from 'heddle'; // prettier-ignore
import { batchAt, stepsPerEpoch } from 'heddle/data';
import { exportOnnx } from 'heddle/onnx';
import { drawnDigits } from '../../../examples/drawn-digits/index.js';
import { mlp } from '../../../examples/mnist/models.js';
import { accuracy, trainingStep } from '../../../examples/mnist/train.js';
import { SIDE } from '../strokes.js';
import { SETTINGS, type KeptTraining } from '../training-record.js';

const BATCHES = { batchSize: SETTINGS.batchSize, seed: SETTINGS.seed, dropLast: true };

export interface Training {
  /** Steps done. */
  readonly step: number;
  readonly imagesPerSecond: number;
  /** Goes `count` steps on. Resolves to their losses. */
  advance(count: number): Promise<readonly number[]>;
  /** Of the ten digits, from 0 to 1. `pixels` is f32 [784]: 0 for paper, 1 for ink. */
  classify(pixels: Float32Array): Promise<readonly number[]>;
  /** The part of 1,000 other digits that it names right. */
  accuracy(): Promise<number>;
  /** All that it needs to go on, on any device: a checkpoint. */
  save(): Promise<Uint8Array>;
  /** The network as it is now: `image` f32 [1, 1, 28, 28] -> `logits` [1, 10]. */
  onnx(): Promise<Uint8Array<ArrayBuffer>>;
}

/**
 * Begins it, or goes on from what `save` gave: `steps` is for how many the learning rate is planned. The bits do not depend on where it
 * rests, and on which device it goes on.
 */
export function openTraining(
  device: Parameters<typeof webgpu>[0] | WasmDevice,
  steps: number,
  saved?: Uint8Array,
): Training {
  const [examples, test] = [drawnDigits({ count: 6000, seed: 1 }), drawnDigits({ count: 1000, seed: 2 })];
  const perEpoch = stepsPerEpoch(examples, BATCHES);
  const backend = 'gpu' in device ? webgpu(device) : wasm(device);
  const { step, init } = trainingStep(steps, SETTINGS);
  const name = jit((m: nn.Sequential, image: Tensor) => m.call(image).softmax(), { backend, name: 'classify' }); // prettier-ignore
  let model = mlp(SETTINGS.seed).to(backend);
  let state = init(model);
  let [done, timed, ms] = [0, 0, 0];
  let isCompiled = false;
  if (saved !== undefined) {
    const { metadata, ...trees } = loadCheckpoint(saved, { model, state });
    ({ model, state } = trees);
    done = stepIn(metadata);
  }
  return {
    get step() {
      return done;
    },
    get imagesPerSecond() {
      return ms === 0 ? 0 : (1000 * timed * SETTINGS.batchSize) / ms;
    },
    async advance(count) {
      const start = performance.now();
      const pending: Tensor[] = [];
      for (let i = done; i < done + count; i++) {
        const { x, y } = batchAt(examples, BATCHES, Math.floor(i / perEpoch), i % perEpoch);
        const stepped = step(model, state, tensor(x), tensor(y));
        ({ model, state } = stepped);
        pending.push(stepped.loss);
      }
      const losses = (await readAll(pending)).map(({ data: [loss] }) => loss);
      dispose(pending);
      // The first step compiles.
      if (isCompiled) [timed, ms] = [timed + count, ms + performance.now() - start];
      isCompiled = true;
      done += count;
      return losses;
    },
    async classify(pixels) {
      const scores = name(model, tensor(tensorData('f32', [1, 1, SIDE, SIDE], pixels)));
      const [{ data }] = await readAll([scores]);
      scores.dispose();
      return Array.from(data);
    },
    accuracy: () => accuracy(model, test, backend),
    save: () => saveCheckpoint({ model, state, metadata: { step: done } }),
    async onnx() {
      const infer = jit((image: Tensor) => ({ logits: model.call(image) }), { name: 'digits' });
      const { program } = await infer.compile(zeros([1, 1, SIDE, SIDE]));
      infer.dispose();
      return new Uint8Array(exportOnnx(program));
    },
  };
}

/** Why no training goes on from what was kept; undefined where one does. Needs no device. */
export function whyRefused({ steps, losses, checkpoint }: KeptTraining): string | undefined {
  try {
    const model = mlp(SETTINGS.seed);
    const { metadata } = loadCheckpoint(checkpoint, {
      model,
      state: trainingStep(steps, SETTINGS).init(model),
    });
    const step = stepIn(metadata);
    return step === losses.length
      ? undefined
      : `its checkpoint is of step ${step}, and it has ${losses.length} losses`;
  } catch (error) {
    return error instanceof HeddleError ? error.message : String(error);
  }
}

function stepIn({ step }: Readonly<Record<string, unknown>>): number {
  if (typeof step === 'number' && Number.isSafeInteger(step) && step >= 0) return step;
  throw new HeddleError('FILE_FORMAT', 'the checkpoint does not say of which step it is', {
    where: 'metadata.step',
    found: String(step),
    expected: 'a whole number from 0 on',
  });
}
