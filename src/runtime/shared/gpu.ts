/** What the plans of one program have in common on a GPU. */
import { checkWeight } from '../../base/check-tensors.js';
import { Lease } from '../../base/lease.js';
import type { TensorData } from '../../base/tensor.js';
import type { Plan, PlanWeight } from '../../plan/plan.js';
import type { ExecutableOptions } from '../executable.js';
import type { Page, WeightSource } from '../memory.js';
import { STORAGE_BUFFER } from '../usage.js';
import { toWords } from '../words.js';
import { SharedMemory } from './memory.js';
import { SharedPipelines } from './pipelines.js';

/** The part of one plan in it. */
export interface GpuPart {
  /** Holds what the plan uses. */
  readonly lease: Lease;
  /** What all parts have together, arenas and weights: one object. */
  readonly memory: { readonly bytes: number };
  readonly gpu: NonNullable<ExecutableOptions['shared']>;
  /** How many pipelines have come since the part was taken. */
  newPipelines(): number;
}

/** Gives each plan of a program its part of what they share, whose pipelines are held by `keepers`, too. */
export function shareOnGpu(gpu: GPUDevice): (...keepers: readonly Lease[]) => GpuPart {
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
  return (...keepers) => {
    const lease = new Lease();
    const used = pipelines.usedBy(lease, ...keepers);
    return {
      lease,
      memory,
      gpu: {
        pipelines: used,
        arena: (bytes) => memory.arena(lease, bytes),
        pages: (plan, weights) =>
          pagesOf(plan, ({ id }, tensor) => memory.weight(lease, id, tensor), weights),
      },
      newPipelines: () => used.made(),
    };
  };
}

/** A page for each weight. */
const pagesOf = (
  { weights: list, weightBytes }: Plan,
  bufferOf: (weight: PlanWeight, tensor: TensorData) => GPUBuffer,
  weights: WeightSource,
): readonly Page[] =>
  list.map((weight, i) => ({
    start: weight.offset,
    end: i + 1 < list.length ? list[i + 1].offset : weightBytes,
    buffer: bufferOf(weight, checkWeight(weight, weights(weight.id))),
  }));
