/** Tensors in buffers of a GPU: given, kept and fed back without a detour. */
import { describe, expect, test } from 'vitest';
import { adoptDevice } from '../../src/device/templates/open.js';
import { Providers } from '../../src/ort/providers.js';
import type { Device } from '../../src/runtime/device.js';
import { InferenceSession, Tensor, env } from '../../src/ort/node-api.js';
import { availableGpus, openGpu } from '../support/gpu.js';
import * as models from './models.js';

const COPY_AND_STORAGE = 0x80 | 0x8 | 0x4;

describe.each(availableGpus)('on %s', (name) => {
  test('buffers of the program, results that stay, and results that are fed back', async () => {
    const { device } = await openGpu(name);
    const session = await InferenceSession.create(models.step, {
      executionProviders: [{ name: 'webgpu', device }],
      preferredOutputLocation: { next: 'gpu-buffer' },
    });
    const buffer = device.createBuffer({ size: 16, usage: COPY_AND_STORAGE });
    device.queue.writeBuffer(buffer, 0, Float32Array.of(1, 2, 3, 4));
    let state: Tensor = Tensor.fromGpuBuffer(buffer, { dataType: 'float32', dims: [4] });
    const x = new Tensor(Float32Array.of(1, 1, 2, 2));
    for (let i = 0; i < 3; i++) {
      const { next, y } = await session.run({ state, x });
      expect([next.location, y.location]).toEqual(['gpu-buffer', 'cpu']);
      if (i > 0) state.dispose();
      state = next;
    }
    await session.release();
    // Tensors outlive their session.
    expect(Array.from((await state.getData(true)) as Float32Array)).toEqual([4, 5, 9, 10]);
    expect(state.location).toBe('cpu');
    buffer.destroy();
    device.destroy();
  });

  test('types that are no words are laid out as onnxruntime lays them out', async () => {
    const { device } = await openGpu(name);
    const session = await InferenceSession.create(models.mixed, {
      executionProviders: [{ name: 'webgpu', device }],
      preferredOutputLocation: 'gpu-buffer',
    });
    const halves = device.createBuffer({ size: 8, usage: COPY_AND_STORAGE });
    device.queue.writeBuffer(halves, 0, Uint16Array.of(0x3c00, 0x4000, 0x4200, 0));
    const { y, j } = await session.run({
      x: Tensor.fromGpuBuffer(halves, { dataType: 'float16', dims: [3] }),
      i: new Tensor('int64', [-1n, 2n, 3n]),
    });
    // 2 and 4 and 6 as float16; -2, 4, 6 in words of 64 bits.
    const out = Tensor.fromGpuBuffer(device.createBuffer({ size: 24, usage: COPY_AND_STORAGE }), { dataType: 'int64', dims: [3] }); // prettier-ignore
    const again = await session.run({ x: y, i: j }, { j: out });
    expect(again.j).toBe(out);
    const third = await session.run({ x: y, i: out }, { j: null, y: null });
    expect(Array.from((await third.j.getData()) as BigInt64Array)).toEqual([-8n, 16n, 24n]);
    expect(Array.from((await third.y.getData()) as Uint16Array)).toEqual([0x4400, 0x4800, 0x4a00]);
    await session.release();
    device.destroy();
  });

  test('buffers are read and written in whole words, and may be empty', async () => {
    const { device } = await openGpu(name);
    const options = { executionProviders: [{ name: 'webgpu', device }], preferredOutputLocation: 'gpu-buffer' } as const; // prettier-ignore
    const session = await InferenceSession.create(models.identity('uint8'), options);
    const buffer = (size: number): GPUBuffer => device.createBuffer({ size, usage: COPY_AND_STORAGE });
    const bytes = (size: number, count: number): Tensor =>
      Tensor.fromGpuBuffer(buffer(size), { dataType: 'uint8', dims: [count] });
    await expect(session.run({ x: bytes(6, 6) })).rejects.toThrow(/INPUT_SHAPE[^]*6 bytes[^]*8 bytes[^]*whole words/); // prettier-ignore
    const x = bytes(8, 6);
    device.queue.writeBuffer(x.gpuBuffer, 0, Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8));
    await expect(session.run({ x }, { y: bytes(6, 6) })).rejects.toThrow(/INPUT_SHAPE[^]*output[^]*6 bytes[^]*8 bytes/); // prettier-ignore
    const y = bytes(8, 6);
    await session.run({ x }, { y });
    expect(Array.from((await (await session.run({ x: y })).y.getData()) as Uint8Array)).toEqual([1, 2, 3, 4, 5, 6]); // prettier-ignore
    const none = await session.run({ x: bytes(0, 0) }, { y: bytes(0, 0) });
    expect([none.y.dims, (await session.run({ x: bytes(4, 0) })).y.size]).toEqual([[0], 0]);
    await session.release();
    const words = await InferenceSession.create(models.identity('float32'), options);
    const nothing = Tensor.fromGpuBuffer(buffer(0), { dataType: 'float32', dims: [0] });
    expect((await words.run({ x: nothing })).y.dims).toEqual([0]);
    await words.release();
    device.destroy();
  });

  test('is opened once, whether hardware is asked for or not', async () => {
    const opened: boolean[] = [];
    const openOne = async (_: GPURequestAdapterOptions, hardware: boolean): Promise<Device> => {
      opened.push(hardware);
      return { ...(await adoptDevice((await openGpu(name)).device)), software: false };
    };
    const platform = { openGpu: openOne, read: () => Promise.reject(new Error()), beside: () => undefined, imageDecoders: () => ({}) }; // prettier-ignore
    const providers = new Providers(platform, () => ({ threads: 1, adapter: {}, device: undefined }));
    const [any, named] = await Promise.all([
      providers.open({}),
      providers.open({ executionProviders: ['webgpu'] }),
    ]);
    expect(any.device).toBe(named.device);
    expect(opened).toEqual([true]);
    any.release();
    named.release();
  });

  test('a buffer that is too small', async () => {
    const { device } = await openGpu(name);
    const session = await InferenceSession.create(models.step, { executionProviders: [{ name: 'webgpu', device }] }); // prettier-ignore
    const short = device.createBuffer({ size: 8, usage: COPY_AND_STORAGE });
    const state = Tensor.fromGpuBuffer(short, { dataType: 'float32', dims: [4] });
    await expect(session.run({ state, x: new Tensor(new Float32Array(4)) })).rejects.toThrow(
      /INPUT_SHAPE[^]*"state"[^]*8 bytes[^]*16 bytes/,
    );
    await session.release();
    device.destroy();
  });
});

