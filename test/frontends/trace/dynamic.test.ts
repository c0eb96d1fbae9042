/** Compiled functions whose arguments change their sizes: the bits of each size by itself, from pipelines that they share. */
import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import { jit, nn, random, readAll, tensor, treeMap, valueAndGrad, webgpu, zeros, type Tensor } from '../../../src/index.js'; // prettier-ignore
import { expectSameTrees, onDevices, onGpus } from '../../tensor/support.js';
import { tensorData } from '../../../src/base/tensor.js';
import { RememberedPlans } from '../../../src/dynamic/remembered.js';
import type { Program } from '../../../src/ir/graph.js';
import { wave } from '../../runtime/support.js';
import { fuzz } from '../../support/fuzz.js';

/** Attention over a sequence, and the mean of its rows: a product, a softmax and a division by a length that all change. */
const attend = (x: Tensor): { y: Tensor; mean: Tensor } => {
  const scores = x.matmul(x.transpose()).div(4);
  const y = scores.softmax().matmul(x);
  return { y, mean: y.mean({ axis: 1 }) };
};

/** What has no tiles, which depend on sizes; long rows are not unrolled. */
const centre = (x: Tensor): Tensor => x.sub(x.mean({ axis: 1, keepDims: true })).softmax();

const input = (batch: number, time: number): Tensor => random.normal(batch + 7 * time, [batch, time, 6]);

describe('on the reference', () => {
  const f = jit(attend, { dynamic: { arg0: ['batch', 'time', null] } });

  test('names are those of lower, one for each axis', () => {
    const wrong = (dynamic: Record<string, (string | null)[]>): unknown => jit(attend, { dynamic })(input(1, 2)); // prettier-ignore
    expect(() => wrong({ x: ['batch', null, null] })).toThrow(/ATTRIBUTE_INVALID[^]*"x"[^]*one of arg0/);
    expect(() => wrong({ arg0: ['batch', null] })).toThrow(
      /ATTRIBUTE_INVALID[^]*input "arg0"[^]*f32\[1,2,6\][^]*2 axes: batch, null/,
    );
    expect(() => jit(attend, { dynamic: { arg0: [1] } as never })).toThrow(/USAGE[^]*dynamic/);
    expect(() => jit(attend, { dynamic: { arg0: [''] } })).toThrow(/USAGE[^]*dynamic/);
  });

  test('axes of one name have one size', () => {
    const add = jit((x: Tensor, y: Tensor) => x.sum().add(y.sum()), {
      dynamic: { arg0: ['n'], arg1: [null, 'n'] },
    });
    expect(() => add(zeros([2]), zeros([5, 3]))).toThrow(
      /INPUT_SHAPE[^]*input "arg1", axis 1[^]*n = 3[^]*n = 2, as input "arg0", axis 0/,
    );
    expect(() => add(zeros([3]), zeros([5, 3]))).not.toThrow();
  });

  test('a function that refuses other sizes runs for its own', async () => {
    const picky = jit(
      (x: Tensor) => {
        if (x.shape[0] !== 3) throw new Error('three rows');
        return x.add(1);
      },
      { dynamic: { arg0: ['rows'] } },
    );
    expect(await picky(tensor([1, 2, 3])).toArray()).toEqual([2, 3, 4]);
    expect(() => picky(tensor([1, 2]))).toThrow('three rows');
  });

  test('has the bits of the function', () => expectSameTrees(f(input(2, 3)), attend(input(2, 3))));
});

onDevices((pair) => {
  const f = jit(attend, { dynamic: { arg0: ['batch', 'time', null] } });
  const learned = jit(attend, { dynamic: true });

  test('every size has its own bits, in any order', async () => {
    const { device, reference } = pair();
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 12 }), async (batch, time) => {
        const x = input(batch, time);
        const expected = jit(attend)(x.to(reference));
        await expectSameTrees(f(x.to(device)), expected);
        await expectSameTrees(learned(x.to(device)), expected);
      }), // prettier-ignore
      fuzz(3),
    );
    f.dispose();
    learned.dispose();
  });
});

