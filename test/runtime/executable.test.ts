import { describe, expect, test } from 'vitest';
import { tensorData, type TensorData } from '../../src/base/tensor.js';
import { prepare } from '../../src/compile.js';
import { GraphBuilder } from '../../src/ir/builder.js';
import { Executable } from '../../src/runtime/executable.js';
import { availableGpus } from '../support/gpu.js';
import {
  build,
  expectEqual,
  openProbed,
  prepareSmall,
  preludes,
  reference,
  smallInputs,
  wave,
  weightsOf,
} from './support.js';

const prepared = prepareSmall();
const LOST = { code: 'DEVICE_LOST' };

/** A device that counts the buffers it makes and those that are destroyed. */
function countBuffers(device: GPUDevice): { gpu: GPUDevice; buffers: { made: number; destroyed: number } } {
  const buffers = { made: 0, destroyed: 0 };
  const createBuffer = (descriptor: GPUBufferDescriptor): GPUBuffer => {
    const buffer = device.createBuffer(descriptor);
    buffers.made++;
    const destroy = buffer.destroy.bind(buffer);
    buffer.destroy = () => {
      buffers.destroyed++;
      return destroy();
    };
    return buffer;
  };
  const gpu = new Proxy(device, {
    get(target, key) {
      if (key === 'createBuffer') return createBuffer;
      const value: unknown = Reflect.get(target, key, target);
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
  return { gpu, buffers };
}

describe.each(availableGpus)('%s', (name) => {
  test('runs, with the bits of the interpreter', async () => {
    const device = await openProbed(name);
    const executable = await build(prepared, device);
    expectEqual(
      await executable.run(smallInputs(3)),
      reference(prepared, smallInputs(3), device.profile.subnormals),
    );
    expect(executable.stats.submits).toBe(1);
    device.gpu.destroy();
  });

  test('runs that overlap queue up, each with its own inputs', async () => {
    const device = await openProbed(name);
    const executable = await build(prepared, device);
    const phases = [1, 2, 3, 4];
    const results = await Promise.all(phases.map((phase) => executable.run(smallInputs(phase))));
    phases.forEach((phase, i) =>
      expectEqual(results[i], reference(prepared, smallInputs(phase), device.profile.subnormals)),
    );
    device.gpu.destroy();
  });

  test('a second run creates nothing on the device', async () => {
    const device = await openProbed(name);
    const created: string[] = [];
    const gpu = new Proxy(device.gpu, {
      get(target, key) {
        const value: unknown = Reflect.get(target, key, target);
        if (typeof value !== 'function') return value;
        return (...args: unknown[]): unknown => {
          if (/^create(Buffer|BindGroup|.*Pipeline.*|ShaderModule|Texture|Sampler)/.test(String(key)))
            created.push(String(key));
          return (value as (...all: unknown[]) => unknown).apply(target, args);
        };
      },
    });
    const executable = await build(prepared, { ...device, gpu });
    expect(created).toContain('createBuffer');
    await executable.run(smallInputs(1));
    const before = created.length;
    await executable.run(smallInputs(2));
    expect(created.slice(before)).toEqual([]);
    device.gpu.destroy();
  });

  test('a lost device rejects the runs under way and all later ones; another device takes over', async () => {
    const device = await openProbed(name);
    const executable = await build(prepared, device);
    await executable.run(smallInputs(1));
    const pending = Promise.allSettled([1, 2, 3].map((phase) => executable.run(smallInputs(phase))));
    await Promise.resolve(); // Now the first run is under way, the others wait.
    device.gpu.destroy();
    for (const result of await pending) expect(result).toMatchObject({ status: 'rejected', reason: LOST });
    await expect(executable.run(smallInputs(1))).rejects.toMatchObject(LOST);
    await expect(build(prepared, device)).rejects.toMatchObject(LOST);

    const fresh = await openProbed(name);
    const rebuilt = await executable.rebuild(fresh);
    expectEqual(
      await rebuilt.run(smallInputs(7)),
      reference(prepared, smallInputs(7), fresh.profile.subnormals),
    );
    fresh.gpu.destroy();
  });

  test('a device that is lost at any moment never gives wrong results', async () => {
    for (const turns of [0, 1, 2, 3, 5, 8, 13, 21]) {
      const device = await openProbed(name);
      const executable = await build(prepared, device);
      const expected = reference(prepared, smallInputs(1), device.profile.subnormals);
      const run = executable.run(smallInputs(1)).then(
        (outputs) => expectEqual(outputs, expected),
        (error: unknown) => expect(error).toMatchObject(LOST),
      );
      for (let i = 0; i < turns; i++) await new Promise((resolve) => setImmediate(resolve));
      device.gpu.destroy();
      await run;
    }
  });

  test('inputs that do not fit are refused with what was expected', async () => {
    const device = await openProbed(name);
    const executable = await build(prepared, device);
    const { x } = smallInputs(1);
    await expect(executable.run({})).rejects.toMatchObject({ code: 'INPUT_MISSING', expected: 'f32[6,20]' });
    await expect(executable.run({ x, y: x })).rejects.toMatchObject({
      code: 'INPUT_UNKNOWN',
      expected: 'one of x',
    });
    const short = tensorData('f32', [6, 19], wave(114, 0));
    await expect(executable.run({ x: short })).rejects.toMatchObject({
      code: 'INPUT_SHAPE',
      found: 'f32[6,19]',
      expected: 'f32[6,20]',
    });
    const integers = tensorData('i32', [6, 20], new Int32Array(120));
    await expect(executable.run({ x: integers })).rejects.toMatchObject({
      code: 'INPUT_DTYPE',
      found: 'i32[6,20]',
    });
    await expect(executable.run({ x: { ...x, data: wave(7, 0) } })).rejects.toMatchObject({
      code: 'INPUT_SHAPE',
    });
    for (const [data, found] of [
      [Array.from(x.data), 'Array'],
      [Float64Array.from(x.data), 'Float64Array'],
      [undefined, 'undefined'],
      [Buffer.alloc(480), 'Buffer'],
    ] as const)
      await expect(executable.run({ x: { ...x, data: data as never } })).rejects.toMatchObject({
        code: 'INPUT_DTYPE',
        found,
        expected: 'Float32Array for f32',
      });
    // None of this disturbs the next run.
    expectEqual(await executable.run({ x }), reference(prepared, { x }, device.profile.subnormals));
    device.gpu.destroy();
  });

  test('weights that are not those of the plan are refused, and leave no buffer behind', async () => {
    const device = await openProbed(name);
    const { gpu, buffers } = countBuffers(device.gpu);
    const good = weightsOf(prepared);
    const create = (change: (weight: TensorData) => TensorData): Promise<Executable> =>
      Executable.create(
        prepared.planned.plan,
        preludes,
        (id) => (id === 'layer/b' ? change(good(id)) : good(id)),
        { ...device, gpu },
      );
    const cases: readonly ((weight: TensorData) => unknown)[] = [
      () => tensorData('f32', [500], wave(500, 0)),
      (weight) => ({ ...weight, data: wave(500, 0) }),
      (weight) => ({ ...weight, data: Array.from(weight.data) }),
      () => tensorData('i32', [9], new Int32Array(9)),
    ];
    for (const change of cases)
      await expect(create(change as (weight: TensorData) => TensorData)).rejects.toMatchObject({
        code: 'WEIGHT_INVALID',
        where: 'weight "layer/b"',
      });
    await expect(create(() => undefined as never)).rejects.toMatchObject({ code: 'WEIGHT_MISSING' });
    expect(buffers.made).toBeGreaterThan(0);
    expect(buffers.destroyed).toBe(buffers.made);
    // Another shape of as many elements is what a merged reshape leaves behind.
    const executable = await create((weight) => ({ ...weight, shape: [3, 3] }));
    executable.dispose();
    expect(buffers.destroyed).toBe(buffers.made);
    device.gpu.destroy();
  });

  test('empty tensors run', async () => {
    const device = await openProbed(name);
    const b = new GraphBuilder('empty');
    const x = b.param('x', 'f32', [0, 3]);
    const sum = b.reduce('sum', b.binary('mul', x, b.weight('w', 'f32', [0, 3])), [0]);
    b.output('none', b.unary('neg', x));
    b.output('sum', sum);
    const none = tensorData('f32', [0, 3], new Float32Array(0));
    const empty = prepare({ graph: b.build(), weights: new Map([['w', none]]) });
    const executable = await build(empty, device);
    const inputs = { x: none };
    expectEqual(await executable.run(inputs), reference(empty, inputs, device.profile.subnormals));
    device.gpu.destroy();
  });

  test('a disposed executable says so', async () => {
    const device = await openProbed(name);
    const executable = await build(prepared, device);
    const pending = executable.run(smallInputs(1));
    await Promise.resolve();
    executable.dispose();
    executable.dispose();
    await expect(pending).rejects.toMatchObject({ code: 'USAGE' });
    await expect(executable.run(smallInputs(1))).rejects.toMatchObject({ code: 'USAGE' });
    device.gpu.destroy();
  });

  test('what the device refuses is an error, not zeros', async () => {
    const device = await openProbed(name);
    const { plan } = prepared.planned;
    const create = (changes: Partial<typeof plan>): Promise<Executable> =>
      Executable.create({ ...plan, ...changes }, preludes, weightsOf(prepared), device);
    const broken = plan.pipelines.map((pipeline) => ({ ...pipeline, code: `${pipeline.code} what is this` }));
    await expect(create({ pipelines: broken })).rejects.toMatchObject({ code: 'DEVICE_VALIDATION' });
    const unbound = plan.pipelines.map((pipeline) => ({ ...pipeline, bindings: [] }));
    await expect(create({ pipelines: unbound })).rejects.toMatchObject({ code: 'DEVICE_VALIDATION' });
    const beyond = plan.commands.map((command) => ({
      ...command,
      regions: command.regions.map((region) => ({ ...region, size: region.size + 1_000_000 })),
    }));
    await expect(create({ commands: beyond })).rejects.toMatchObject({ code: 'DEVICE_VALIDATION' });
    const huge = plan.commands.map((command) => ({ ...command, workgroups: [1, 1, 70_000] as const }));
    await expect(create({ commands: huge })).rejects.toMatchObject({ code: 'DEVICE_LIMIT' });
    const [weight] = plan.weights;
    const large = { ...weight, shape: [2 ** 40] };
    const weightBytes = 2 ** 42;
    await expect(create({ weights: [large], weightBytes, commands: [] })).rejects.toMatchObject({
      code: 'DEVICE_LIMIT',
      message: expect.stringContaining('bytes of weights') as string,
    });
    await expect(create({ arenaBytes: 2 ** 50 })).rejects.toMatchObject({ code: 'DEVICE_LIMIT' });
    device.gpu.destroy();
  });
});
