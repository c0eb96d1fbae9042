/** `npm run example stitched`: experts of different widths and kinds, stitched to one width and weighed by a gate. */
import { losses, random, type Tensor } from 'heddle';
import { fromConfig, type Chain } from 'heddle/config';
import { command, readOptions } from '../arguments.js';
import { openBackend } from '../device.js';
import { fitFullBatch } from '../full-batch.js';

const expert = (width: number, activation: string) => ({
  type: 'sequential',
  layers: [
    { type: 'dense', output_size: width, activation },
    { type: 'stitch', output_size: 8 },
  ],
});

const config = {
  input: [1],
  seed: 5,
  layers: [
    {
      type: 'parallel',
      combine_mode: 'filter',
      branches: [expert(4, 'tanh'), expert(16, 'gelu'), expert(32, 'relu')],
      filter_gate: { type: 'dense', output_size: 3 },
      filter_softmax: 'entmax',
    },
    { type: 'dense', output_size: 1 },
  ],
};

const x = random.uniform(1, [128, 1], -3, 3);
const y: Tensor = x.mul(2).sin().add(x.mul(0.3)).compute();

const options = readOptions<{ readonly device: string }>(
  command('stitched', 'Trains experts of different widths, stitched to one.', 'reference'),
);
const { backend, close } = await openBackend(options.device);
const { losses: curve, network } = await fitFullBatch(
  fromConfig(config),
  (net: Chain) => losses.mse(net.call(x), y),
  {
    backend,
    steps: 500,
  },
);
console.log(String(network));
console.log(`mean squared error ${curve[0].toFixed(4)} -> ${curve[curve.length - 1].toFixed(5)}`);
await close();
