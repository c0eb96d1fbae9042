/**
 * Tensors in device memory. Freed buffers are kept for later tensors of about their size: the queue runs everything in the
 * order of submission, so a buffer may be given away while work that was submitted before still uses it.
 */
import { DEVICE_ELEMENT_BYTES, type DType } from '../base/dtype.js';
import { ensure, type HeddleError } from '../base/errors.js';
import { checkElements, describeType, elementCount, type TensorData } from '../base/tensor.js';
import type { Device } from './device.js';
import { deviceLost, lossBehind, observed } from './failures.js';
import { BufferPool } from './pool.js';
import { fromWords, toWords } from './words.js';

/** A tensor in device memory: contiguous 32-bit words from byte 0 of its own buffer. */
export interface DeviceTensor {
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly buffer: GPUBuffer;
}

/** Bytes of a tensor in device memory; even an empty one has a word. */
export const deviceBytes = (shape: readonly number[]): number =>
  Math.max(1, elementCount(shape)) * DEVICE_ELEMENT_BYTES;

/** The numbers behind GPUBufferUsage and GPUMapMode: those globals do not exist in every host. */
const STORAGE = 0x80 | 0x8 | 0x4; // STORAGE, COPY_DST, COPY_SRC
const STAGING = 0x1 | 0x8; // MAP_READ, COPY_DST
const MAP_MODE_READ = 0x1;

/** What the device refused, and between which times what was written is not to be trusted for it. */
interface Refusal {
  readonly error: HeddleError;
  readonly since: number;
  readonly until: number;
}

export class DeviceHeap {
  private readonly gpu: GPUDevice;
  private readonly tensors: BufferPool;
  private readonly staging: BufferPool;
  private lost: HeddleError | undefined;
  /** Counts what is asked of the device: a clock. */
  private now = 0;
  /** When buffers were last written. */
  private readonly written = new WeakMap<GPUBuffer, number>();
  private readonly refusals: Refusal[] = [];
  private readonly pending = new Set<Promise<void>>();
  private disposed = false;

  constructor(readonly device: Device) {
    this.gpu = device.gpu;
    this.tensors = new BufferPool(this.gpu, 'tensor', STORAGE);
    this.staging = new BufferPool(this.gpu, 'readback', STAGING);
    void this.gpu.lost.then((info) => (this.lost = deviceLost(info)));
  }

  /** Bytes of all buffers, those that wait for reuse included. */
  get bytes(): number {
    return this.tensors.bytes + this.staging.bytes;
  }

  /** Bytes of the buffers of tensors that are not freed. */
  get liveBytes(): number {
    return this.tensors.liveBytes;
  }

  /** A tensor with the elements of `data`, which may change afterwards. Throws INPUT_*, and as {@link allocate} does. */
  upload(data: TensorData): DeviceTensor {
    checkElements(data, 'upload');
    const tensor = this.allocate(data.dtype, data.shape);
    const words = toWords(data);
    if (words.length > 0) this.gpu.queue.writeBuffer(tensor.buffer, 0, words);
    return tensor;
  }

  /**
   * A tensor with whatever elements. Throws DEVICE_LIMIT where it is larger than the device allows, DEVICE_LOST, or USAGE
   * where the heap was disposed. A device that is short of memory says so later: then {@link read} rejects.
   */
  allocate(dtype: DType, shape: readonly number[]): DeviceTensor {
    this.checkUsable();
    const bytes = deviceBytes(shape);
    const { maxBufferSize, maxStorageBufferBindingSize } = this.gpu.limits;
    const limit = Math.min(maxBufferSize, maxStorageBufferBindingSize);
    ensure(bytes <= limit, 'DEVICE_LIMIT', 'the tensor does not fit the device', () => ({
      where: describeType(dtype, shape),
      found: `${bytes} bytes`,
      expected: `at most ${limit}`,
    }));
    return { dtype, shape, buffer: this.take(this.tensors, bytes, limit) };
  }

  /** Whether `tensor` lies in this heap and is not freed. */
  holds({ buffer }: DeviceTensor): boolean {
    return this.tensors.lends(buffer);
  }

  /**
   * The elements of `tensors`, in their order: one submit and one mapping for all. They are those of the moment of the
   * call. Rejects with TENSOR_DISPOSED where one was freed, DEVICE_LOST, and with what the device refused since before a
   * tensor was written.
   */
  async read(tensors: readonly DeviceTensor[]): Promise<TensorData[]> {
    this.checkUsable();
    for (const tensor of tensors) this.checkHeld(tensor, 'read');
    const times = tensors.map(({ buffer }) => this.timeOf(buffer));
    const offsets: number[] = [];
    let bytes = 0;
    for (const { shape } of tensors) {
      offsets.push(bytes);
      bytes += elementCount(shape) * DEVICE_ELEMENT_BYTES;
    }
    const { maxBufferSize } = this.gpu.limits;
    if (bytes > maxBufferSize && tensors.length > 1) {
      const half = tensors.length >> 1;
      const parts = [this.read(tensors.slice(0, half)), this.read(tensors.slice(half))];
      return (await Promise.all(parts)).flat();
    }
    try {
      const words = bytes === 0 ? new ArrayBuffer(0) : await this.copyOut(tensors, offsets, bytes);
      await Promise.all(this.pending);
      times.forEach((time) => this.checkSound(time));
      return tensors.map(({ dtype, shape }, i) => {
        const data = fromWords(dtype, new Uint32Array(words.slice(offsets[i], offsets[i] + elementCount(shape) * DEVICE_ELEMENT_BYTES))); // prettier-ignore
        return { dtype, shape, data };
      });
    } catch (error) {
      throw this.lost ?? (await lossBehind(this.gpu)) ?? error;
    }
  }

