/** Runs of which some tensors lie on the GPU: what is there already is used there, and results stay where they are wanted. */
import { Tensor } from 'onnxruntime-common';
import { HeddleError } from '../base/errors.js';
import { elementCount } from '../base/tensor.js';
import type { Executable } from '../runtime/executable.js';
import type { DeviceHeap, DeviceTensor } from '../runtime/heap.js';
import { MAP_READ, READBACK_BUFFER, STORAGE_BUFFER } from '../runtime/usage.js';
import { isWordType, packedBytes, WORDS, type BufferType, type NumericType } from './element-types.js';
import type { ProgramFeed } from './feeds.js';
import type { DeviceLease } from './providers.js';
import {
  hostTensor,
  isOnHost,
  programTensor,
  resultData,
  resultDims,
  resultTensor,
  type ProgramResult,
} from './tensors.js';

/** An output and what is to become of it: one for a buffer has a type that may lie there. */
export type WantedOutput =
  | { readonly name: string; readonly type: NumericType; readonly location: 'cpu' }
  | { readonly name: string; readonly type: BufferType; readonly location: 'gpu-buffer' };

/** What is copied between GPU buffers are whole words. */
const padded = (bytes: number): number => Math.ceil(bytes / 4) * 4;

export class ResidentRun {
  private readonly heap: DeviceHeap;
  /** What is freed when the run is submitted. */
  private readonly lent: DeviceTensor[] = [];

  constructor(
    private readonly lease: DeviceLease,
    heap: DeviceHeap,
  ) {
    this.heap = heap;
  }

  private get gpu(): GPUDevice {
    return this.heap.device.gpu;
  }

  /** Runs `executable`, which was compiled with residents. Throws as {@link Executable.dispatch} does. */
  async run(
    executable: Executable,
    feeds: readonly ProgramFeed[],
    wanted: readonly WantedOutput[],
    paired: ReadonlySet<string>,
  ): Promise<Record<string, Tensor>> {
    try {
      const inputs: [string, DeviceTensor][] = [];
      for (const feed of feeds) inputs.push([feed.port.name, await this.input(feed)]);
      const outputs = executable.dispatch(Object.fromEntries(inputs), this.heap);
      return await this.results(outputs, wanted, paired);
    } finally {
      for (const tensor of this.lent) if (this.heap.holds(tensor)) this.heap.free(tensor);
    }
  }

  /** A feed on the device. A buffer of another owner is copied there; elements that are no words go through the host. */
  private async input({ port: { name }, tensor, paired }: ProgramFeed): Promise<DeviceTensor> {
    const { type, dims } = tensor;
    const where = `feeds, ${JSON.stringify(name)}`;
    if (tensor.location !== 'gpu-buffer') {
      const data = isOnHost(tensor) ? tensor.data : await tensor.getData?.(); // prettier-ignore
      return this.keep(this.heap.upload(programTensor(hostTensor(type, dims, data, where), paired, where)));
    }
    const buffer = tensor.gpuBuffer as GPUBuffer;
    const bytes = packedBytes(type, elementCount(dims));
    checkHolds(buffer, bytes, 'shape', where);
    if (!isWordType(type)) {
      const data = await readBuffer(this.gpu, buffer, bytes);
      return this.keep(this.heap.upload(programTensor(hostTensor(type, dims, data, where), paired, where)));
    }
    const dtype = WORDS[type];
    const held = { dtype, shape: dims, buffer };
    if (this.heap.holds(held)) return held;
    const copy = this.keep(this.heap.allocate(dtype, dims));
    copyBuffer(this.gpu, buffer, copy.buffer, bytes);
    return copy;
  }

  private keep(tensor: DeviceTensor): DeviceTensor {
    this.lent.push(tensor);
    return tensor;
  }

