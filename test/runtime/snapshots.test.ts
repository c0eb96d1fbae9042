/** Whoever is given data takes it at the time of the call: what the caller does with it afterwards changes nothing. */
import { describe, expect, test } from 'vitest';
import { tensorData, type TensorData } from '../../src/base/tensor.js';
import { CompiledProgram, prepare, toBundle, verify, type Prepared } from '../../src/compile.js';
import { jit, nn, REFERENCE, referenceBackend, tensor, webgpu, type Tensor } from '../../src/index.js'; // prettier-ignore
import { GraphBuilder } from '../../src/ir/builder.js';
import type { Program } from '../../src/ir/graph.js';
import { loadBundle } from '../../src/loader/load.js';
import type { Executable } from '../../src/runtime/executable.js';
import { availableGpus } from '../support/gpu.js';
import { build, expectEqual, openProbed, reference } from './support.js';

/** A parameter of every dtype: each has its own way to the device. */
function program(): Program {
  const b = new GraphBuilder('every dtype');
  const params = (['f32', 'f16', 'i32', 'u32', 'bool'] as const).map((dtype) => b.param(dtype, dtype, [70]));
  const [first, ...others] = params.map((x) => b.cast(x, 'f32'));
  b.output(
    'y',
    others.reduce((sum, x) => b.binary('add', sum, x), first),
  );
  return { graph: b.build(), weights: new Map() };
}

type Inputs = Record<string, { dtype: TensorData['dtype']; shape: number[]; data: TensorData['data'] }>;

const inputs = (seed: number): Inputs => ({
  f32: { dtype: 'f32', shape: [70], data: Float32Array.from({ length: 70 }, (_, i) => i * seed) },
  f16: { dtype: 'f16', shape: [70], data: Uint16Array.from({ length: 70 }, (_, i) => 0x3c00 + i * seed) },
  i32: { dtype: 'i32', shape: [70], data: Int32Array.from({ length: 70 }, (_, i) => i - seed) },
  u32: { dtype: 'u32', shape: [70], data: Uint32Array.from({ length: 70 }, (_, i) => i + seed) },
  bool: { dtype: 'bool', shape: [70], data: Uint8Array.from({ length: 70 }, (_, i) => (i + seed) % 2) },
});

/** All that a caller can do to what was given. */
const CHANGES: Readonly<Record<string, (given: Inputs) => void>> = {
  refilled: (given) => Object.values(given).forEach(({ data }) => data.fill(1)),
  'given others': (given) => Object.assign(given, inputs(5)),
  'given other data': (given) => Object.values(given).forEach((x) => (x.data = new Uint8Array(3))),
  'given another shape': (given) => Object.values(given).forEach((x) => x.shape.splice(0, 1, 7, 10)),
  emptied: (given) => Object.keys(given).forEach((name) => delete given[name]),
  detached: (given) => Object.values(given).forEach(({ data }) => structuredClone(data, { transfer: [data.buffer as ArrayBuffer] })), // prettier-ignore
};

const plain = prepare(program());
const resident = prepare(program(), { residents: true });
const PLANS: Readonly<Record<string, Prepared>> = { 'in an arena': plain, resident };

