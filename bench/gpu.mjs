/**
 * One Dawn binding for all sides. `webgpu` is deliberately no dependency of this folder: the import finds the copy in
 * the repository root's node_modules, which is the one that heddle loads, so that both sides run on the same build of
 * Dawn and the counters see both.
 */
import { existsSync } from 'node:fs';
import { create, globals } from 'webgpu';
import { installCounters } from './counters.mjs';

if (existsSync(new URL('./node_modules/webgpu', import.meta.url))) {
  throw new Error(
    'bench/node_modules/webgpu must not exist: the peers have to share the root package’s Dawn binding',
  );
}

/** Kept here because node crashes when the object that `create()` returns is collected while devices live. */
let gpu;

/**
 * Makes `navigator.gpu` and the WebGPU globals look as they do in a browser, with counters in place.
 * Must run before a peer is imported. Returns the GPU object.
 *
 * @param {string} [adapter] part of the adapter's name, as Dawn's `adapter=` option wants it; later calls need none
 */
export function openGpu(adapter) {
  if (gpu) return gpu;
  gpu = create(adapter ? [`adapter=${adapter}`] : []);
  Object.assign(globalThis, globals);
  globalThis.navigator ??= /** @type {any} */ ({
    userAgent: `Node.js/${process.versions.node}`,
    hardwareConcurrency: 1,
  });
  Object.defineProperty(globalThis.navigator, 'gpu', { value: gpu, configurable: true });
  copyBeforeUpload(globals.GPUQueue.prototype);
  installCounters(globals);
  return gpu;
}

/**
 * Dawn for Node refuses uploads straight from onnxruntime's WebAssembly memory ("Invalid argument"), so each upload gets a
 * fresh copy. Every side pays for it alike.
 */
function copyBeforeUpload(queue) {
  const { writeBuffer } = queue;
  queue.writeBuffer = function (buffer, bufferOffset, data, dataOffset = 0, size = undefined) {
    const unit = ArrayBuffer.isView(data) && 'BYTES_PER_ELEMENT' in data ? data.BYTES_PER_ELEMENT : 1;
    const start = (ArrayBuffer.isView(data) ? data.byteOffset : 0) + dataOffset * unit;
    const length = size === undefined ? data.byteLength - dataOffset * unit : size * unit;
    const source = new Uint8Array(ArrayBuffer.isView(data) ? data.buffer : data, start, length);
    return writeBuffer.call(this, buffer, bufferOffset, new Uint8Array(source));
  };
}

/** Plain description of the adapter, or throws where the system offers none. */
export async function describeAdapter() {
  const adapter = await openGpu().requestAdapter();
  if (!adapter) throw new Error('WebGPU offers no adapter here');
  const { vendor, architecture, device, description } = adapter.info;
  return { vendor, architecture, device, description };
}