test('a tensor on the GPU is fed to a session on the CPU', async () => {
  const options = { executionProviders: ['webgpu'], preferredOutputLocation: 'gpu-buffer' } as const;
  const gpu = await InferenceSession.create(models.step, options);
  const cpu = await InferenceSession.create(models.step, { executionProviders: ['wasm'] });
  const [state, x] = [new Tensor(Float32Array.of(1, 2, 3, 4)), new Tensor(Float32Array.of(1, 1, 1, 1))];
  const { next, y } = await gpu.run({ state, x });
  const { y: last } = await cpu.run({ state: next, x });
  expect(Array.from(last.data as Float32Array)).toEqual([3, 4, 5, 6]);
  y.dispose();
  await Promise.all([gpu.release(), cpu.release()]);
});

test('env.webgpu.device is the device of the sessions', async () => {
  const device = await env.webgpu.device;
  const session = await InferenceSession.create(models.step, { executionProviders: ['webgpu'] });
  const buffer = device.createBuffer({ size: 16, usage: COPY_AND_STORAGE });
  const state = Tensor.fromGpuBuffer(buffer, { dataType: 'float32', dims: [4] });
  const { y } = await session.run({ state, x: new Tensor(Float32Array.of(1, 2, 3, 4)) });
  expect(Array.from(y.data as Float32Array)).toEqual([1, 4, 9, 16]);
  await session.release();
  device.destroy();
});