  /** Gives the memory of a tensor back. Throws TENSOR_DISPOSED where that was done before. */
  free(tensor: DeviceTensor): void {
    if (this.disposed) return;
    this.checkOwn(tensor, 'free');
    this.giveBack(this.tensors, tensor.buffer);
  }

  /** Destroys the buffers that wait for reuse. */
  trim(): void {
    this.tensors.trim();
    this.staging.trim();
  }

  /** Destroys all buffers, those of tensors included. */
  dispose(): void {
    this.disposed = true;
    this.tensors.dispose();
    this.staging.dispose();
  }

  /**
   * What `refusal` turns out to be, if it is one, spoils what is {@link wrote written} from this call until it is known:
   * reading or using it throws. Everything else stays as good as it was, and the next call has its own chance.
   */
  watch(refusal: Promise<HeddleError | undefined>): void {
    const since = this.now;
    const settled = refusal.then((error) => {
      this.pending.delete(settled);
      if (error === undefined) return;
      this.refusals.push({ error, since, until: this.now });
      // Buffers that were freed meanwhile may be no buffers, and their memory may be what is missing.
      this.trim();
    });
    this.pending.add(settled);
  }

  /** Notes that commands which were just submitted write `buffer`. */
  wrote(buffer: GPUBuffer): void {
    this.written.set(buffer, this.now++);
  }

  /** Throws DEVICE_LOST, or USAGE where the heap was disposed. */
  checkUsable(): void {
    ensure(!this.disposed, 'USAGE', 'the heap was disposed');
    if (this.lost !== undefined) throw this.lost;
  }

  /** Throws TENSOR_DISPOSED unless `tensor` lies here, and what the device refused where that spoiled it. */
  checkHeld(tensor: DeviceTensor, where: string): void {
    this.checkOwn(tensor, where);
    this.checkSound(this.timeOf(tensor.buffer));
  }

  private checkOwn(tensor: DeviceTensor, where: string): void {
    ensure(this.holds(tensor), 'TENSOR_DISPOSED', 'the tensor was freed, or is of another heap', () => ({
      where,
      found: describeType(tensor.dtype, tensor.shape),
    }));
  }

  private timeOf(buffer: GPUBuffer): number {
    return this.written.get(buffer) ?? -1;
  }

  /** What spoiled that which was written at `time`. */
  private refusalAt(time: number): HeddleError | undefined {
    return this.refusals.find(({ since, until }) => since <= time && time < until)?.error;
  }

  private checkSound(time: number): void {
    const refusal = this.refusalAt(time);
    if (refusal !== undefined) throw refusal;
  }

  private take(pool: BufferPool, bytes: number, limit: number): GPUBuffer {
    const buffer = pool.reuse(bytes) ?? this.make(pool, bytes, limit);
    this.wrote(buffer);
    return buffer;
  }

  private make(pool: BufferPool, bytes: number, limit: number): GPUBuffer {
    const what = `a buffer of ${bytes} bytes`;
    const { result, refusal } = observed(this.gpu, what, () => pool.make(bytes, limit));
    this.watch(refusal);
    return result;
  }

  private giveBack(pool: BufferPool, buffer: GPUBuffer): void {
    pool.give(buffer, this.refusalAt(this.timeOf(buffer)) !== undefined);
  }

  private async copyOut(
    tensors: readonly DeviceTensor[],
    offsets: readonly number[],
    bytes: number,
  ): Promise<ArrayBuffer> {
    const staging = this.take(this.staging, bytes, this.gpu.limits.maxBufferSize);
    const { refusal } = observed(this.gpu, 'copies of tensors', () => {
      const encoder = this.gpu.createCommandEncoder({ label: 'read' });
      tensors.forEach(({ buffer, shape }, i) => {
        const size = elementCount(shape) * DEVICE_ELEMENT_BYTES;
        if (size > 0) encoder.copyBufferToBuffer(buffer, 0, staging, offsets[i], size);
      });
      this.gpu.queue.submit([encoder.finish()]);
    });
    this.watch(refusal);
    this.wrote(staging);
    try {
      // A mapping that fails has its reason in what was refused.
      const mapped = await staging.mapAsync(MAP_MODE_READ, 0, bytes).catch((error: unknown) => ({ error }));
      await Promise.all(this.pending);
      this.checkSound(this.timeOf(staging));
      if (mapped !== undefined) throw mapped.error;
      return staging.getMappedRange(0, bytes).slice(0);
    } finally {
      staging.unmap();
      this.giveBack(this.staging, staging);
    }
  }
}
