/**
 * `npm run example taxonomy`: k-means in k-means. Only the two kingdoms of points are told; the four species in them are found
 * by the inner layer, whose probabilities the outer one clusters again.
 */
import { concat, losses, random, tensor, zeros, type Tensor } from 'heddle';
import { fromConfig, type Chain } from 'heddle/config';
import { command, readOptions } from '../arguments.js';
import { openBackend } from '../device.js';
import { fitFullBatch } from '../full-batch.js';

const [SPECIES, EACH] = [4, 50];

const config = {
  input: [2],
  seed: 6,
  layers: [
    {
      type: 'kmeans',
      name: 'kingdoms',
      num_clusters: 2,
      kmeans_temperature: 0.5,
      attached_layer: { type: 'kmeans', num_clusters: SPECIES, kmeans_temperature: 1 },
    },
  ],
};

/** Points around the corners of a square; corners that face each other are of one kingdom. */
const corners = tensor([[2, 2], [-2, 2], [-2, -2], [2, -2]]); // prettier-ignore
const points: Tensor = concat(
  Array.from({ length: SPECIES }, (_, i) =>
    random
      .normal(i, [EACH, 2])
      .mul(0.4)
      .add(corners.slice([i, i + 1])),
  ),
).compute();
const kingdoms = concat(
  Array.from({ length: SPECIES }, (_, i) => zeros([EACH], { dtype: 'i32' }).add(i % 2)),
).compute();

const options = readOptions<{ readonly device: string }>(
  command('taxonomy', 'Trains k-means in k-means.', 'reference'),
);
const { backend, close } = await openBackend(options.device);
const { network, losses: curve } = await fitFullBatch(
  fromConfig(config),
  (net: Chain) => losses.nll(net.call(points).maximum(1e-7).log(), kingdoms),
  { backend, steps: 300, rate: 0.05 },
);
const found = network.call(points).argmax();
const right = await found.equal(kingdoms).cast('f32').mean().item();
const state = network.state();
console.log(`loss ${curve[0].toFixed(4)} -> ${curve[curve.length - 1].toFixed(4)}`);
console.log(`${(right * 100).toFixed(1)}% of the points are in their kingdom`);
console.log('centres of the species:');
console.log(String(tensor(await state['layers.kingdoms.attached.centers'].toHost())));
await close();