  private async results(
    outputs: Readonly<Record<string, DeviceTensor>>,
    wanted: readonly WantedOutput[],
    paired: ReadonlySet<string>,
  ): Promise<Record<string, Tensor>> {
    const stays = ({ type, location }: WantedOutput): boolean =>
      location === 'gpu-buffer' && isWordType(type);
    const staying = new Set(wanted.filter(stays).map(({ name }) => name));
    for (const [name, tensor] of Object.entries(outputs)) if (!staying.has(name)) this.lent.push(tensor);
    const read = await this.heap.read(
      wanted.filter((output) => !stays(output)).map(({ name }) => outputs[name]),
    );
    const results: Record<string, Tensor> = {};
    for (const output of wanted) {
      const { name } = output;
      if (stays(output) && output.location === 'gpu-buffer') {
        results[name] = this.inPlace(output.type, outputs[name]);
        continue;
      }
      const result = { tensor: read.shift()!, paired: paired.has(name) };
      results[name] =
        output.location === 'cpu' ? resultTensor(output.type, result) : this.packed(output.type, result);
    }
    return results;
  }

  /** A result that stays where it is. The device stays open as long as it lives. */
  private inPlace(type: BufferType, tensor: DeviceTensor): Tensor {
    const { heap } = this;
    const lease = this.lease.share();
    return Tensor.fromGpuBuffer(tensor.buffer, {
      dataType: type,
      dims: [...tensor.shape],
      download: async () => resultData(type, { tensor: (await heap.read([tensor]))[0], paired: false }),
      dispose: () => {
        if (heap.holds(tensor)) heap.free(tensor);
        lease.release();
      },
    });
  }

  /** Elements in a buffer of their own, as onnxruntime lays them out. */
  private packed(type: BufferType, result: ProgramResult): Tensor {
    const { gpu } = this;
    const data = resultData(type, result);
    // At least one: the buffer is bound by those who take it.
    const words = new Uint8Array(Math.max(4, padded(data.byteLength)));
    words.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
    const buffer = gpu.createBuffer({ size: words.length, usage: STORAGE_BUFFER });
    gpu.queue.writeBuffer(buffer, 0, words);
    const lease = this.lease.share();
    return Tensor.fromGpuBuffer(buffer, {
      dataType: type,
      dims: resultDims(result),
      download: () => Promise.resolve(data),
      dispose: () => {
        buffer.destroy();
        lease.release();
      },
    });
  }
}

/** Throws INPUT_SHAPE where a buffer of the caller's is too small for `bytes`, in whole words. */
function checkHolds({ size }: GPUBuffer, bytes: number, what: 'shape' | 'output', where: string): void {
  if (size >= padded(bytes)) return;
  throw new HeddleError('INPUT_SHAPE', `the buffer is too small for the ${what}`, {
    where,
    found: `${size} bytes`,
    expected: `${padded(bytes)} bytes`,
    hint: size < bytes ? undefined : 'a GPU copies whole words of 4 bytes',
  });
}

/** Copies the words that `bytes` lie in. */
function copyBuffer(gpu: GPUDevice, from: GPUBuffer, to: GPUBuffer, bytes: number): void {
  if (bytes === 0) return;
  const encoder = gpu.createCommandEncoder();
  encoder.copyBufferToBuffer(from, 0, to, 0, padded(bytes));
  gpu.queue.submit([encoder.finish()]);
}

/** Bytes of a buffer whose usage has COPY_SRC. */
async function readBuffer(gpu: GPUDevice, from: GPUBuffer, bytes: number): Promise<Uint8Array> {
  if (bytes === 0) return new Uint8Array(0);
  const staging = gpu.createBuffer({ size: padded(bytes), usage: READBACK_BUFFER });
  try {
    copyBuffer(gpu, from, staging, bytes);
    await staging.mapAsync(MAP_READ);
    return new Uint8Array(staging.getMappedRange().slice(0)).subarray(0, bytes);
  } finally {
    staging.destroy();
  }
}

/** Copies a result into a buffer of the caller's, whose usage has COPY_DST. Throws INPUT_SHAPE where it is too small. */
export function writeToBuffer(gpu: GPUDevice, target: GPUBuffer, result: Tensor, where: string): void {
  const bytes = packedBytes(result.type as NumericType, result.size);
  checkHolds(target, bytes, 'output', where);
  copyBuffer(gpu, result.gpuBuffer, target, bytes);
}
