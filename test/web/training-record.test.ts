/** What a browser kept of a training: only what this release goes on with is opened. */
import { expect, test } from 'vitest';
import { saveCheckpoint, zeros } from '../../src/index.js';
import { mlp } from '../../examples/mnist/models.js';
import { trainingStep } from '../../examples/mnist/train.js';
import { isKeptTraining, recordOf, SETTINGS } from '../../web/site/training-record.js';
import { whyRefused } from '../../web/site/work/training.js';

const RECORD = structuredClone(
  recordOf({ engine: 'wasm', steps: 4, losses: [2, NaN], checkpoint: new Uint8Array(3) }),
);

test('a record is taken as it was kept', () => {
  expect(isKeptTraining(RECORD)).toBe(true);
});

test.each([
  ...Object.keys(RECORD).map((name) => ({ [name]: undefined })),
  ...Object.keys(SETTINGS).map((name) => ({ settings: { ...SETTINGS, [name]: 7 } })),
  { version: 2 },
  { engine: 'cpu' },
  { steps: NaN },
  { steps: 2.5 },
  { steps: 1 },
  { losses: [2, '1'] },
  { checkpoint: [1, 2, 3] },
])('a record is refused for %j', (changed) => {
  expect(isKeptTraining({ ...RECORD, ...changed })).toBe(false);
});

test.each([undefined, null, 3, 'text', [], new Uint8Array(4)])('%j is no record', (value) => {
  expect(isKeptTraining(value)).toBe(false);
});

const model = mlp(SETTINGS.seed);
const state = trainingStep(4, SETTINGS).init(model);
const refusal = (checkpoint: Uint8Array): string | undefined => whyRefused({ ...RECORD, checkpoint });

test('a checkpoint goes on where it is of the step that the losses end at', async () => {
  expect(refusal(await saveCheckpoint({ model, state, metadata: { step: 2 } }))).toBeUndefined();
  expect(refusal(await saveCheckpoint({ model, state, metadata: { step: 1 } }))).toBe(
    'its checkpoint is of step 1, and it has 2 losses',
  );
});

test('a checkpoint without a step, of another network, or of nothing, is refused', async () => {
  for (const step of ['2', null, 2.5, -1])
    expect(refusal(await saveCheckpoint({ model, state, metadata: { step } }))).toContain('of which step');
  const other = await saveCheckpoint({ model: { w: zeros([2]) }, state, metadata: { step: 2 } });
  expect(refusal(other)).toContain('TREE_MISMATCH');
  expect(refusal(new Uint8Array(3))).toContain('FILE_');
});
