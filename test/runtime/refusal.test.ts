/** Whom a refusal of the device concerns, and whom not. */
import { expect, test } from 'vitest';
import { tensorData } from '../../src/base/tensor.js';
import { DeviceHeap } from '../../src/runtime/heap.js';
import { MOCK_MEMORY, mockDevice } from './mock-gpu.js';

const DATA = tensorData('f32', [3], Float32Array.of(1, 2, 3));
const TOO_MANY = [MOCK_MEMORY];
const EXHAUSTED = { code: 'DEVICE_LIMIT', message: expect.stringContaining('no memory left') as string };

test('a sound tensor can be read while, and after, another is refused', async () => {
  const heap = new DeviceHeap(mockDevice());
  const a = heap.upload(DATA);
  expect(await heap.read([a])).toEqual([DATA]);
  const large = heap.allocate('f32', TOO_MANY);
  const both = [heap.read([a]), heap.read([a, large])];
  expect(await both[0]).toEqual([DATA]);
  // The reason, not that a copy of it is not valid.
  await expect(both[1]).rejects.toMatchObject(EXHAUSTED);
  expect(await heap.read([a])).toEqual([DATA]);
  await expect(heap.read([large])).rejects.toMatchObject(EXHAUSTED);
  expect(() => heap.checkHeld(large, 'here')).toThrow(/DEVICE_LIMIT/);
  heap.free(large);
  expect(await heap.read([heap.upload(DATA), a])).toEqual([DATA, DATA]);
});

test('what is written while a refusal is not known yet is not to be trusted, also where it is freed at once', async () => {
  const heap = new DeviceHeap(mockDevice());
  heap.allocate('f32', TOO_MANY);
  const meanwhile = heap.upload(DATA);
  const reading = heap.read([meanwhile]);
  heap.free(meanwhile);
  await expect(reading).rejects.toMatchObject(EXHAUSTED);
  expect(await heap.read([heap.upload(DATA)])).toEqual([DATA]);
});

test('a read that finds no memory concerns itself only', async () => {
  const heap = new DeviceHeap(mockDevice());
  const parts = Array.from({ length: 3 }, () => heap.allocate('f32', [MOCK_MEMORY / 8]));
  const [a, reading] = [heap.upload(DATA), heap.read(parts)];
  const b = heap.upload(DATA);
  await expect(reading).rejects.toMatchObject(EXHAUSTED);
  expect(await heap.read([a, b])).toEqual([DATA, DATA]);
  expect((await heap.read(parts.slice(0, 1)))[0].shape).toEqual([MOCK_MEMORY / 8]);
});

test('a heap forgets what it noted of refusals once all is known', async () => {
  const heap = new DeviceHeap(mockDevice());
  const noted = (): number => (Reflect.get(heap, 'recent') as readonly unknown[]).length;
  for (let i = 0; i < 3; i++) {
    for (let j = 0; j < 5; j++) heap.free(heap.allocate('f32', TOO_MANY));
    expect(noted()).toBe(5);
    await new Promise((resolve) => setTimeout(resolve, 10));
    expect(noted()).toBe(0);
  }
});
