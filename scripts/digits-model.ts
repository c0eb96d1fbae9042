// Trains the repository's own model, models/digits.onnx: a small convolutional network learns digits that a program draws. The
// same bytes come out every time, on every device that keeps subnormals.
import { writeFileSync } from 'node:fs';
import { jit, nn, random, zeros, type Tensor } from 'heddle';
import { exportOnnx } from 'heddle/onnx';
import { openBackend } from '../examples/device.js';
import { drawnDigits } from '../examples/drawn-digits/index.js';
import { accuracy, train } from '../examples/mnist/train.js';

const [device = 'webgpu'] = process.argv.slice(2);
const models = new URL('../models/', import.meta.url);
const SETTINGS = { epochs: 6, batchSize: 64, learningRate: 0.003, seed: 7 };

function network(seed: number): nn.Sequential {
  const [first, second, third] = random.split(seed, 3);
  return new nn.Sequential(
    new nn.Conv2d(1, 8, 5, { key: first, padding: 2 }),
    nn.relu,
    new nn.MaxPool(2),
    new nn.Conv2d(8, 16, 5, { key: second, padding: 2 }),
    nn.relu,
    new nn.MaxPool(3),
    nn.flatten,
    new nn.Linear(256, 10, { key: third }),
  );
}

const { backend, close } = await openBackend(device);
const [learned, unseen] = [drawnDigits({ count: 20_000, seed: 1 }), drawnDigits({ count: 4_000, seed: 2 })];
const { model } = await train(
  network(SETTINGS.seed),
  learned,
  backend,
  SETTINGS,
  ({ step, steps, losses }) => {
    if (step % 200 === 0 || step === steps)
      console.log(`step ${step} of ${steps}, loss ${losses.at(-1)?.toFixed(4)}`);
  },
);
console.log(
  `${(100 * (await accuracy(model, unseen, backend))).toFixed(2)}% of ${unseen.size} unseen digits right`,
);

const digits = jit(({ image }: { image: Tensor }) => ({ probabilities: model.call(image).softmax() }), {
  name: 'digits',
});
const { program } = await digits.compile({ image: zeros([1, 1, 28, 28]) });
writeFileSync(new URL('digits.onnx', models), exportOnnx(program));
await close();
