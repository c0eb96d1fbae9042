/** The example of characters as a whole: `npm run test:long`. Needs the text, in $HEDDLE_DATA/text or ../shared/text. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { openWasmDevice, wasm, webgpu, type Backend } from 'heddle';
import { characterDataset } from 'heddle/data';
import { CharacterLstm } from '../../examples/characters/model.js';
import { train, validate } from '../../examples/characters/train.js';
import { testDevice } from '../support/differential.js';
import { availableGpus } from '../support/gpu.js';

const file = join(
  process.env.HEDDLE_DATA ?? fileURLToPath(new URL('../../../shared', import.meta.url)),
  'text/shakespeare.txt',
);
const SHAPE = { rows: 32, steps: 64 };
const SETTINGS = { ...SHAPE, updates: 1000, learningRate: 0.006 };
const UNITS = 256;

async function learn(backend: Backend, until: number, validated = 0) {
  const data = characterDataset(readFileSync(file, 'utf8'), { context: SHAPE.steps, batchSize: SHAPE.rows });
  const model = new CharacterLstm(data.vocabulary.size, UNITS, 1);
  const trained = await train(model, data.train.tokens, backend, { ...SETTINGS, until }, () => {});
  const { tokens } = data.validation;
  const validation = validated && (await validate(trained.model, tokens, backend, SHAPE, validated));
  return { losses: trained.losses, validation };
}

describe.runIf(existsSync(file))('256 units, tiny Shakespeare, 64 characters back', () => {
  test('the first 100 updates have the same bits on all devices', async () => {
    const expected = await learn(wasm(await openWasmDevice({ threads: 1 })), 100);
    for (const name of availableGpus) {
      const backend = webgpu({ ...(await testDevice(name)), software: true });
      expect((await learn(backend, 100)).losses, name).toEqual(expected.losses);
      backend.dispose();
    }
  }, 7_200_000);

  test('1,000 updates leave a validation loss below 2 nats', async () => {
    const backend = wasm(await openWasmDevice());
    const { losses, validation } = await learn(backend, SETTINGS.updates, 20);
    expect(losses).toHaveLength(SETTINGS.updates);
    expect(validation).toBeLessThan(2);
    await backend.dispose();
  }, 7_200_000);
});
