/** The real MNIST, from the data folder ($HEDDLE_DATA, or ../shared): where it is missing, that is a failure. */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { batchAt, batches, split } from '../../src/data/index.js';
import { loadMnist } from '../../src/data/node.js';

const data = process.env.HEDDLE_DATA ?? fileURLToPath(new URL('../../../shared', import.meta.url));

test('MNIST: sizes, classes and an epoch', async () => {
  const folder = `${data}/mnist`;
  if (!existsSync(folder))
    throw new Error(`there is no ${folder}: set HEDDLE_DATA to the folder that has mnist/ in it`);
  const { train, test: held } = await loadMnist(folder);
  expect([train.size, held.size]).toEqual([60_000, 10_000]);
  expect(train.features.shape).toEqual([1, 28, 28]);
  const counts = new Array<number>(10).fill(0);
  let ink = 0;
  for (const { x, y } of batches(train, { batchSize: 1000, seed: 1 })) {
    for (const label of y.data) counts[label]++;
    for (const share of x.data) ink += share;
  }
  // As the publisher counts them; the mean is the one that everybody normalises by.
  expect(counts).toEqual([5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]);
  expect(ink / (60_000 * 784)).toBeCloseTo(0.1307, 4);
  expect([...batchAt(held, { batchSize: 5, shuffle: false }, 0, 0).y.data]).toEqual([7, 2, 1, 0, 4]);
  expect(split(train, 5 / 6, 1).map(({ size }) => size)).toEqual([50_000, 10_000]);
});
