/**
 * `npm run example config-mnist`: a convolutional network out of JSON learns digits, is saved, and loaded into a new network.
 * The difference between both is 0, not small. With `--data FOLDER` it learns MNIST.
 */
import { dispose, jit, losses, optim, readAll, tensor, valueAndGrad, type Tensor } from 'heddle';
import { fromConfig, type Chain } from 'heddle/config';
import { batchAt, batches, readSafetensors, stepsPerEpoch, take, writeSafetensors } from 'heddle/data';
import { command, count as countOf, readOptions } from '../arguments.js';
import { openBackend } from '../device.js';
import { digits } from '../digits.js';

const config = {
  input: [1, 28, 28],
  seed: 1,
  layers: [
    { type: 'conv2d', filters: 8, kernel_size: 5, stride: 2, activation: 'relu' },
    { type: 'conv2d', filters: 16, kernel_size: 5, stride: 2, activation: 'relu' },
    { type: 'dense', output_size: 10 },
  ],
};

const { device, data, steps } = readOptions<{
  readonly device: string;
  readonly data?: string;
  readonly steps: number;
}>(
  command('config-mnist', 'Trains, saves and loads a conv net out of a JSON config.', 'reference')
    .option('--data <folder>', 'the four files of MNIST; digits drawn by a program without it')
    .option('--steps <n>', 'training steps', countOf, 200),
);
const { train, test } = await digits(data);
const { backend, close } = await openBackend(device);
const optimizer = optim.adam({ learningRate: optim.schedules.cosine(0.004, steps) });
const step = jit(
  (network: Chain, state: ReturnType<typeof optimizer.init>, x: Tensor, y: Tensor) => {
    const [loss, gradients] = valueAndGrad((net: Chain) => losses.crossEntropy(net.call(x), y))(network);
    const [next, nextState] = optimizer.update(network, gradients, state);
    return { next, nextState, loss };
  },
  { donate: [0, 1] },
);
let network = fromConfig(config).to(backend);
let state = optimizer.init(network);
const options = { batchSize: 64, seed: 1, dropLast: true };
const perEpoch = stepsPerEpoch(train, options);
const values: Tensor[] = [];
for (let i = 0; i < steps; i++) {
  const { x, y } = batchAt(train, options, Math.floor(i / perEpoch), i % perEpoch);
  const result = step(network, state, tensor(x), tensor(y));
  [network, state] = [result.next, result.nextState];
  values.push(result.loss);
}
const curve = (await readAll(values)).map(({ data: [value] }) => value);
dispose(values);
console.log(`loss ${curve[0].toFixed(4)} -> ${curve[curve.length - 1].toFixed(4)} in ${steps} steps`);

const names = Object.keys(network.state());
const saved = await readAll(Object.values(network.state()));
const bytes = writeSafetensors(new Map(names.map((name, i) => [name, saved[i]])));
const loaded = fromConfig(config, { weights: readSafetensors(bytes).tensors, seed: 2 }).to(backend);

const logits = jit((net: Chain, x: Tensor) => net.call(x), { backend });
let [right, count, difference] = [0, 0, 0];
for (const { x, y } of batches(take(test, 1000), { batchSize: 250, shuffle: false })) {
  const [before, after] = [logits(network, tensor(x)), logits(loaded, tensor(x))];
  const labels = tensor(y).to(backend);
  const [hits, most] = await readAll([
    before.argmax().equal(labels).cast('i32').sum(),
    before.sub(after).abs().max(),
  ]);
  right += hits.data[0];
  difference = Math.max(difference, most.data[0]);
  count += y.shape[0];
}
console.log(`${((right / count) * 100).toFixed(1)}% of ${count} test images right`);
console.log(`saved ${bytes.length} bytes; largest difference after loading: ${difference}`);
await close();
