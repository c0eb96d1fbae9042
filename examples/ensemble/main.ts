/**
 * `npm run example ensemble`: experts that each see another part of the picture learn digits; the pair whose right answers complement each
 * other best is found, and grafted into one network, whose gate learns when to listen to whom.
 */
import Table from 'cli-table3';
import { jit, losses, metrics, readAll, tensor, type Tensor } from 'heddle';
import { fromConfig, graft, type Chain } from 'heddle/config';
import { batchAt } from 'heddle/data';
import { command, count, readOptions } from '../arguments.js';
import { openBackend } from '../device.js';
import { drawnDigits } from '../drawn-digits/index.js';
import { fitFullBatch } from '../full-batch.js';

const { device, steps } = readOptions<{ readonly device: string; readonly steps: number }>(
  command('ensemble', 'Finds experts that complement each other, and grafts them.', 'best').option(
    '--steps <n>',
    'training steps of an expert',
    count,
    30,
  ),
);
const [CLASSES, TRAIN, TEST] = [10, 1000, 500];
const all = (size: number, seed: number): { readonly x: Tensor; readonly y: Tensor } => {
  const { x, y } = batchAt(drawnDigits({ count: size, seed }), { batchSize: size, shuffle: false }, 0, 0);
  return { x: tensor(x), y: tensor(y) };
};
const [train, test] = [all(TRAIN, 1), all(TEST, 2)];
const { backend, close } = await openBackend(device);

/** An expert begins with a layer that passes one part of the picture: a frozen mask, and no training changes it. */
const VIEWS = {
  upper: (row: number) => row < 14,
  lower: (row: number) => row >= 14,
  left: (_: number, column: number) => column < 14,
  right: (_: number, column: number) => column >= 14,
} as const;
const SIDE = 28;

const configOf = (seed: number) =>
  ({
    input: [1, SIDE, SIDE],
    seed,
    layers: [
      { type: 'dense', output_size: SIDE * SIDE, bias: false, frozen: true, name: 'view' },
      { type: 'dense', output_size: 32, activation: 'tanh' },
      { type: 'dense', output_size: CLASSES },
    ],
  }) as const;

function expert(seed: number, sees: (row: number, column: number) => boolean): Chain {
  const mask = new Float32Array((SIDE * SIDE) ** 2);
  for (let i = 0; i < SIDE * SIDE; i++)
    if (sees(Math.floor(i / SIDE), i % SIDE)) mask[i * SIDE * SIDE + i] = 1;
  const network = fromConfig(configOf(seed));
  return network.load({ ...network.state(), 'layers.view.weight': tensor(mask, { shape: [SIDE * SIDE, SIDE * SIDE] }) }); // prettier-ignore
}

const [x, y] = [train.x.to(backend), train.y.to(backend)];
const learn = (network: Chain, own: number): Promise<{ readonly network: Chain }> =>
  fitFullBatch(network, (net: Chain) => losses.crossEntropy(net.call(x), y), {
    backend,
    steps: own,
    rate: 0.005,
  });
const [{ data: labels }] = await readAll([test.y]);
async function rightOf(network: Chain): Promise<boolean[]> {
  const run = jit((net: Chain, pictures: Tensor) => net.call(pictures).argmax({ axis: 1 }), { backend });
  const [{ data }] = await readAll([run(network, test.x)]);
  run.dispose();
  return Array.from(data, (answer, i) => answer === labels[i]);
}

const names = Object.keys(VIEWS);
const networks: Chain[] = [];
for (const [i, sees] of Object.values(VIEWS).entries())
  networks.push((await learn(expert(i + 1, sees), steps)).network);
const correct = await Promise.all(networks.map(rightOf));
const report = metrics.ensemble(correct);
const percent = (part: number): string => `${(part * 100).toFixed(1)}%`;
const pairs = new Table({ head: ['experts', 'one is right', 'both are right'], style: { head: [] } });
names.forEach((name, i) => console.log(`${name.padEnd(6)} ${percent(report.accuracies[i])} right`));
for (const { a, b, coverage, overlap } of report.pairs) pairs.push([`${names[a]}, ${names[b]}`, percent(coverage), percent(overlap)]); // prettier-ignore
console.log(pairs.toString());
console.log(`any of them is right on ${percent(report.coverage)}; each next one adds most in the order ${report.order.map((i) => names[i]).join(', ')}`); // prettier-ignore

const [{ a, b }] = report.pairs;
const both = graft(
  [a, b].map((i) => ({ config: configOf(i + 1), weights: networks[i].state() })),
  { combine: 'add' },
);
const grafted = fromConfig(both.config, { weights: both.weights });
const before = await rightOf(grafted);
const after = await rightOf((await learn(grafted.to(backend), Math.ceil(steps / 2))).network);
const rate = (right: readonly boolean[]): string => percent(right.filter(Boolean).length / right.length);
console.log(
  `${names[a]} and ${names[b]}, grafted: ${rate(before)} right, and ${rate(after)} after more training`,
);
await close();
