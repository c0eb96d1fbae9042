/** Buffers of one usage, handed out and taken back. */

/** Buffers that wait for reuse may take this many bytes, or as many as those that are in use, if that is more. */
const SPARE_BYTES = 64 * 2 ** 20;

const SMALLEST = 256;

/**
 * `bytes` rounded up to {@link SMALLEST}, or beyond it to one of four sizes for each power of two: there, at most a fifth
 * of a buffer is not used.
 */
export function sizeClass(bytes: number): number {
  if (bytes <= SMALLEST) return SMALLEST;
  const step = 2 ** (Math.ceil(Math.log2(bytes)) - 3);
  return Math.ceil(bytes / step) * step;
}

export interface BufferPool {
  /** Bytes of all buffers. */
  bytes(): number;
  /** Bytes of the buffers that are in use. */
  liveBytes(): number;
  holds(buffer: GPUBuffer): boolean;
  /** A buffer of at least `bytes` that waits, if there is one. */
  reuse(bytes: number): GPUBuffer | undefined;
  /** A new buffer of at least `bytes`, but not above `limit`. */
  make(bytes: number, limit: number): GPUBuffer;
  /** Takes a buffer back, and destroys it where it is `spoiled`. */
  release(buffer: GPUBuffer, spoiled?: boolean): void;
  /** Destroys the buffers that wait. */
  trim(): void;
  /** Destroys all buffers. */
  dispose(): void;
}

export function bufferPool(gpu: GPUDevice, label: string, usage: number): BufferPool {
  /** Buffers that are in use, with their sizes. */
  const lent = new Map<GPUBuffer, number>();
  /** Buffers that wait, by their size; the one that came last goes first. */
  const spare = new Map<number, GPUBuffer[]>();
  let spareBytes = 0;
  let lentBytes = 0;
  let disposed = false;

  const lend = (buffer: GPUBuffer, size: number): GPUBuffer => {
    lent.set(buffer, size);
    lentBytes += size;
    return buffer;
  };
  const trim = (): void => {
    for (const buffers of spare.values()) for (const buffer of buffers) buffer.destroy();
    spare.clear();
    spareBytes = 0;
  };
  return {
    bytes: () => lentBytes + spareBytes,
    liveBytes: () => lentBytes,
    holds: (buffer) => lent.has(buffer),
    reuse(bytes) {
      const size = sizeClass(bytes);
      const buffer = spare.get(size)?.pop();
      if (buffer === undefined) return undefined;
      spareBytes -= size;
      return lend(buffer, size);
    },
    make(bytes, limit) {
      const wanted = sizeClass(bytes);
      const size = wanted <= limit ? wanted : Math.ceil(bytes / 4) * 4;
      return lend(gpu.createBuffer({ label, size, usage }), size);
    },
    release(buffer, spoiled = false) {
      const size = lent.get(buffer);
      if (size === undefined) return;
      lent.delete(buffer);
      lentBytes -= size;
      const room = spareBytes + size <= Math.max(SPARE_BYTES, lentBytes);
      if (spoiled || disposed || !room || size !== sizeClass(size)) return buffer.destroy();
      spareBytes += size;
      const waiting = spare.get(size);
      if (waiting === undefined) spare.set(size, [buffer]);
      else waiting.push(buffer);
    },
    trim,
    dispose() {
      disposed = true;
      trim();
      for (const buffer of lent.keys()) buffer.destroy();
      lent.clear();
      lentBytes = 0;
    },
  };
}
