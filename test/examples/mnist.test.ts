/** The MNIST example, in short: on drawn digits, since a fresh clone has no MNIST. See mnist.long.test.ts for the whole. */
import { describe, expect, test } from 'vitest';
import { drawnDigits } from '../../examples/drawn-digits/index.js';
import { onDevices } from '../tensor/support.js';
import { trainSideBySide } from './support.js';

/** One batch, seen over and over: that it is learnt shows after a few steps. */
const digits = drawnDigits({ count: 16, seed: 1 });

onDevices((pair) => {
  describe.each(['mlp', 'cnn'] as const)('%s', (name) => {
    test('trains with the bits of the reference at every step', async () => {
      const { device, reference } = pair();
      const settings = { epochs: 1, batchSize: 16, learningRate: 0.002, seed: 1 };
      const losses = await trainSideBySide(name, digits, [device, reference], 12, settings);
      expect(losses.at(-1)).toBeLessThan(losses[0] * 0.95);
    }, 240_000);
  });
});
