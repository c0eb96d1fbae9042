/** What the plans of one program have in common on a device. */
import type { Plan } from '../plan/plan.js';
import { checkWeight } from '../base/check-tensors.js';
import type { AnyDevice } from '../runtime/check-device.js';
import type { ExecutableOptions } from '../runtime/executable.js';
import type { WeightSource } from '../runtime/memory.js';
import { STORAGE_BUFFER } from '../runtime/usage.js';
import { isWasmDevice, type WasmDevice } from '../runtime/wasm/device.js';
import type { SharedPlaces } from '../runtime/wasm/places.js';
import { toWords } from '../runtime/words.js';
import { SharedMemory, type MemoryKind, type MemoryLease } from './shared-memory.js';
import { SharedPipelines } from './shared-pipelines.js';

/** The part of one plan in it. */
export interface SharedPart {
  /** What all parts have together, arenas and weights: one object. */
  readonly memory: { readonly bytes: number };
  readonly gpu?: NonNullable<ExecutableOptions['shared']>;
  readonly wasm?: SharedPlaces;
  /** How many pipelines have come since the part was taken. */
  newPipelines(): number;
  /** Frees what no other plan uses. */
  release(): void;
}

/** Gives each plan of a program its part of what they share on `device`. */
export const shareOn = (device: AnyDevice): (() => SharedPart) =>
  isWasmDevice(device) ? shareOnCpu(device) : shareOnGpu(device.gpu);

function shareOnGpu(gpu: GPUDevice): () => SharedPart {
  const pipelines = new SharedPipelines();
  const create = (size: number, label: string): GPUBuffer =>
    gpu.createBuffer({ label, size: Math.max(4, size), usage: STORAGE_BUFFER });
  const memory = new SharedMemory<GPUBuffer>({
    most: () => gpu.limits.maxBufferSize,
    create,
    upload: (tensor, label) => {
      const words = toWords(tensor);
      const buffer = create(words.byteLength, label);
      gpu.queue.writeBuffer(buffer, 0, words);
      return buffer;
    },
    destroy: (buffer) => buffer.destroy(),
  });
  return () => {
    const lease = memory.lease();
    const { pipelines: cache, made, release } = pipelines.lease();
    return {
      memory,
      gpu: {
        pipelines: cache,
        arena: (bytes) => lease.arena(bytes),
        pages: (plan, weights) => pagesOf(plan, weights, lease),
      },
      newPipelines: made,
      release: () => {
        lease.release();
        release();
      },
    };
  };
}

/** A page for each weight. */
const pagesOf = (
  { weights: list, weightBytes }: Plan,
  weights: WeightSource,
  lease: MemoryLease<GPUBuffer>,
): { readonly start: number; readonly end: number; readonly buffer: GPUBuffer }[] =>
  list.map((weight, i) => ({
    start: weight.offset,
    end: i + 1 < list.length ? list[i + 1].offset : weightBytes,
    buffer: lease.weight(weight.id, checkWeight(weight, weights(weight.id))),
  }));

function shareOnCpu({ memory: linear }: WasmDevice): () => SharedPart {
  const kind: MemoryKind<number> = {
    most: () => linear.room,
    create: (bytes, what) => linear.allocate(bytes, what),
    upload: (tensor, what) => {
      const words = toWords(tensor);
      const address = linear.allocate(words.byteLength, what);
      linear.words.set(words, address / 4);
      return address;
    },
    destroy: (address) => linear.free(address),
  };
  const memory = new SharedMemory(kind);
  return () => {
    const lease = memory.lease();
    return { memory, wasm: lease, newPipelines: () => 0, release: () => lease.release() };
  };
}
