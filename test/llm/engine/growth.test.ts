/** What an engine holds and makes as its sequences grow. */
import { describe, expect, it } from 'vitest';
import { elementCount, tensorData, type TensorData } from '../../../src/base/tensor.js';
import { cacheShape, cachesOf } from '../../../src/llm/model/cache.js';
import { backendAt } from '../../../src/llm/engine/place.js';
import { openNodeDevice } from '../../../src/node/index.js';
import { openWasmDevice } from '../../../src/runtime/wasm/device.js';
import { availableGpus } from '../../support/gpu.js';
import { engineOf, QUICK } from '../support/models.js';
import { tinyModel } from '../support/tiny.js';

const zeros = (shape: readonly number[]): TensorData =>
  tensorData('f32', shape, new Float32Array(elementCount(shape)));
const text = (length: number): number[] => Array.from({ length }, (_, i) => 3 + (i % 300));

it('all programs run in one arena', async () => {
  const engine = await engineOf(tinyModel(QUICK), backendAt(await openWasmDevice({ threads: 1 })));
  const sequence = engine.sequence();
  const own = (): number => engine.memory.bytes - engine.memory.tensorBytes;
  await engine.advance([{ sequence, tokens: text(192) }]);
  const first = own();
  for (const tokens of [[7], text(8), [5], text(30)]) await engine.advance([{ sequence, tokens }]);
  const other = engine.sequence();
  await engine.advance([sequence, other].map((each) => ({ sequence: each, tokens: [9] })));
  expect(own()).toBe(first);
  engine.dispose();
  for (const each of [sequence, other]) each.dispose();
  // Memory is given back in the order of the queues.
  await new Promise(setImmediate);
  await engine.backend.read([]);
  expect(engine.memory).toEqual({ bytes: 0, tensorBytes: 0 });
});

describe.each(availableGpus.slice(-1))('%s', (name) => {
  it('single tokens take the pipelines of a smaller capacity, no buffers, and one submit', async () => {
    const device = await openNodeDevice(`webgpu:${name === 'swiftshader' ? name : 'llvmpipe'}`);
    const { gpu } = device;
    const made = { pipelines: 0, buffers: 0, submits: 0 };
    const [pipeline, buffer] = [gpu.createComputePipelineAsync.bind(gpu), gpu.createBuffer.bind(gpu)];
    gpu.createComputePipelineAsync = (descriptor) => (made.pipelines++, pipeline(descriptor));
    gpu.createBuffer = (descriptor) => (made.buffers++, buffer(descriptor));
    const submit = gpu.queue.submit.bind(gpu.queue);
    gpu.queue.submit = (commands) => (made.submits++, submit(commands));
    const engine = await engineOf(tinyModel({ ...QUICK, width: 128, hidden: 128 }), backendAt(device));
    /** What each of three tokens behind `length` others makes. */
    const afterwards = async (length: number): Promise<readonly (typeof made)[]> => {
      const caches = cachesOf(1, 1).map(({ kind }) => zeros(cacheShape(kind, engine.hyper, length)));
      const sequence = engine.restore({ tokens: text(length), caches });
      const found: (typeof made)[] = [];
      for (let i = 0; i < 3; i++) {
        const before = { ...made };
        await engine.advance([{ sequence, tokens: [7] }]);
        found.push({
          pipelines: made.pipelines - before.pipelines,
          buffers: made.buffers - before.buffers,
          submits: made.submits - before.submits,
        });
      }
      return found;
    };
    const nothing = { pipelines: 0, buffers: 0, submits: 1 };
    const [first, ...later] = await afterwards(130);
    expect(first.pipelines).toBeGreaterThan(0);
    expect(later).toEqual([nothing, nothing]);
    const [grown, ...latest] = await afterwards(260);
    expect(grown.pipelines).toBe(0);
    expect(latest).toEqual([nothing, nothing]);
    engine.dispose();
    gpu.destroy();
  });
});
