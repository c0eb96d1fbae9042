/** Outputs that are read with the run that makes them. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { HeddleError } from '../../src/base/errors.js';
import { tensorData, type TensorData } from '../../src/base/tensor.js';
import { GraphBuilder } from '../../src/ir/builder.js';
import { openNodeDevice } from '../../src/node/index.js';
import type { Device } from '../../src/runtime/device.js';
import { webgpu } from '../../src/tensor/index.js';
import { availableGpus } from '../support/gpu.js';

const DATA = tensorData('f32', [3], Float32Array.of(1, -0, 2));

function sums(): ReturnType<GraphBuilder['build']> {
  const b = new GraphBuilder('sums');
  const x = b.param('x', 'f32', [3]);
  b.output('double', b.binary('add', x, x));
  b.output('square', b.binary('mul', x, x));
  return b.build();
}

const list = (tensors: readonly TensorData[]): unknown => tensors.map(({ data }) => [...data]);

describe.each(availableGpus.slice(-1))('%s', (name) => {
  let device: Device;
  beforeAll(async () => {
    device = await openNodeDevice(`webgpu:${name === 'swiftshader' ? name : 'llvmpipe'}`);
  });
  afterAll(() => device.gpu.destroy());

  it('are what reading them afterwards gives, in the order that was asked for', async () => {
    const backend = webgpu(device);
    const computation = backend.compile({ graph: sums(), weights: new Map() }, []);
    for (let i = 0; i < 3; i++) {
      const { results, data } = computation.runAndRead([backend.upload(DATA)], [1, 0]);
      expect(list(await data)).toEqual([[1, 0, 4], [2, -0, 4]]); // prettier-ignore
      expect(list(await backend.read(results))).toEqual([[2, -0, 4], [1, 0, 4]]); // prettier-ignore
    }
    backend.dispose();
  });

  it('are right where the device refuses the buffer that they go through', async () => {
    const backend = webgpu(device);
    const computation = backend.compile({ graph: sums(), weights: new Map() }, []);
    const input = backend.upload(DATA);
    await computation.runAndRead([input], [0]).data;
    const { gpu } = device;
    const make = gpu.createBuffer.bind(gpu);
    // A buffer that may be mapped and written by kernels is refused.
    gpu.createBuffer = (descriptor) => make(descriptor.label === 'readback' ? { ...descriptor, usage: 0x81 } : descriptor); // prettier-ignore
    const [first, second] = [0, 1].map(() => computation.runAndRead([input], [0, 1]));
    gpu.createBuffer = make;
    for (const { results, data } of [first, second]) {
      await data.catch((error: unknown) => expect(error).toBeInstanceOf(HeddleError));
      expect(list(await backend.read(results))).toEqual([[2, -0, 4], [1, 0, 4]]); // prettier-ignore
    }
    backend.dispose();
  });

  it('reject as reading them afterwards does', async () => {
    const backend = webgpu(device);
    const computation = backend.compile({ graph: sums(), weights: new Map() }, []);
    await computation.ready;
    const freed = backend.upload(DATA);
    freed.release();
    const { results, data } = computation.runAndRead([freed], [0]);
    await expect(data).rejects.toThrow(/TENSOR_DISPOSED/);
    await expect(backend.read(results)).rejects.toThrow(/TENSOR_DISPOSED/);
    computation.dispose();
    await expect(computation.runAndRead([backend.upload(DATA)], [0]).data).rejects.toThrow(/was disposed/);
    backend.dispose();
  });
});
