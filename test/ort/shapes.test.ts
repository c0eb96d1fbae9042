/** Sessions that meet many shapes: programs share what they have in common, and each gives its own bits. */
import type { InferenceSession as Session } from 'onnxruntime-common';
import { describe, expect, test, vi } from 'vitest';
import { encodeModel, node, port, tensor } from '../../scripts/onnx-proto.mjs';
import { tensorData } from '../../src/base/tensor.js';
import { importOnnx } from '../../src/frontends/onnx/index.js';
import { interpret } from '../../src/interpreter/index.js';
import { InferenceSession, Tensor } from '../../src/ort/node-api.js';
import { wave } from '../runtime/support.js';
import { availableGpus, openGpu } from '../support/gpu.js';

/** Attention of a sequence on itself: its length stands in strides, grids, loops and a mean. */
const attention = encodeModel(
  {
    node: [
      node('MatMul', ['x', 'w'], ['q']),
      node('Transpose', ['x'], ['k'], { perm: [0, 2, 1] }),
      node('MatMul', ['q', 'k'], ['scores']),
      node('Softmax', ['scores'], ['p'], { axis: -1 }),
      node('MatMul', ['p', 'x'], ['y']),
      node('ReduceMean', ['y'], ['mean'], { axes: [1], keepdims: 0 }),
    ],
    initializer: [tensor('w', 'float', [8, 8], wave(64, 2))],
    input: [port('x', 'float', [1, 'time', 8])],
    output: [port('y', 'float', [1, 'time', 8]), port('mean', 'float', [1, 8])],
  },
  { opset: 17 },
);

const given = (time: number): Float32Array => wave(time * 8, time);

async function expectOwnBits(session: Session, time: number): Promise<void> {
  const x = new Tensor('float32', given(time), [1, time, 8]);
  const { y, mean } = await session.run({ x });
  const { outputs } = interpret(importOnnx(attention), { x: tensorData('f32', [1, time, 8], given(time)) });
  expect([y.data, mean.data]).toEqual([outputs.y.data, outputs.mean.data]);
}

describe.each(availableGpus)('on %s', (name) => {
  test('a growing sequence takes its weights once, and no pipelines after a while', async () => {
    const { device } = await openGpu(name);
    const session = await InferenceSession.create(attention, {
      executionProviders: [{ name: 'webgpu', device }],
    });
    const pipelines = vi.spyOn(device, 'createComputePipelineAsync');
    const buffers = vi.spyOn(device, 'createBuffer');
    const made: number[] = [];
    for (let time = 33; time < 40; time++) {
      pipelines.mockClear();
      await expectOwnBits(session, time);
      made.push(pipelines.mock.calls.length);
    }
    expect(made[0]).toBeGreaterThan(0);
    expect(made.slice(2)).toEqual([0, 0, 0, 0, 0]);
    const uploads = buffers.mock.calls.filter(([{ label }]) => label?.startsWith('weight ') === true);
    expect(uploads.length).toBe(1);
    await session.release();
    device.destroy();
  });

  test('a shape that comes again long after has the bits and the pipelines that it had', async () => {
    const { device } = await openGpu(name);
    const session = await InferenceSession.create(attention, {
      executionProviders: [{ name: 'webgpu', device }],
    });
    for (let time = 33; time < 51; time++) await expectOwnBits(session, time);
    const pipelines = vi.spyOn(device, 'createComputePipelineAsync');
    for (const time of [33, 34, 50]) await expectOwnBits(session, time);
    expect(pipelines).not.toHaveBeenCalled();
    await session.release();
    device.destroy();
  });
});

test('runs of several shapes at once', async () => {
  const session = await InferenceSession.create(attention, { executionProviders: ['wasm'] });
  await Promise.all([5, 3, 5, 9, 1, 3].map((time) => expectOwnBits(session, time)));
  await session.release();
});

test('a run that fails leaves the session as it was', async () => {
  const session = await InferenceSession.create(attention, { executionProviders: ['wasm'] });
  const bad = session.run({ x: new Tensor('float32', given(2), [1, 4, 4]) });
  await expect(bad).rejects.toMatchObject({ name: 'HeddleError' });
  await expectOwnBits(session, 4);
  await session.release();
});
