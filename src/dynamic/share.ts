/** What the plans of one program have in common on a device. */
import { Lease } from '../base/lease.js';
import type { AnyDevice } from '../runtime/check-device.js';
import { shareOnGpu, type GpuPart } from '../runtime/shared/gpu.js';
import { SharedMemory, type MemoryKind } from '../runtime/shared/memory.js';
import { isWasmDevice, type WasmDevice } from '../runtime/wasm/device.js';
import type { SharedPlaces } from '../runtime/wasm/places.js';
import { toWords } from '../runtime/words.js';

/** The part of one plan in it. */
export interface SharedPart extends Omit<GpuPart, 'gpu'> {
  readonly gpu?: GpuPart['gpu'];
  readonly wasm?: SharedPlaces;
}

/** Gives each plan of a program its part of what they share on `device`. `keepers` hold its pipelines, too. */
export const shareOn = (device: AnyDevice): ((...keepers: readonly Lease[]) => SharedPart) =>
  isWasmDevice(device) ? shareOnCpu(device) : shareOnGpu(device.gpu);

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
    const lease = new Lease();
    const wasm: SharedPlaces = {
      arena: (bytes) => memory.arena(lease, bytes),
      weight: (id, tensor) => memory.weight(lease, id, tensor),
    };
    return { lease, memory, wasm, newPipelines: () => 0 };
  };
}
