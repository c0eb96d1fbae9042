/** TensorFlow.js on its WebGPU backend in Node. */
import { createRequire } from 'node:module';
import { openGpu } from '../gpu.mjs';

const require = createRequire(import.meta.url);

export const name = '@tensorflow/tfjs';
export const { version } = require('@tensorflow/tfjs/package.json');

/** Imports TensorFlow.js, makes WebGPU its backend, and returns the module. */
export async function init() {
  openGpu();
  flattenFeatures();
  const { default: tf } = await import('@tensorflow/tfjs');
  await import('@tensorflow/tfjs-backend-webgpu');
  if (!(await tf.setBackend('webgpu'))) throw new Error('TensorFlow.js found no WebGPU device');
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
