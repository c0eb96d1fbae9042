/** TensorFlow.js in Node, on its WebGPU or WebAssembly backend. */
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { openGpu } from '../gpu.mjs';

const require = createRequire(import.meta.url);

export const name = '@tensorflow/tfjs';
export const { version } = require('@tensorflow/tfjs/package.json');

/** Imports TensorFlow.js, makes `backend` its backend, and returns the module. */
export async function init(backend = 'webgpu', threads = 1) {
  if (backend === 'webgpu') {
    openGpu();
    flattenFeatures();
  }
  const { default: tf } = await import('@tensorflow/tfjs');
  if (backend === 'webgpu') await import('@tensorflow/tfjs-backend-webgpu');
  else {
    const { setThreadsCount, setWasmPaths } = require('@tensorflow/tfjs-backend-wasm');
    setWasmPaths(`${dirname(require.resolve('@tensorflow/tfjs-backend-wasm'))}/`);
    setThreadsCount(threads);
  }
  if (!(await tf.setBackend(backend))) throw new Error(`TensorFlow.js found no ${backend} device`);
  await tf.ready();
  return tf;
}

/** TensorFlow.js asks for `[['bgra8unorm-storage']]`: browsers make a string of the inner list, Dawn for Node does not. */
function flattenFeatures() {
  const { prototype } = globalThis.GPUAdapter;
  const { requestDevice } = prototype;
  prototype.requestDevice = function (descriptor = {}) {
    const { requiredFeatures = [] } = descriptor;
    return requestDevice.call(this, { ...descriptor, requiredFeatures: requiredFeatures.flat() });
  };
}
