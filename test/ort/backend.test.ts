/** Heddle behind the session class of somebody else: of onnxruntime-common, and of onnxruntime-web, which has its own copy. */
import * as common from 'onnxruntime-common';
import * as web from 'onnxruntime-web';
import { expect, test } from 'vitest';
import { backend } from '../../src/ort/node-api.js';
import * as models from './models.js';

test.each([
  ['onnxruntime-common', common],
  ['onnxruntime-web', web],
])('registered with %s', async (_, ort) => {
  ort.registerBackend('heddle', backend, 1);
  const session = await ort.InferenceSession.create(models.batched, { executionProviders: ['heddle'] });
  expect([session.inputNames, session.outputNames]).toEqual([['x'], ['y', 'label']]);
  expect(session.inputMetadata).toEqual([
    { name: 'x', isTensor: true, type: 'float32', shape: ['batch', 2] },
  ]);
  const { y, label } = await session.run({ x: new ort.Tensor('float32', [1, 2], [1, 2]) });
  expect(Array.from(y.data as Float32Array)).toEqual([0, 8, 0]);
  expect(Array.from(label.data as BigInt64Array)).toEqual([1n]);
  await expect(session.run({ x: y, y })).rejects.toThrow(/INPUT_UNKNOWN/);
  await session.release();
});
