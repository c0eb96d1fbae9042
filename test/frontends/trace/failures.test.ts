/** What is left after a call that failed. */
import { describe, expect, test } from 'vitest';
import { compile, jit, ones, prepare, tensor, webgpu, type Tensor } from '../../../src/index.js';
import { REFERENCE } from '../../../src/tensor/backends/reference.js';
import type { Backend } from '../../../src/tensor/backends/backend.js';
import { onGpus } from '../../tensor/support.js';

const inc = (x: Tensor, y: Tensor): Tensor => x.add(y);

test('a function that returns nothing is refused, and one that returns no tensor is not', async () => {
  const nothing = jit((x: Tensor): void => void x.add(1));
  const error = { code: 'USAGE', found: 'undefined' };
  expect(() => nothing(ones([2]))).toThrow(expect.objectContaining(error));
  expect(() => nothing.lower(ones([2]))).toThrow(expect.objectContaining(error));
  await expect(nothing.compile(ones([2]))).rejects.toThrow(expect.objectContaining(error));
  expect(jit(() => [])()).toEqual([]);
});

describe('a run that does not begin', () => {
  /** Takes so many uploads, and no more. */
  function limited(uploads: number): Backend & { freed: number } {
    let left = uploads;
    const backend = {
      name: 'limited',
      memory: { bytes: 0, tensorBytes: 0 },
      freed: 0,
      upload: () => {
        if (left-- === 0) throw new Error('no more memory');
        const release = (): void => void backend.freed++;
        return { backend, isHost: false, acquire: () => undefined, release, donate: () => undefined };
      },
      read: (storages: Parameters<Backend['read']>[0]) => REFERENCE.read(storages),
      compile: (...args: Parameters<Backend['compile']>) => REFERENCE.compile(...args),
      computationOf: (graph: Parameters<Backend['computationOf']>[0]) => REFERENCE.computationOf(graph),
    };
    return backend;
  }

  test('leaves donated arguments as they were, and no copies', async () => {
    const backend = limited(1);
    const f = jit(inc, { donate: [0], backend });
    const [x, y] = [ones([2]), ones([2])];
    expect(() => f(x, y)).toThrow('no more memory');
    expect(x.isDisposed).toBe(false);
    expect(await x.toArray()).toEqual([1, 1]);
    expect(backend.freed).toBe(1);
  });
});

onGpus((pair) => {
  test('a callback that throws fails what waits for it, and nothing after', async () => {
    let boom = true;
    const onProgress = (): void => {
      if (boom) throw new Error('boom');
    };
    const gpu = webgpu(pair().gpu.device, { onProgress });
    const f = jit(inc, { donate: [0] });
    const [x, y] = [ones([3]).to(gpu), ones([3]).to(gpu)];
    const result = f(x, y);
    await expect(result.data()).rejects.toThrow('boom');
    expect(() => x.add(1)).toThrow(/TENSOR_DISPOSED[^]*donated to jit\(inc\)/);
    await expect(y.mul(2).data()).rejects.toThrow('boom');

    boom = false;
    expect(await f(ones([3]).to(gpu), y).toArray()).toEqual([2, 2, 2]);
    expect(await y.mul(2).toArray()).toEqual([2, 2, 2]);
    gpu.dispose();
  });

  test('inputs that are no tensors on the host are refused with what would be one', async () => {
    const { device } = pair().gpu;
    const { program } = await jit((x: Tensor) => x.add(1)).compile(ones([2]));
    const compiled = await compile(program, { device });
    const run = (inputs?: unknown): Promise<unknown> => compiled.run(inputs as never);
    await expect(run({ arg0: Float32Array.of(1, 2) })).rejects.toThrow(
      /INPUT_DTYPE[^]*found: +Float32Array\n +expected: tensorData\('f32', \[2\], data\)/,
    );
    await expect(run({ arg0: null })).rejects.toThrow(/INPUT_DTYPE/);
    await expect(run({ arg0: tensor([1, 2]) })).rejects.toThrow(
      /INPUT_DTYPE[^]*found: +a tensor[^]*await x\.toHost\(\)/,
    );
    await expect(run(Float32Array.of(1, 2))).rejects.toThrow(/INPUT_UNKNOWN/);
    await expect(run()).rejects.toThrow(/INPUT_MISSING/);
    compiled.dispose();
    await expect(compile(program, { device, onProgres: run } as never)).rejects.toThrow(
      /did you mean onProgress/,
    );
    await expect(compile(program, { device: pair().gpu as never })).rejects.toThrow(/device: an open device/);
    expect(prepare(program).planned.plan.inputs).toHaveLength(1);
  });
});
