/**
 * `npm run example experts`: a mixture of experts by a grid softmax, all of it a JSON config. Each of two outputs has a row of
 * weights over four experts; the rows are learned, and with them which expert serves which part of the plane.
 */
import { losses, random, type Tensor } from 'heddle';
import { fromConfig, type Chain } from 'heddle/config';
import { command, readOptions } from '../arguments.js';
import { openBackend } from '../device.js';
import { fitFullBatch } from '../full-batch.js';

const [OUTPUTS, EXPERTS, EXAMPLES] = [2, 4, 256];

const config = {
  input: [2],
  seed: 1,
  layers: [
    {
      type: 'parallel',
      combine_mode: 'multiply',
      name: 'mixture',
      branches: [
        {
          type: 'dense',
          output_size: OUTPUTS * EXPERTS,
          _: 'the experts: for each output a row of linear functions',
        },
        {
          type: 'sequential',
          layers: [
            { type: 'dense', output_size: 16, activation: 'tanh' },
            { type: 'dense', output_size: OUTPUTS * EXPERTS },
            { type: 'softmax', softmax_variant: 'grid', softmax_rows: OUTPUTS, softmax_cols: EXPERTS },
          ],
        },
      ],
    },
    { type: 'stitch', output_size: OUTPUTS, _: 'adds the experts up' },
  ],
};

/** Another linear function in each quarter of the plane. */
const x = random.uniform(1, [EXAMPLES, 2], -1, 1);
const [a, b] = [x.slice(null, [0, 1]), x.slice(null, [1, 2])];
const right = a.greater(0);
const above = b.greater(0);
const quarter = (ru: Tensor, rd: Tensor, lu: Tensor, ld: Tensor): Tensor =>
  right.where(above.where(ru, rd), above.where(lu, ld));
const y = quarter(a.add(b), a.sub(b), b.sub(a), a.neg().sub(b)).broadcastTo([EXAMPLES, OUTPUTS]).compute();

const options = readOptions<{ readonly device: string }>(
  command('experts', 'Trains a mixture of experts by a grid softmax.', 'reference'),
);
const { backend, close } = await openBackend(options.device);
const network = fromConfig(config);
const { losses: curve, network: trained } = await fitFullBatch(
  network,
  (net: Chain) => losses.mse(net.call(x), y),
  {
    backend,
    steps: 400,
  },
);
console.log(String(trained));
console.log(`mean squared error ${curve[0].toFixed(4)} -> ${curve[curve.length - 1].toFixed(4)}`);
await close();
