/**
 * `npm run example dtypes`: a perceptron learns digits, and its weights become every numeric type in turn: bytes, accuracy, and how far
 * outputs are from those of f32. With `--data FOLDER` it learns MNIST.
 */
import Table from 'cli-table3';
import {
  compile,
  jit,
  losses,
  metrics,
  openWasmDevice,
  optim,
  readAll,
  tensor,
  valueAndGrad,
  type Program,
  type Tensor,
} from 'heddle';
import { fromConfig, networkProgram, type Chain } from 'heddle/config';
import { batchAt, stepsPerEpoch, take } from 'heddle/data';
import { NUMERIC_TYPES, quantizeWeights, withQuantized } from 'heddle/quantize';
import { command, count as countOf, readOptions } from '../arguments.js';
import { openBackend } from '../device.js';
import { digits } from '../digits.js';

const { device, data, epochs } = readOptions<{
  readonly device: string;
  readonly data?: string;
  readonly epochs: number;
}>(
  command('dtypes', 'Compares numeric types of weights on digits.', 'best')
    .option('--data <folder>', 'the four files of MNIST; digits drawn by a program without it')
    .option('--epochs <n>', 'times through the images', countOf, 2),
);
const { train, test } = await digits(data);
const { backend, close } = await openBackend(device);
let network = fromConfig({
  input: [1, 28, 28],
  seed: 1,
  layers: [
    { type: 'dense', output_size: 128, activation: 'relu' },
    { type: 'dense', output_size: 10 },
  ],
}).to(backend);
const optimizer = optim.adam({ learningRate: 0.001 });
let state = optimizer.init(network);
const step = jit(
  (net: Chain, own: typeof state, x: Tensor, y: Tensor) => {
    const [, gradients] = valueAndGrad((each: Chain) => losses.crossEntropy(each.call(x), y))(net);
    const [model, next] = optimizer.update(net, gradients, own);
    return { model, next };
  },
  { donate: [0, 1] },
);
const batches = { batchSize: 64, seed: 1, dropLast: true };
const perEpoch = stepsPerEpoch(train, batches);
for (let i = 0; i < epochs * perEpoch; i++) {
  const { x, y } = batchAt(train, batches, Math.floor(i / perEpoch), i % perEpoch);
  const { model, next } = step(network, state, tensor(x), tensor(y));
  [network, state] = [model, next];
}
await readAll(Object.values(network.state()));
console.log(`trained in ${(epochs * perEpoch).toLocaleString('en')} steps on ${backend.name}\n`);

const examples = take(test, Math.min(test.size, 10_000));
const BATCH = 500;
const options = { batchSize: BATCH, shuffle: false, dropLast: true };
const rounds = Math.floor(examples.size / BATCH);
const engine = await openWasmDevice();
const labels: number[] = [];
for (let i = 0; i < rounds; i++) labels.push(...batchAt(examples, options, 0, i).y.data);

/** The outputs for all examples, and the time of a run of them. */
async function outputs(
  program: Program,
): Promise<{ readonly all: Float32Array; readonly milliseconds: number }> {
  const model = await compile(program, { device: engine });
  const all = new Float32Array(rounds * BATCH * 10);
  let milliseconds = 0;
  for (let i = 0; i < rounds; i++) {
    const { x } = batchAt(examples, options, 0, i);
    const start = performance.now();
    const { output } = await model.run({ input: x });
    milliseconds += performance.now() - start;
    all.set(output.data, i * BATCH * 10);
  }
  model.dispose();
  return { all, milliseconds };
}

const program = await networkProgram(network, BATCH);
const bytesOf = ({ weights }: Program): number => [...weights.values()].reduce((sum, { data: { byteLength } }) => sum + byteLength, 0); // prettier-ignore
const table = new Table({
  head: ['type', 'bytes', 'of f32', 'right', 'score', 'outputs off by over 10%', 'time'],
  style: { head: [] },
});
const plain = await outputs(program);
const right = (all: Float32Array): string =>
  `${(metrics.accuracy(metrics.argmaxRows(all, 10), labels) * 100).toFixed(2)}%`;
table.push(['f32', bytesOf(program).toLocaleString('en'), '100.0%', right(plain.all), '', '', `${plain.milliseconds.toFixed(0)} ms`]); // prettier-ignore
for (const type of NUMERIC_TYPES) {
  const packed = withQuantized(program, quantizeWeights(program, { type }));
  const { all, milliseconds } = await outputs(packed);
  const { score, buckets } = metrics.deviation(all, plain.all);
  const off = buckets.slice(1).reduce((sum, { count }) => sum + count, 0) / all.length;
  table.push([type, bytesOf(packed).toLocaleString('en'), `${((bytesOf(packed) / bytesOf(program)) * 100).toFixed(1)}%`, right(all), score.toFixed(2), `${(off * 100).toFixed(1)}%`, `${milliseconds.toFixed(0)} ms`]); // prettier-ignore
}
console.log(table.toString());
engine.dispose();
await close();