describe.each(availableGpus)('%s', (name) => {
  describe.each(Object.keys(PLANS))('%s', (plan) => {
    test.each(Object.keys(CHANGES))('inputs that are %s after the call', async (change) => {
      const device = await openProbed(name);
      const executable = await build(PLANS[plan], device);
      const { subnormals } = device.profile;
      const run = async (seed: number): Promise<void> => {
        const given = inputs(seed);
        const running = executable.run(given);
        CHANGES[change](given);
        expectEqual(await running, reference(plain, inputs(seed), subnormals));
      };
      await run(1); // The first one is checked by the driver.
      await run(2);
      await Promise.all([run(3), run(4), run(5)]); // All but the first wait.
      device.gpu.destroy();
    });

    test('inputs of a verification', async () => {
      const device = await openProbed(name);
      const compiled = new CompiledProgram(PLANS[plan], await build(PLANS[plan], device));
      const busy = compiled.run(inputs(1));
      for (const change of Object.values(CHANGES)) {
        const given = inputs(2);
        const running = compiled.verify(given);
        change(given);
        const found = await running;
        expect([found.differences, found.outputDifferences]).toEqual([[], []]);
        expectEqual(found.deviceOutputs, reference(plain, inputs(2), device.profile.subnormals));
      }
      await busy;
      device.gpu.destroy();
    });
  });

  test('inputs of verify, which compiles first', async () => {
    const device = await openProbed(name);
    const given = inputs(3);
    const running = verify(program(), given, { device });
    CHANGES.refilled(given);
    expectEqual((await running).outputs, reference(plain, inputs(3), device.profile.subnormals));
    device.gpu.destroy();
  });

  test('a bundle, and the weights that a new device gets of it', async () => {
    const device = await openProbed(name);
    const b = new GraphBuilder('weights');
    const [x, w] = [b.param('x', 'f32', [9]), b.weight('w', 'f32', [9])];
    b.output('y', b.binary('mul', x, w));
    const ones = tensorData('f32', [9], new Float32Array(9).fill(1));
    const bytes = await toBundle(prepare({ graph: b.build(), weights: new Map([['w', ones]]) }));
    const loading = loadBundle(bytes, { device });
    bytes.fill(0);
    const executable: Executable = await loading;
    expectEqual(await executable.run({ x: ones }), { y: ones });
    const rebuilt = await executable.rebuild(device);
    expectEqual(await rebuilt.run({ x: ones }), { y: ones });
    device.gpu.destroy();
  });

  test('data that became a tensor, in a compiled function', async () => {
    const device = await openProbed(name);
    const backend = webgpu(device);
    const double = jit((x: Tensor) => x.add(x));
    const data = Float32Array.of(1, 2);
    const given = tensor(data).to(backend);
    const [first, second] = [double(given), double(tensor(data).to(backend))];
    data.fill(9);
    expect([await first.toArray(), await second.toArray()]).toEqual([[2, 4], [2, 4]]); // prettier-ignore
    backend.dispose();
    device.gpu.destroy();
  });
});

describe('tensors', () => {
  const makers: Readonly<Record<string, () => readonly [x: Tensor, change: () => void]>> = {
    'of a typed array': () => {
      const data = Float32Array.of(1, 2);
      return [tensor(data), () => data.fill(9)];
    },
    'of data': () => {
      const data = { dtype: 'f32' as const, shape: [2], data: Float32Array.of(1, 2) };
      return [tensor(data), () => (data.shape.push(3), data.data.fill(9))];
    },
    'of lists': () => {
      const list = [1, 2];
      return [tensor(list), () => list.fill(9)];
    },
    'of a state, on the host': () => loaded(),
    'of a state, on another reference': () => loaded(referenceBackend('flush')),
  };
  function loaded(backend = REFERENCE): readonly [x: Tensor, change: () => void] {
    const data = Float32Array.of(1, 2);
    const model = new nn.RMSNorm(2).to(backend).load({ weight: { dtype: 'f32', shape: [2], data } });
    return [model.state().weight, () => data.fill(9)];
  }

  test.each(Object.keys(makers))('%s keep their values', async (maker) => {
    const [x, change] = makers[maker]();
    const shape = [...x.shape];
    const twice = x.mul(2);
    const f = jit(() => x.mul(3));
    change();
    expect(x.shape).toEqual(shape);
    expect([await x.toArray(), await twice.toArray(), await f().toArray()]).toEqual([[1, 2], [2, 4], [3, 6]]); // prettier-ignore
  });

  test('do not change with what was read', async () => {
    const x = tensor(Float32Array.of(1, 2));
    (await x.data()).fill(9);
    (await x.toHost()).data.fill(9);
    expect(await x.toArray()).toEqual([1, 2]);
  });
});
