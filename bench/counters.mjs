/**
 * Counts what any library asks of WebGPU, by wrapping the prototypes that `webgpu` (Dawn for Node) exports.
 *
 * Work is charged to the meter that is current while it happens (`metered`), so that several libraries can be
 * measured in one process as long as they run one after another. A buffer stays charged to the meter under which
 * it was created until it is destroyed, its device is destroyed, or it is garbage-collected.
 */

/** What one library has asked of the GPU. All fields only grow, except `liveBytes` and `liveBuffers`. */
export class Meter {
  /** @param {string} name */
  constructor(name) {
    this.name = name;
    this.dispatches = 0;
    this.submits = 0;
    this.pipelines = 0;
    this.shaderModules = 0;
    this.bindGroups = 0;
    this.buffers = 0;
    this.bytes = 0;
    this.liveBuffers = 0;
    this.liveBytes = 0;
    this.peakBytes = 0;
    this.uploads = 0;
    this.uploadedBytes = 0;
    this.maps = 0;
  }

  /** A copy of the numbers, to subtract later. */
  snapshot() {
    return { ...this };
  }

  /**
   * What happened since `before`. `peakBytes` is the largest number of live bytes since the last `resetPeak()`, and
   * `liveBytes` and `liveBuffers` are as they stand now.
   * @param {ReturnType<Meter['snapshot']>} before
   */
  since(before) {
    return {
      dispatches: this.dispatches - before.dispatches,
      submits: this.submits - before.submits,
      pipelines: this.pipelines - before.pipelines,
      shaderModules: this.shaderModules - before.shaderModules,
      bindGroups: this.bindGroups - before.bindGroups,
      buffers: this.buffers - before.buffers,
      bytes: this.bytes - before.bytes,
      uploads: this.uploads - before.uploads,
      uploadedBytes: this.uploadedBytes - before.uploadedBytes,
      maps: this.maps - before.maps,
      liveBuffers: this.liveBuffers,
      liveBytes: this.liveBytes,
      peakBytes: this.peakBytes,
    };
  }

  /** Starts a new window for `peakBytes` at the bytes that are live now. */
  resetPeak() {
    this.peakBytes = this.liveBytes;
  }
}

const stray = new Meter('stray');
let current = stray;

/**
 * Runs `work` with everything it asks of the GPU charged to `meter`.
 * @template T
 * @param {Meter} meter
 * @param {() => T | Promise<T>} work
 * @returns {Promise<T>}
 */
export async function metered(meter, work) {
  const before = current;
  current = meter;
  try {
    return await work();
  } finally {
    current = before;
  }
}

/** The meter of whatever ran outside `metered`; anything but zeros there means that a measurement leaked. */
export const strayMeter = stray;

/**
 * @typedef {{ meter: Meter, size: number, live: boolean }} BufferRecord
 */

/** @type {WeakMap<object, BufferRecord>} */
const recordOf = new WeakMap();
/** @type {WeakMap<object, Set<BufferRecord>>} */
const recordsOfDevice = new WeakMap();

/** @param {BufferRecord} record */
function release(record) {
  if (!record.live) return;
  record.live = false;
  record.meter.liveBuffers -= 1;
  record.meter.liveBytes -= record.size;
}

const collected = new FinalizationRegistry(release);

/**
 * Replaces a method by one that calls `note` and then the original.
 * @param {object} prototype
 * @param {string} method
 * @param {(self: object, args: any[], result: any) => void} note
 */
function tap(prototype, method, note) {
  const original = prototype[method];
  if (typeof original !== 'function') throw new Error(`WebGPU binding has no ${method} to count`);
  prototype[method] = function (...args) {
    const result = original.apply(this, args);
    note(this, args, result);
    return result;
  };
}

const installed = Symbol.for('heddle.bench.counters');

/**
 * Puts the counters in place, once per process.
 * @param {Record<string, any>} globals the `globals` that npm `webgpu` exports
 */
export function installCounters(globals) {
  if (globals[installed]) return;
  globals[installed] = true;

  const pass = globals.GPUComputePassEncoder.prototype;
  const device = globals.GPUDevice.prototype;
  const queue = globals.GPUQueue.prototype;
  const buffer = globals.GPUBuffer.prototype;

  for (const method of ['dispatchWorkgroups', 'dispatchWorkgroupsIndirect']) {
    tap(pass, method, () => (current.dispatches += 1));
  }
  tap(queue, 'submit', () => (current.submits += 1));
  tap(queue, 'writeBuffer', (_, [, , data, , size]) => {
    current.uploads += 1;
    current.uploadedBytes += size === undefined ? data.byteLength : size * (data.BYTES_PER_ELEMENT ?? 1);
  });
  for (const method of ['createComputePipeline', 'createComputePipelineAsync']) {
    tap(device, method, () => (current.pipelines += 1));
  }
  tap(device, 'createShaderModule', () => (current.shaderModules += 1));
  tap(device, 'createBindGroup', () => (current.bindGroups += 1));
  tap(device, 'createBuffer', (self, [descriptor], result) => {
    const record = { meter: current, size: Number(descriptor.size), live: true };
    recordOf.set(result, record);
    const siblings = recordsOfDevice.get(self) ?? new Set();
    recordsOfDevice.set(self, siblings.add(record));
    collected.register(result, record);
    current.buffers += 1;
    current.bytes += record.size;
    current.liveBuffers += 1;
    current.liveBytes += record.size;
    current.peakBytes = Math.max(current.peakBytes, current.liveBytes);
  });
  tap(device, 'destroy', (self) => {
    for (const record of recordsOfDevice.get(self) ?? []) release(record);
    recordsOfDevice.delete(self);
  });
  tap(buffer, 'destroy', (self) => {
    const record = recordOf.get(self);
    if (record) release(record);
  });
  tap(buffer, 'mapAsync', () => (current.maps += 1));
}
