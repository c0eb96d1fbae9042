/** Copies of device memory to the host. */
import { observed } from './failures.js';
import type { Range } from './memory.js';
import { bufferPool } from './pool.js';
import { MAP_READ, READBACK_BUFFER } from './usage.js';

export interface Readback {
  /** Bytes of the buffers that copies go through; all of them wait for reuse between reads. */
  bytes(): number;
  /**
   * The words of `ranges`, as they are when what `run` submits has run: it gets what records their copies. Rejects with what
   * the device refused of that, unless it is `known` to accept all of it.
   */
  read(
    ranges: readonly Range[],
    run: (copies: (encoder: GPUCommandEncoder) => void) => void,
    known?: boolean,
  ): Promise<Uint32Array[]>;
  /** Destroys the buffers that wait. */
  trim(): void;
  /** Destroys all buffers. */
  dispose(): void;
}

export function createReadback(gpu: GPUDevice): Readback {
  const { bytes, reuse, make, release, trim, dispose } = bufferPool(gpu, 'readback', READBACK_BUFFER);
  return {
    bytes,
    trim,
    dispose,
    async read(ranges, run, known = false) {
      let end = 0;
      const copies = ranges.map((range) => ({ ...range, to: (end += range.size) - range.size }));
      const start = (): GPUBuffer => {
        const staging = reuse(end) ?? make(end, gpu.limits.maxBufferSize);
        run((encoder) => {
          for (const { buffer, offset, size, to } of copies)
            if (size > 0) encoder.copyBufferToBuffer(buffer, offset, staging, to, size);
        });
        return staging;
      };
      const { result: staging, refusal } = known
        ? { result: start() }
        : observed(gpu, `a copy of ${end} bytes`, start);
      let spoiled = true;
      try {
        // A mapping that fails has its reason in what was refused.
        const mapped = await staging.mapAsync(MAP_READ).catch((error: unknown) => ({ error }));
        const refused = await refusal;
        if (refused !== undefined) throw refused;
        if (mapped !== undefined) throw mapped.error;
        spoiled = false;
        const found = staging.getMappedRange();
        return copies.map(({ to, size }) => new Uint32Array(found.slice(to, to + size)));
      } finally {
        staging.unmap();
        release(staging, spoiled);
      }
    },
  };
}
