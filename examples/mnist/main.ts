/**
 * `npm run example mnist -- --model cnn`: trains a classifier of digits, on MNIST (`--data FOLDER`) or on digits drawn by a
 * program, and writes the loss curve and the trained model.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SingleBar } from 'cli-progress';
import { Command, Option } from 'commander';
import { jit, saveCheckpoint, zeros, type nn, type Tensor } from 'heddle';
import { exportOnnx } from 'heddle/onnx';
import { lossCurve } from 'heddle/plot';
import { openBackend } from '../device.js';
import { digits } from '../digits.js';
import { MODELS, type ModelName } from './models.js';
import { accuracy, train } from './train.js';

interface Options {
  readonly model: ModelName;
  readonly data?: string;
  readonly device: string;
  readonly epochs: string;
  readonly steps?: string;
  readonly batch: string;
  readonly rate: string;
  readonly seed: string;
  readonly out: string;
  readonly json?: boolean;
}

const options = new Command('mnist')
  .description('Trains a classifier of handwritten digits.')
  .addOption(new Option('--model <name>', 'the network').choices(['mlp', 'cnn']).default('mlp'))
  .option('--data <folder>', 'the four files of MNIST; digits drawn by a program without it')
  .option('--device <name>', 'webgpu, webgpu:NAME or reference', 'webgpu')
  .option('--epochs <n>', 'times through the images', '10')
  .option('--steps <n>', 'ends earlier')
  .option('--batch <n>', 'images a step', '128')
  .option('--rate <x>', 'learning rate at the start', '0.002')
  .option('--seed <n>', 'decides the weights and the order', '1')
  .option('--out <folder>', 'for loss.svg, model.safetensors and model.onnx', 'out/mnist')
  .option('--json', 'one last line with the results')
  .parse()
  .opts<Options>();

const log = options.json === true ? () => {} : console.log;
const { train: examples, test } = await digits(options.data);
const { backend, close } = await openBackend(options.device);
const seed = Number(options.seed);
const model = MODELS[options.model](seed);
log(`${options.model}, ${model.parameterCount.toLocaleString('en')} parameters, on ${backend.name}`);
log(`${examples.size.toLocaleString('en')} images to learn from, ${test.size.toLocaleString('en')} to test`);

const bar = new SingleBar({
  format: '{bar} {percentage}% | epoch {epoch} | loss {loss} | {rate} images/s | {eta_formatted} left',
  hideCursor: true,
  clearOnComplete: true,
});
const showBar = process.stdout.isTTY && options.json !== true;
const started = performance.now();
const trained = await train(
  model,
  examples,
  backend,
  {
    epochs: Number(options.epochs),
    batchSize: Number(options.batch),
    learningRate: Number(options.rate),
    seed,
    ...(options.steps === undefined ? {} : { steps: Number(options.steps) }),
  },
  ({ epoch, step, steps, losses }) => {
    const loss = losses.reduce((sum, value) => sum + value, 0) / losses.length;
    const rate = ((step * Number(options.batch)) / (performance.now() - started)) * 1000;
    const shown = { epoch: epoch + 1, loss: loss.toFixed(4), rate: rate.toFixed(0) };
    if (showBar && step === 1) bar.start(steps, 1, shown);
    else if (showBar) bar.update(step, shown);
  },
);
bar.stop();

const testAccuracy = await accuracy(trained.model, test, backend);
const seconds = (performance.now() - started) / 1000;
const paths = await save(trained.model, trained.losses);
log(
  `${(testAccuracy * 100).toFixed(2)}% of the test images right, ${trained.imagesPerSecond.toFixed(0)} images/s, ${seconds.toFixed(0)} s`,
);
log(`wrote ${paths.join(', ')}`);
if (options.json === true)
  console.log(
    JSON.stringify({
      model: options.model,
      device: backend.name,
      testAccuracy,
      losses: trained.losses,
      imagesPerSecond: trained.imagesPerSecond,
      seconds,
    }),
  );
await close();

/** The loss curve as a picture, the parameters, and the network for other runtimes. */
async function save(net: nn.Sequential, losses: readonly number[]): Promise<string[]> {
  await mkdir(options.out, { recursive: true });
  const infer = jit((image: Tensor) => ({ logits: net.call(image) }), { name: options.model });
  const { program } = await infer.compile(zeros([1, 1, 28, 28]));
  const files: Readonly<Record<string, string | Uint8Array>> = {
    'loss.svg': lossCurve({
      title: `${options.model} on ${backend.name}: ${(testAccuracy * 100).toFixed(2)}%`,
      series: [{ name: 'training loss', points: losses.map((loss, i) => [i + 1, loss] as const) }],
      xLabel: 'step',
      yLabel: 'cross entropy (nats)',
      yScale: 'log',
    }),
    'model.safetensors': await saveCheckpoint({ model: net }),
    'model.onnx': exportOnnx(program),
  };
  for (const [name, content] of Object.entries(files)) await writeFile(join(options.out, name), content);
  return Object.keys(files).map((name) => join(options.out, name));
}