onGpus((pair) => {
  /** How many pipelines the device is asked for while `body` runs. */
  const pipelinesFor = async (
    f: { ready(x: Tensor): Promise<void> },
    batch: number,
    time: number,
  ): Promise<number> => {
    const x = input(batch, time).to(pair().gpu);
    await readAll([x]);
    const spy = vi.spyOn(pair().gpu.device.gpu, 'createComputePipelineAsync');
    try {
      await f.ready(x);
      return spy.mock.calls.length;
    } finally {
      spy.mockRestore();
    }
  };

  test('named axes need no pipelines but those of the first size', async () => {
    const f = jit(centre, { dynamic: { arg0: ['batch', 'time', null] } });
    expect(await pipelinesFor(f, 3, 70)).toBeGreaterThan(0);
    expect(await pipelinesFor(f, 2, 74)).toBe(0);
    expect(await pipelinesFor(f, 5, 98)).toBe(0);
    expect(await pipelinesFor(f, 3, 90)).toBe(0);
    f.dispose();
  });

  test('sizes that have been seen to change cost pipelines once', async () => {
    const f = jit(centre, { dynamic: true });
    expect(await pipelinesFor(f, 2, 70)).toBeGreaterThan(0);
    expect(await pipelinesFor(f, 2, 98)).toBeGreaterThan(0);
    expect(await pipelinesFor(f, 2, 74)).toBe(0);
    expect(await pipelinesFor(f, 2, 90)).toBe(0);
    f.dispose();
  });

  test('a training step takes a smaller batch, in the same memory, with donated parameters', async () => {
    const { reference } = pair();
    const gpu = webgpu(pair().gpu.device);
    const init = (): nn.Sequential =>
      new nn.Sequential(new nn.Linear(6, 8, { key: 1 }), nn.gelu, new nn.Linear(8, 3, { key: 2 }));
    const step = (model: nn.Sequential, x: Tensor): readonly [nn.Sequential, Tensor] => {
      const [loss, gradients] = valueAndGrad((m: nn.Sequential) => m.call(x).square().mean())(model);
      return [treeMap((p: Tensor, g: Tensor) => p.sub(g.mul(0.1)), model, gradients), loss];
    };
    const train = async (backend: typeof gpu | typeof reference, f: typeof step): Promise<unknown> => {
      let model = treeMap((p: Tensor) => p.to(backend), init());
      const losses: Tensor[] = [];
      for (const batch of [12, 5, 12, 5, 9]) {
        const [next, loss] = f(model, random.normal(batch, [batch, 6]).to(backend));
        model = next;
        losses.push(loss);
      }
      return { model, losses };
    };
    const dynamic = jit(step, { donate: [0], dynamic: { arg1: ['batch', null] } });
    await expectSameTrees(await train(gpu, dynamic), await train(reference, jit(step)));
    dynamic.dispose();
    gpu.dispose();
  });

  test('a plan whose computation is gone is remembered, until the family is disposed', async () => {
    const gpu = webgpu(pair().gpu.device);
    const family = gpu.family();
    const spy = vi.spyOn(RememberedPlans.prototype, 'find');
    const found = (): boolean[] => spy.mock.results.map(({ value }) => value !== undefined);
    const programOf = (time: number): Program => ({
      graph: jit(attend).lower(input(2, time)),
      weights: new Map(),
    });
    const results = async (time: number): Promise<unknown> => {
      const computation = family.compile(programOf(time), [], () => []);
      const x = gpu.upload(tensorData('f32', [2, time, 6], wave(12 * time, time)));
      const given = computation.run([x]);
      const read = await gpu.read(given);
      computation.dispose();
      for (const storage of [x, ...given]) storage.release();
      return read;
    };
    const first = await results(5);
    const second = await results(7);
    expect(await results(5)).toEqual(first);
    expect(await results(7)).toEqual(second);
    expect(found()).toEqual([false, false, true, true]);
    family.dispose();
    expect(await results(5)).toEqual(first);
    expect(found().at(-1)).toBe(false);
    spy.mockRestore();
    gpu.dispose();
  });
});
