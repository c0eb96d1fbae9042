/**
 * Tensors in device memory. Freed buffers are kept for later tensors of about their size: the queue runs everything in the
 * order of submission, so a buffer may be given away while work that was submitted before still uses it.
 */
import { DEVICE_ELEMENT_BYTES, type DType } from '../base/dtype.js';
import { ensure, type HeddleError } from '../base/errors.js';
import {
  checkElements,
  classOf,
  describeType,
  deviceBytes,
  elementCount,
  isTensorType,
  type TensorData,
} from '../base/tensor.js';
import type { Device } from './device.js';
import { observed } from './failures.js';
import { lossBehind, lossOf, type Loss } from './loss.js';
import { bufferPool, type BufferPool } from './pool.js';
import type { Range } from './memory.js';
import { createReadback, type Readback } from './readback.js';
import { STORAGE_BUFFER } from './usage.js';
import { fromWords, toWords } from './words.js';

/** A tensor in device memory: contiguous 32-bit words from byte 0 of its own buffer. */
export interface DeviceTensor {
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly buffer: GPUBuffer;
}

/** That a buffer was written: when, and what the device refused so that its contents are not to be trusted. */
interface Write {
  readonly time: number;
  spoiled?: HeddleError;
}

const isList: (value: unknown) => boolean = Array.isArray;

export class DeviceHeap {
  readonly #gpu: GPUDevice;
  readonly #tensors: BufferPool;
  readonly #staging: Readback;
  readonly #loss: Loss;
  /** Counts what is asked of the device: a clock. */
  #now = 0;
  /** How buffers were last written. */
  readonly #written = new WeakMap<GPUBuffer, Write>();
  /** What the device has yet to say, and since when it may spoil what is written. */
  readonly #pending = new Map<Promise<void>, number>();
  /** What was written since the first of `pending`. */
  private readonly recent: Write[] = [];
  #disposed = false;

  constructor(readonly device: Device) {
    this.#gpu = (Object(device) as Device).gpu;
    this.#loss = lossOf(this.#gpu);
    this.#tensors = bufferPool(this.#gpu, 'tensor', STORAGE_BUFFER);
    this.#staging = createReadback(this.#gpu);
  }

  /** Bytes of all buffers, those that wait for reuse included. */
  get bytes(): number {
    return this.#tensors.bytes() + this.#staging.bytes();
  }

  /** Bytes of the buffers of tensors that are not freed. */
  get liveBytes(): number {
    return this.#tensors.liveBytes();
  }

  /** A tensor with the elements of `data`, which may change afterwards. Throws INPUT_*, and as {@link allocate} does. */
  upload(data: TensorData): DeviceTensor {
    checkElements(data, 'upload');
    const tensor = this.allocate(data.dtype, data.shape);
    const words = toWords(data);
    if (words.length > 0) this.#gpu.queue.writeBuffer(tensor.buffer, 0, words);
    return tensor;
  }

  /**
   * A tensor with whatever elements. Throws DEVICE_LIMIT where it is larger than the device allows, DEVICE_LOST, or USAGE
   * where the heap was disposed. A device that is short of memory says so later: then {@link read} rejects.
   */
  allocate(dtype: DType, shape: readonly number[]): DeviceTensor {
    this.checkUsable();
    ensure(isTensorType({ dtype, shape }), 'USAGE', 'the value is not the type of a tensor');
    const bytes = deviceBytes(shape);
    const { maxBufferSize: limit } = this.#gpu.limits;
    ensure(bytes <= limit, 'DEVICE_LIMIT', 'the tensor does not fit the device', {
      where: describeType(dtype, shape),
      found: `${bytes} bytes`,
      expected: `at most ${limit} bytes`,
    });
    const buffer = this.#tensors.reuse(bytes) ?? this.#make(bytes, limit);
    this.wrote(buffer);
    return { dtype, shape, buffer };
  }

  /** Whether `tensor` lies in this heap and is not freed. */
  holds(tensor: DeviceTensor): boolean {
    return this.#tensors.holds((Object(tensor) as DeviceTensor).buffer);
  }

