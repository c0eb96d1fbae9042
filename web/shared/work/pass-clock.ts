/** The time that each compute pass takes, by the GPU's own clock. */

const FEATURE = 'timestamp-query';
/** Passes in one query set, which may have 4,096 timestamps. */
const PASSES = 2048;
const BYTES = 8;

/** Of the WebGPU specification, 5.1 and 5.2. */
const USAGE = { MAP_READ: 1, COPY_SRC: 4, COPY_DST: 8, QUERY_RESOLVE: 512 } as const;
const MAP_READ = 1;

/** A GPU whose devices have timestamps where its adapter does. */
export function withTimestamps(gpu: GPU): GPU {
  return {
    wgslLanguageFeatures: gpu.wgslLanguageFeatures,
    getPreferredCanvasFormat: () => gpu.getPreferredCanvasFormat(),
    async requestAdapter(options) {
      const adapter = await gpu.requestAdapter(options);
      if (adapter?.features.has(FEATURE) !== true) return adapter;
      const request = adapter.requestDevice.bind(adapter);
      adapter.requestDevice = (descriptor) =>
        request({ ...descriptor, requiredFeatures: [...(descriptor?.requiredFeatures ?? []), FEATURE] });
      return adapter;
    },
  };
}

/** A clock for one device, whose passes it counts from {@link restart} on. */
export class PassClock {
  readonly #make: GPUDevice['createCommandEncoder'];
  readonly #sets: GPUQuerySet[] = [];
  #passes = 0;

  /** The device writes timestamps from then on. One that cannot gives no clock. */
  static of(gpu: GPUDevice): PassClock | undefined {
    return gpu.features.has(FEATURE) ? new PassClock(gpu) : undefined;
  }

  private constructor(private readonly gpu: GPUDevice) {
    this.#make = gpu.createCommandEncoder.bind(gpu);
    gpu.createCommandEncoder = (descriptor) => {
      const encoder = this.#make(descriptor);
      const begin = encoder.beginComputePass.bind(encoder);
      encoder.beginComputePass = (pass) => begin({ ...pass, timestampWrites: this.#next() });
      return encoder;
    };
  }

  restart(): void {
    this.#passes = 0;
  }

  #next(): GPUComputePassTimestampWrites {
    const at = this.#passes++;
    const set = Math.floor(at / PASSES);
    this.#sets[set] ??= this.gpu.createQuerySet({ type: 'timestamp', count: 2 * PASSES });
    const first = 2 * (at % PASSES);
    return { querySet: this.#sets[set], beginningOfPassWriteIndex: first, endOfPassWriteIndex: first + 1 };
  }

  /** Milliseconds of each pass since the last restart, in order. */
  async read(): Promise<readonly number[]> {
    const times: number[] = [];
    for (let from = 0; from < this.#passes; from += PASSES) {
      const count = Math.min(PASSES, this.#passes - from);
      const ticks = await this.#resolve(this.#sets[from / PASSES], 2 * count);
      // A clock that was set back meanwhile says nothing.
      for (let i = 0; i < count; i++) times.push(Math.max(0, Number(ticks[2 * i + 1] - ticks[2 * i]) / 1e6));
    }
    return times;
  }

  /** Nanoseconds. */
  async #resolve(set: GPUQuerySet, count: number): Promise<BigInt64Array> {
    const size = count * BYTES;
    const { gpu } = this;
    const resolved = gpu.createBuffer({ size, usage: USAGE.QUERY_RESOLVE | USAGE.COPY_SRC });
    const read = gpu.createBuffer({ size, usage: USAGE.MAP_READ | USAGE.COPY_DST });
    try {
      const encoder = this.#make();
      encoder.resolveQuerySet(set, 0, count, resolved, 0);
      encoder.copyBufferToBuffer(resolved, 0, read, 0, size);
      gpu.queue.submit([encoder.finish()]);
      await read.mapAsync(MAP_READ);
      return new BigInt64Array(read.getMappedRange().slice(0));
    } finally {
      resolved.destroy();
      read.destroy();
    }
  }
}
