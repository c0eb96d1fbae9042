/**
 * `npm run example mnist -- --model cnn`: trains a classifier of digits, on MNIST (`--data FOLDER`) or on digits drawn by a
 * program, and writes the loss curve and the trained model.
 */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SingleBar } from 'cli-progress';
import { Option } from 'commander';
import { jit, saveCheckpoint, zeros, type nn, type Tensor } from 'heddle';
import { exportOnnx } from 'heddle/onnx';
import { lossCurve } from 'heddle/plot';
import { command, count, makeFolder, positive, readOptions, refuse, seed as seedOf } from '../arguments.js';
import { openBackend } from '../device.js';
import { digits } from '../digits.js';
import { MODELS, type ModelName } from './models.js';
import { accuracy, train } from './train.js';

interface Options {
  readonly model: ModelName;
  readonly data?: string;
  readonly device: string;
  readonly epochs: number;
  readonly steps?: number;
  readonly batch: number;
  readonly rate: number;
  readonly seed: number;
  readonly out: string;
  readonly json?: boolean;
}

const options = readOptions<Options>(
  command('mnist', 'Trains a classifier of handwritten digits.', 'best')
    .addOption(new Option('--model <name>', 'the network').choices(['mlp', 'cnn']).default('mlp'))
    .option('--data <folder>', 'the four files of MNIST; digits drawn by a program without it')
    .option('--epochs <n>', 'times through the images', count, 10)
    .option('--steps <n>', 'ends earlier', count)
    .option('--batch <n>', 'images a step', count, 128)
    .option('--rate <x>', 'learning rate at the start', positive, 0.002)
    .option('--seed <n>', 'decides the weights and the order', seedOf, 1)
    .option('--out <folder>', 'for loss.svg, model.safetensors and model.onnx', 'out/mnist')
    .option('--json', 'one last line with the results'),
);

const log = options.json === true ? () => {} : console.log;
const { train: examples, test } = await digits(options.data);
if (options.batch > examples.size)
  refuse(`--batch ${options.batch}: there are ${examples.size} images to learn from`);
const { backend, close } = await openBackend(options.device);
makeFolder(options.out);
const { seed } = options;
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
    epochs: options.epochs,
    batchSize: options.batch,
    learningRate: options.rate,
    seed,
    ...(options.steps === undefined ? {} : { steps: options.steps }),
  },
  ({ epoch, step, steps, losses }) => {
    const loss = losses.reduce((sum, value) => sum + value, 0) / losses.length;
    const rate = ((step * options.batch) / (performance.now() - started)) * 1000;
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
