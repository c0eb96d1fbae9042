/** Training for a long time takes no more memory than for a short one: `npm run test:long`. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, test } from 'vitest';
import { tensor } from 'heddle';
import { batchAt } from 'heddle/data';
import { drawnDigits } from '../../examples/drawn-digits/index.js';
import { MODELS } from '../../examples/mnist/models.js';
import { trainingStep } from '../../examples/mnist/train.js';
import { onGpus } from '../tensor/support.js';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

describe('2,000 steps', () => {
  onGpus((pair) => {
    test('take the device memory of 10, and the heap stays flat', async () => {
      const { gpu } = pair();
      const data = drawnDigits({ count: 640, seed: 1 });
      const { step, init } = trainingStep(2000, { epochs: 1, batchSize: 16, learningRate: 0.001, seed: 1 });
      let model = MODELS.mlp(1).to(gpu);
      let state = init(model);
      const run = async (from: number, to: number): Promise<{ device: number; heap: number }> => {
        for (let i = from; i < to; i++) {
          const { x, y } = batchAt(data, { batchSize: 16 }, Math.floor(i / 40), i % 40);
          const result = step(model, state, tensor(x), tensor(y));
          [model, state] = [result.model, result.state];
          if (i % 10 === 9) await result.loss.item();
          result.loss.dispose();
        }
        collect();
        return { device: gpu.memory.bytes, heap: process.memoryUsage().heapUsed };
      };
      const ten = await run(0, 10);
      const hundred = await run(10, 100);
      const all = await run(100, 2000);
      expect(all.device).toBe(ten.device);
      expect(all.heap).toBeLessThan(hundred.heap + 4e6);
    }, 1200_000);
  });
});
