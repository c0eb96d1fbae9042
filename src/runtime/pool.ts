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

export class BufferPool {
  /** Buffers that are in use, with their sizes. */
  private readonly lent = new Map<GPUBuffer, number>();
  /** Buffers that wait, by their size; the one that came last goes first. */
  private readonly spare = new Map<number, GPUBuffer[]>();
  private spareBytes = 0;
  private lentBytes = 0;
  private disposed = false;

  constructor(
    private readonly gpu: GPUDevice,
    private readonly label: string,
    private readonly usage: number,
  ) {}

  /** Bytes of all buffers. */
  get bytes(): number {
    return this.lentBytes + this.spareBytes;
  }

  /** Bytes of the buffers that are in use. */
  get liveBytes(): number {
    return this.lentBytes;
  }

  holds(buffer: GPUBuffer): boolean {
    return this.lent.has(buffer);
  }

  /** A buffer of at least `bytes` that waits, if there is one. */
  reuse(bytes: number): GPUBuffer | undefined {
    const size = sizeClass(bytes);
    const buffer = this.spare.get(size)?.pop();
    if (buffer === undefined) return undefined;
    this.spareBytes -= size;
    return this.lend(buffer, size);
  }

  /** A new buffer of at least `bytes`, but not above `limit`. */
  make(bytes: number, limit: number): GPUBuffer {
    const wanted = sizeClass(bytes);
    const size = wanted <= limit ? wanted : Math.ceil(bytes / 4) * 4;
    return this.lend(this.gpu.createBuffer({ label: this.label, size, usage: this.usage }), size);
  }

  private lend(buffer: GPUBuffer, size: number): GPUBuffer {
    this.lent.set(buffer, size);
    this.lentBytes += size;
    return buffer;
  }

  /** Takes a buffer back, and destroys it where it is `spoiled`. */
  release(buffer: GPUBuffer, spoiled = false): void {
    const size = this.lent.get(buffer);
    if (size === undefined) return;
    this.lent.delete(buffer);
    this.lentBytes -= size;
    const room = this.spareBytes + size <= Math.max(SPARE_BYTES, this.lentBytes);
    if (spoiled || this.disposed || !room || size !== sizeClass(size)) return buffer.destroy();
    this.spareBytes += size;
    const waiting = this.spare.get(size);
    if (waiting === undefined) this.spare.set(size, [buffer]);
    else waiting.push(buffer);
  }

  /** Destroys the buffers that wait. */
  trim(): void {
    for (const buffers of this.spare.values()) for (const buffer of buffers) buffer.destroy();
    this.spare.clear();
    this.spareBytes = 0;
  }

  /** Destroys all buffers. */
  dispose(): void {
    this.disposed = true;
    this.trim();
    for (const buffer of this.lent.keys()) buffer.destroy();
    this.lent.clear();
    this.lentBytes = 0;
  }
}
