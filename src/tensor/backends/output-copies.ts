/** Copies of a run's outputs to the host that are recorded with the run: one submit for both. */
import { deviceBytes, elementCount, type TensorData } from '../../base/tensor.js';
import type { Device } from '../../runtime/device.js';
import { observed } from '../../runtime/failures.js';
import { tensorOf, type DeviceHeap, type DeviceTensor } from '../../runtime/heap.js';
import { lossBehind } from '../../runtime/loss.js';
import { bufferPool, type BufferPool } from '../../runtime/pool.js';
import { MAP_READ, READBACK_BUFFER } from '../../runtime/usage.js';

/** Copies of more bytes take longer than the submit that they would save. */
const LARGEST = 2 ** 24;

export class OutputCopies {
  private readonly pool: BufferPool;

  constructor(private readonly device: Device) {
    this.pool = bufferPool(device.gpu, 'readback', READBACK_BUFFER);
  }

  /** Bytes of the buffers that copies go through; all of them wait for reuse between runs. */
  get bytes(): number {
    return this.pool.bytes();
  }

  /**
   * Records copies of `tensors`, whole. What it gives reads them when the encoder's commands have been submitted. Where no buffer waits
   * that is large enough they are read by a submit of their own: a new buffer may be refused, and all commands of the run with it.
   */
  record(
    encoder: GPUCommandEncoder,
    tensors: readonly DeviceTensor[],
  ): (heap: DeviceHeap) => Promise<TensorData[]> {
    const sizes = tensors.map(({ shape }) => deviceBytes(shape));
    const bytes = sizes.reduce((sum, size) => sum + size, 0);
    const staging = this.pool.reuse(bytes);
    if (staging === undefined) {
      this.prepare(bytes);
      return (heap) => heap.read(tensors);
    }
    let end = 0;
    const places = sizes.map((size) => (end += size) - size);
    tensors.forEach(({ buffer }, i) => encoder.copyBufferToBuffer(buffer, 0, staging, places[i], sizes[i]));
    return async (heap) => {
      const checkWrites = heap.checkWrites(tensors);
      let spoiled = true;
      try {
        await staging.mapAsync(MAP_READ);
        await checkWrites();
        spoiled = false;
        const found = staging.getMappedRange();
        return tensors.map((tensor, i) => tensorOf(tensor, new Uint32Array(found.slice(places[i], places[i] + 4 * elementCount(tensor.shape))))); // prettier-ignore
      } catch (error) {
        const loss = await lossBehind(this.device.gpu);
        if (loss !== undefined) throw loss;
        // A mapping that fails has its reason in what was refused.
        await checkWrites();
        throw error;
      } finally {
        staging.unmap();
        this.pool.release(staging, spoiled);
      }
    };
  }

  /** Makes a buffer for the next time, unless the device refuses it. */
  private prepare(bytes: number): void {
    const { gpu } = this.device;
    if (bytes > LARGEST) return;
    const { result, refusal } = observed(gpu, `a buffer of ${bytes} bytes`, () =>
      this.pool.make(bytes, LARGEST),
    );
    void refusal.then((error) => this.pool.release(result, error !== undefined));
  }

  dispose(): void {
    this.pool.dispose();
  }
}
