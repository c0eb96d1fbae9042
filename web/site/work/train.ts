/** Trains a network on digits that a program draws, as `npm run example mnist` does. */
import { jit, wasm, webgpu, zeros, type Tensor } from 'heddle';
import { exportOnnx } from 'heddle/onnx';
import { drawnDigits } from '../../../examples/drawn-digits/index.js';
import { mlp } from '../../../examples/mnist/models.js';
import { accuracy, train } from '../../../examples/mnist/train.js';
import type { News, Requests, TrainResult } from '../protocol.js';
import { open } from './open.js';

const BATCH = 128;

export async function trainDigits(
  { steps, engine }: Requests['train']['request'],
  news: (text: News) => void,
): Promise<TrainResult> {
  news({ stage: 'drawing digits', done: 0, total: steps });
  const [examples, test] = [drawnDigits({ count: 6000, seed: 1 }), drawnDigits({ count: 1000, seed: 2 })];
  const { device, close } = await open(engine, news);
  try {
    const backend = 'gpu' in device ? webgpu(device) : wasm(device);
    const settings = { epochs: 100, batchSize: BATCH, learningRate: 0.004, seed: 1, steps };
    const { model, imagesPerSecond } = await train(mlp(1), examples, backend, settings, ({ step, losses }) =>
      news({ stage: 'training', done: step, total: steps, losses }),
    );
    const right = await accuracy(model, test, backend);
    const infer = jit((image: Tensor) => ({ logits: model.call(image) }), { name: 'digits' });
    const { program } = await infer.compile(zeros([1, 1, 28, 28]));
    return { accuracy: right, imagesPerSecond, onnx: new Uint8Array(exportOnnx(program)) };
  } finally {
    close();
  }
}
