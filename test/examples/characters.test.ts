/** The example of characters, in short: on a text of a few lines. See characters.long.test.ts for the whole. */
import { describe, expect, test } from 'vitest';
import { readAll, treeLeaves, type Backend } from 'heddle';
import { characterDataset } from 'heddle/data';
import { CharacterLstm } from '../../examples/characters/model.js';
import { train } from '../../examples/characters/train.js';
import { differenceOf } from '../support/differential.js';
import { onDevices } from '../tensor/support.js';

const TEXT =
  'Tell me, where is fancy bred, or in the heart or in the head? How begot, how nourished?\n'.repeat(6);
const SHAPE = { rows: 2, steps: 4 };
const [UNITS, UPDATES] = [8, 6];

async function learn(backend: Backend): Promise<{
  readonly losses: readonly number[];
  readonly weights: Awaited<ReturnType<typeof readAll>>;
}> {
  const data = characterDataset(TEXT, { context: SHAPE.steps, batchSize: SHAPE.rows });
  const model = new CharacterLstm(data.vocabulary.size, UNITS, 1);
  const settings = { ...SHAPE, updates: UPDATES, learningRate: 0.05 };
  const trained = await train(model, data.train.tokens, backend, settings, () => {});
  return { losses: trained.losses, weights: await readAll(treeLeaves(trained.model)) };
}

onDevices((pair) => {
  describe('an LSTM by truncated back-propagation', () => {
    test('has the bits of the reference at every update, and learns', async () => {
      const { device, reference } = pair();
      const [found, expected] = [await learn(device), await learn(reference)];
      expect(found.losses).toEqual(expected.losses);
      found.weights.forEach((tensor, i) => expect(differenceOf(tensor, expected.weights[i])).toBeUndefined());
      expect(found.losses.at(-1)).toBeLessThan(found.losses[0]);
    }, 120_000);
  });
});