  /**
   * The elements of `tensors`, in their order: one submit and one mapping for all. They are those of the moment of the
   * call. Rejects with TENSOR_DISPOSED where one was freed, DEVICE_LOST, and with what the device refused since before a
   * tensor was written.
   */
  async read(tensors: readonly DeviceTensor[]): Promise<TensorData[]> {
    this.checkUsable();
    const checkWrites = this.checkWrites(tensors);
    for (const tensor of tensors) this.checkHeld(tensor, 'read');
    const ranges = tensors.map(({ buffer, shape }) => wordsIn({ buffer, offset: 0 }, shape));
    const bytes = ranges.reduce((sum, { size }) => sum + size, 0);
    if (bytes > this.#gpu.limits.maxBufferSize && tensors.length > 1) {
      const half = tensors.length >> 1;
      const parts = [this.read(tensors.slice(0, half)), this.read(tensors.slice(half))];
      return (await Promise.all(parts)).flat();
    }
    try {
      const words = await this.#staging.read(ranges, (copies) => {
        const encoder = this.#gpu.createCommandEncoder({ label: 'read' });
        copies(encoder);
        this.#gpu.queue.submit([encoder.finish()]);
      });
      await checkWrites();
      return tensors.map((tensor, i) => tensorOf(tensor, words[i]));
    } catch (error) {
      // Memory that waits may be what is missing.
      this.trim();
      const loss = await lossBehind(this.#gpu);
      if (loss !== undefined) throw loss;
      // Tensors that are no good are why they could not be copied.
      await checkWrites();
      throw error;
    }
  }

  /**
   * What rejects with what the device refused since before `tensors` were last written, once that is known. Throws TENSOR_DISPOSED
   * where one of them does not lie here.
   */
  checkWrites(tensors: readonly DeviceTensor[]): () => Promise<void> {
    ensure(isList(tensors), 'USAGE', 'the tensors are given as a list');
    for (const tensor of tensors) this.#checkOwn(tensor, 'read');
    const writes = tensors.map(({ buffer }) => this.#written.get(buffer));
    return async () => {
      await Promise.all(this.#pending.keys());
      writes.forEach(checkSound);
    };
  }

  /** Gives the memory of a tensor back. Throws TENSOR_DISPOSED where that was done before. */
  free(tensor: DeviceTensor): void {
    if (this.#disposed) return;
    this.#checkOwn(tensor, 'free');
    this.#tensors.release(tensor.buffer, this.#written.get(tensor.buffer)?.spoiled !== undefined);
  }

  /** Destroys the buffers that wait for reuse. */
  trim(): void {
    this.#tensors.trim();
    this.#staging.trim();
  }

  /** Destroys all buffers, those of tensors included. */
  dispose(): void {
    this.#disposed = true;
    this.#tensors.dispose();
    this.#staging.dispose();
  }

  /**
   * What `refusal` turns out to be, if it is one, spoils what is {@link wrote written} from this call until it is known:
   * reading or using it throws. Everything else stays as good as it was, and the next call has its own chance.
   */
  watch(refusal: Promise<HeddleError | undefined>): void {
    const since = this.#now;
    const settled = refusal.then((error) => {
      this.#pending.delete(settled);
      if (error !== undefined) {
        for (const write of this.recent) if (write.time >= since) write.spoiled ??= error;
        // Buffers that were freed meanwhile may be no buffers, and their memory may be what is missing.
        this.trim();
      }
      const [first = this.#now] = this.#pending.values();
      while (this.recent.length > 0 && this.recent[0].time < first) this.recent.shift();
    });
    this.#pending.set(settled, since);
  }

  /** Notes that commands which were just submitted write `buffer`. */
  wrote(buffer: GPUBuffer): void {
    const write = { time: this.#now++ };
    this.#written.set(buffer, write);
    if (this.#pending.size > 0) this.recent.push(write);
  }

  /** Throws DEVICE_LOST, or USAGE where the heap was disposed. */
  checkUsable(): void {
    ensure(!this.#disposed, 'USAGE', 'the heap was disposed');
    if (this.#loss.error !== undefined) throw this.#loss.error;
  }

  /** Throws TENSOR_DISPOSED unless `tensor` lies here, and what the device refused where that spoiled it. */
  checkHeld(tensor: DeviceTensor, where: string): void {
    this.#checkOwn(tensor, where);
    checkSound(this.#written.get(tensor.buffer));
  }

  #make(bytes: number, limit: number): GPUBuffer {
    const make = (): GPUBuffer => this.#tensors.make(bytes, limit);
    const { result, refusal } = observed(this.#gpu, `a buffer of ${bytes} bytes`, make);
    this.watch(refusal);
    return result;
  }

  #checkOwn(tensor: DeviceTensor, where: string): void {
    ensure(this.holds(tensor), 'TENSOR_DISPOSED', 'the tensor was freed, or is of another heap', () => ({
      where,
      found: isTensorType(tensor) ? describeType(tensor.dtype, tensor.shape) : classOf(tensor),
    }));
  }
}

/** Throws what the device refused where that spoiled what was written. */
function checkSound(write: Write | undefined): void {
  if (write?.spoiled !== undefined) throw write.spoiled;
}

/** The words of a tensor of this shape, which begin where `at` says. */
export const wordsIn = ({ buffer, offset }: Omit<Range, 'size'>, shape: readonly number[]): Range => ({
  buffer,
  offset,
  size: elementCount(shape) * DEVICE_ELEMENT_BYTES,
});

/** A tensor of the host with these words. */
export const tensorOf = ({ dtype, shape }: Omit<TensorData, 'data'>, words: Uint32Array): TensorData => ({
  dtype,
  shape: [...shape],
  data: fromWords(dtype, words),
});
