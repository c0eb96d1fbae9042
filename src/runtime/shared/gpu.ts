/** What the plans of one program have in common on a GPU. */
import { checkWeight } from '../../base/check-tensors.js';
import type { Plan } from '../../plan/plan.js';
import type { ExecutableOptions } from '../executable.js';
import type { WeightSource } from '../memory.js';
import { STORAGE_BUFFER } from '../usage.js';
import { toWords } from '../words.js';
import { SharedMemory, type MemoryLease } from './memory.js';
import { SharedPipelines } from './pipelines.js';

/** The part of one plan in it. */
export interface GpuPart {
  /** What all parts have together, arenas and weights: one object. */
  readonly memory: { readonly bytes: number };
  readonly gpu: NonNullable<ExecutableOptions['shared']>;
  /** How many pipelines have come since the part was taken. */
  newPipelines(): number;
  /** Frees what no other plan uses. */
  release(): void;
}

/** Gives each plan of a program its part of what they share. */
export function shareOnGpu(gpu: GPUDevice): () => GpuPart {
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

