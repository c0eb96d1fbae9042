/** What lives as long as a device: nothing but the device. Its loss still reaches all that use it. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { tensorData } from '../../src/base/tensor.js';
import { prepare } from '../../src/compile.js';
import { Executable } from '../../src/runtime/executable.js';
import { DeviceHeap } from '../../src/runtime/heap.js';
import { ensureAlive, lossBehind, lossOf } from '../../src/runtime/loss.js';
import { mockDevice, type MockDevice } from './mock-gpu.js';
import { preludes, smallInputs, smallProgram, weightsOf } from './support.js';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

const prepared = prepare(smallProgram());
const build = (device: MockDevice): Promise<Executable> =>
  Executable.create(prepared.planned.plan, preludes, weightsOf(prepared), device);

/** Makes and uses a heap and an executable on `device`; refers to all that may be collected afterwards. */
async function use(device: MockDevice, dispose: boolean): Promise<readonly WeakRef<object>[]> {
  const weights = (id: string): ReturnType<ReturnType<typeof weightsOf>> => weightsOf(prepared)(id);
  const plan = { ...prepared.planned.plan };
  const executable = await Executable.create(plan, preludes, weights, device);
  await executable.run(smallInputs(1));
  const heap = new DeviceHeap(device);
  const tensor = heap.upload(tensorData('f32', [1], Float32Array.of(1)));
  await heap.read([tensor]);
  if (dispose) {
    executable.dispose();
    heap.dispose();
  }
  return [executable, heap, weights, plan].map((each) => new WeakRef(each));
}

test.each([true, false])('a device keeps nothing of what used it (disposed: %s)', async (dispose) => {
  const device = mockDevice();
  const used = (await Promise.all([use(device, dispose), use(device, dispose)])).flat();
  for (let i = 0; i < 50 && used.some((each) => each.deref() !== undefined); i++) {
    await new Promise((resolve) => setTimeout(resolve, 1));
    collect();
  }
  expect(used.map((each) => each.deref())).toEqual(used.map(() => undefined));
  expect(device.reactions()).toBe(1);
});

test('waiting for a loss leaves nothing behind', async () => {
  const { gpu, reactions } = mockDevice();
  for (let i = 0; i < 3; i++) await ensureAlive(gpu);
  expect(await Promise.all([lossBehind(gpu), lossBehind(gpu)])).toEqual([undefined, undefined]);
  expect([reactions(), lossOf(gpu).listeners.size]).toEqual([1, 0]);
});

test('a loss reaches runs, heaps and those that wait, also afterwards', async () => {
  const LOST = { code: 'DEVICE_LOST', found: 'unknown: gone' };
  const device = mockDevice();
  const executable = await build(device);
  const heap = new DeviceHeap(device);
  await executable.run(smallInputs(1));
  const running = expect(executable.run(smallInputs(1))).rejects.toMatchObject(LOST);
  const waiting = lossBehind(device.gpu);
  device.lose();
  await running;
  expect(await waiting).toMatchObject(LOST);
  expect(await lossBehind(device.gpu)).toMatchObject(LOST);
  expect(lossOf(device.gpu).listeners.size).toBe(0);
  expect(() => heap.allocate('f32', [1])).toThrow(/DEVICE_LOST/);
  await expect(executable.run(smallInputs(1))).rejects.toMatchObject(LOST);
  await expect(build(device)).rejects.toMatchObject(LOST);
  expect(device.reactions()).toBe(1);
});

test('a device that was lost before anybody asked', async () => {
  const device = mockDevice();
  device.lose();
  await expect(ensureAlive(device.gpu)).rejects.toMatchObject({ code: 'DEVICE_LOST' });
});
