import { describe, expect, test, vi } from 'vitest';
import { tensorData, type TensorData } from '../../src/base/tensor.js';
import { prepare } from '../../src/compile.js';
import { GraphBuilder } from '../../src/ir/builder.js';
import { Executable } from '../../src/runtime/executable.js';
import { DeviceHeap } from '../../src/runtime/heap.js';
import { sizeClass } from '../../src/runtime/pool.js';
import { differenceOf, testDevice } from '../support/differential.js';
import { availableGpus } from '../support/gpu.js';
import { tensorOf } from '../support/tensors.js';
import { openProbed, preludes, wave } from './support.js';

const vector = (phase: number, length = 100): TensorData => tensorData('f32', [length], wave(length, phase));

test('sizes of buffers waste at most a fifth, and are sizes of their own', () => {
  for (let bytes = 4; bytes < 2 ** 31; bytes = 4 * Math.ceil((bytes * 1.07) / 4)) {
    const size = sizeClass(bytes);
    expect(size).toBeGreaterThanOrEqual(bytes);
    if (bytes >= 256) expect(bytes / size).toBeGreaterThan(0.8);
    expect(sizeClass(size)).toBe(size);
    expect(size % 4).toBe(0);
  }
});

describe.each(availableGpus)('%s', (name) => {
  const open = async (): Promise<DeviceHeap> => new DeviceHeap(await testDevice(name));

  test('what is uploaded is read again', async () => {
    const heap = await open();
    const given = (['f32', 'f16', 'i32', 'u32', 'bool'] as const).flatMap((dtype, i) => [
      tensorOf(dtype, [7, 13], i, 'hostile'),
      tensorOf(dtype, [], i),
      tensorOf(dtype, [3, 0], i),
    ]);
    const tensors = given.map((data) => heap.upload(data));
    const found = await heap.read(tensors);
    found.forEach((tensor, i) => expect(differenceOf(tensor, given[i])).toBe(undefined));
    expect(await heap.read([])).toEqual([]);
    heap.dispose();
  });

  test('freed memory is used again, and a read sees what was there when it was asked for', async () => {
    const heap = await open();
    const [a, b] = [heap.upload(vector(1)), heap.upload(vector(2))];
    const before = [heap.bytes, heap.liveBytes];
    const first = heap.read([a, b]);
    heap.free(a);
    expect(heap.liveBytes).toBe(before[1] / 2);
    const c = heap.upload(vector(3, 110));
    expect(c.buffer).toBe(a.buffer);
    const second = heap.read([c]);
    const found = [...(await first), ...(await second)];
    [vector(1), vector(2), vector(3, 110)].forEach((data, i) =>
      expect(differenceOf(found[i], data)).toBe(undefined),
    );
    heap.free(c);
    heap.free(b);
    expect(heap.liveBytes).toBe(0);
    expect(heap.bytes).toBeGreaterThan(0);
    heap.trim();
    expect(heap.bytes).toBe(0);
    heap.dispose();
  });

  test('memory that waits is bounded', async () => {
    const heap = await open();
    const MIB = 2 ** 20;
    const tensors = Array.from({ length: 10 }, () => heap.allocate('f32', [4 * MIB]));
    for (const tensor of tensors) heap.free(tensor);
    expect(heap.liveBytes).toBe(0);
    expect(heap.bytes).toBeLessThanOrEqual(80 * MIB);
    heap.dispose();
  });

  test('what was freed, or is of another heap, is refused', async () => {
    const [heap, other] = [await open(), await open()];
    const tensor = heap.upload(vector(1));
    expect(() => other.free(tensor)).toThrow(/TENSOR_DISPOSED/);
    await expect(other.read([tensor])).rejects.toMatchObject({ code: 'TENSOR_DISPOSED' });
    heap.free(tensor);
    expect(() => heap.free(tensor)).toThrow(/TENSOR_DISPOSED/);
    await expect(heap.read([tensor])).rejects.toMatchObject({ code: 'TENSOR_DISPOSED' });
    expect(() => heap.upload({ dtype: 'f32', shape: [3], data: new Float32Array(2) })).toThrow(/INPUT_SHAPE/);
    expect(() => heap.upload({ dtype: 'f32', shape: [2], data: new Int32Array(2) })).toThrow(/INPUT_DTYPE/);
    expect(() => heap.allocate('f32', [2 ** 40])).toThrow(/DEVICE_LIMIT/);
    expect(heap.liveBytes).toBe(0);
    heap.dispose();
    expect(() => heap.allocate('f32', [1])).toThrow(/USAGE/);
    other.dispose();
  });

  test('what the device refuses shows at the next read', async () => {
    const b = new GraphBuilder('wrong');
    b.output('y', b.unary('exp', b.param('x', 'f32', [100])));
    const { plan } = prepare({ graph: b.build(), weights: new Map() }, { residents: true }).planned;
    const wrong = {
      ...plan,
      commands: plan.commands.map((command) => ({
        ...command,
        regions: command.regions.map((region) => ({ ...region, size: region.size + 1_000_000 })),
      })),
    };
    const device = await testDevice(name);
    const none = (): never => {
      throw new Error('no weights');
    };
    const executable = await Executable.create(wrong, preludes, none, device);
    const heap = await open();
    const x = heap.upload(vector(1));
    const { y } = executable.dispatch({ x }, heap);
    await expect(heap.read([y])).rejects.toMatchObject({ code: 'DEVICE_VALIDATION' });
    // What was there before is as good as it was; what is made from the rest is not.
    expect((await heap.read([x]))[0].data).toEqual(vector(1).data);
    await expect(heap.read([y])).rejects.toMatchObject({ code: 'DEVICE_VALIDATION' });
    expect(() => executable.dispatch({ x: y }, heap)).toThrow(/DEVICE_VALIDATION/);
    heap.free(y);
    const inputs = { x: vector(1) };
    for (let i = 0; i < 2; i++)
      await expect(executable.run(inputs)).rejects.toMatchObject({ code: 'DEVICE_VALIDATION' });
    executable.dispose();
    heap.dispose();
  });

  test('after a refusal the heap goes on', async () => {
    const device = await testDevice(name);
    const heap = await open();
    const before = heap.upload(vector(1));
    const create = device.gpu.createBuffer.bind(device.gpu);
    const tooLarge = (descriptor: GPUBufferDescriptor): GPUBuffer => create({ ...descriptor, size: 2 ** 40 });
    const spy = vi.spyOn(device.gpu, 'createBuffer').mockImplementationOnce(tooLarge);
    const refused = heap.allocate('f32', [100]);
    spy.mockRestore();
    const reading = heap.read([refused]);
    heap.free(refused);
    await expect(reading).rejects.toMatchObject({ code: expect.stringMatching(/^DEVICE_/) as string });

    expect((await heap.read([before]))[0].data).toEqual(vector(1).data);
    const after = heap.upload(vector(3));
    expect((await heap.read([after]))[0].data).toEqual(vector(3).data);

    expect(heap.liveBytes).toBeGreaterThan(0);
    heap.dispose();
  });

  test('a lost device shows in every call', async () => {
    const device = await openProbed(name);
    const b = new GraphBuilder('exp');
    b.output('y', b.unary('exp', b.param('x', 'f32', [100])));
    const { plan } = prepare({ graph: b.build(), weights: new Map() }, { residents: true }).planned;
    const none = (): never => {
      throw new Error('no weights');
    };
    const executable = await Executable.create(plan, preludes, none, device);
    const heap = new DeviceHeap(device);
    const x = heap.upload(vector(1));
    const { y } = executable.dispatch({ x }, heap);
    await heap.read([y]);
    const read = expect(heap.read([y])).rejects.toMatchObject({ code: 'DEVICE_LOST' });
    device.gpu.destroy();
    await read;
    await expect(heap.read([y])).rejects.toMatchObject({ code: 'DEVICE_LOST' });
    expect(() => heap.upload(vector(1))).toThrow(/DEVICE_LOST/);
    expect(() => executable.dispatch({ x }, heap)).toThrow(/DEVICE_LOST/);
    await expect(executable.run({ x: vector(1) })).rejects.toMatchObject({ code: 'DEVICE_LOST' });
    heap.dispose();
  });
});
