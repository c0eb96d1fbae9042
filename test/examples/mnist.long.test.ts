/** MNIST, really trained: `npm run test:long`. Needs the data, in $HEDDLE_DATA/mnist or ../shared/mnist. */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { loadMnist } from 'heddle/data/node';
import { MODELS } from '../../examples/mnist/models.js';
import { accuracy, train } from '../../examples/mnist/train.js';
import { onDevices } from '../tensor/support.js';
import { trainSideBySide } from './support.js';

const folder = join(
  process.env.HEDDLE_DATA ?? fileURLToPath(new URL('../../../shared', import.meta.url)),
  'mnist',
);

const WANTED = { mlp: 0.98, cnn: 0.99 } as const;
const SETTINGS = {
  mlp: { epochs: 15, batchSize: 128, learningRate: 0.004, seed: 1 },
  cnn: { epochs: 12, batchSize: 128, learningRate: 0.002, seed: 1 },
} as const;

describe.each(['mlp', 'cnn'] as const)('%s', (name) => {
  onDevices(
    (pair) => {
      test('200 steps have the bits of the reference', async () => {
        const { device, reference } = pair();
        const { train: digits } = await loadMnist(folder);
        const settings = { ...SETTINGS[name], batchSize: 32 };
        const losses = await trainSideBySide(name, digits, [device, reference], 200, settings);
        expect(losses.at(-1)).toBeLessThan(1);
      }, 7200_000);
    },
    [{ threads: 1 }, { threads: 2 }, { threads: 3 }],
  );

  test(`reaches ${WANTED[name] * 100}%`, async () => {
    const { openBackend } = await import('../../examples/device.js');
    const { backend, close } = await openBackend('webgpu');
    const mnist = await loadMnist(folder);
    const { model } = await train(MODELS[name](1), mnist.train, backend, SETTINGS[name]);
    expect(await accuracy(model, mnist.test, backend)).toBeGreaterThanOrEqual(WANTED[name]);
    await close();
  }, 7200_000);
});
