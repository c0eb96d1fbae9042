/** The same programs on onnxruntime-web and on Heddle: only the import differs. */
import * as foreign from 'onnxruntime-web';
import { describe, expect, test } from 'vitest';
import * as page from '../../src/ort/index.js';
import * as node from '../../src/ort/node.js';
import { batched, overridable } from './models.js';
import { PROGRAMS } from './programs.js';

foreign.env.wasm.numThreads = 1;
foreign.env.logLevel = 'fatal';

describe('in Node', () => {
  test.each(Object.entries(PROGRAMS))('%s', async (_, program) => {
    expect(await program(node)).toEqual(await program(foreign));
  });
});

test.each([
  ['in a page', page],
  ['as the default import', node.default],
])('%s', async (_, ort) => {
  const program = PROGRAMS['several batches in one session, labels as bigints'];
  expect(await program(ort)).toEqual(await program(foreign));
});

test('types have the names that programs use', async () => {
  const options: page.InferenceSession.SessionOptions = { executionProviders: ['wasm'] };
  const session: page.InferenceSession = await page.InferenceSession.create(batched, options);
  const feeds: page.InferenceSession.FeedsType = { x: new page.Tensor('float32', [1, 2], [1, 2]) };
  const results: page.InferenceSession.ReturnType = await session.run(feeds);
  const y = results.y as page.TypedTensor<'float32'>;
  expect(Array.from(y.data)).toEqual([0, 8, 0]);
  await session.release();
});

test('an initializer that a run overrides, for which onnxruntime-web has no name', async () => {
  const session = await node.InferenceSession.create(overridable, { executionProviders: ['cpu'] });
  const [x, scale] = [new node.Tensor('float32', [1, 2], [2]), new node.Tensor('float32', [3, 4], [2])];
  const runs = [await session.run({ x }), await session.run({ x, scale }), await session.run({ x })];
  expect(session.inputNames).toEqual(['x']);
  expect(runs.map(({ y }) => Array.from(y.data as Float32Array))).toEqual([
    [10, 200],
    [3, 8],
    [10, 200],
  ]);
  await session.release();
});

test("memory for a result is written, which onnxruntime-web's wasm leaves alone", async () => {
  const session = await node.InferenceSession.create(batched, { executionProviders: ['cpu'] });
  const y = new node.Tensor('float32', new Float32Array(6), [2, 3]);
  const results = await session.run({ x: new node.Tensor('float32', [1, 2, 3, 4], [2, 2]) }, { y });
  expect(results.y).toBe(y);
  expect(Array.from(y.data)).toEqual([0, 8, 0, 0, 14, 0]);
  expect(Object.keys(results)).toEqual(['y']);
  await session.release();
});
