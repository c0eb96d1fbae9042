/** jax-js in Node, on WebGPU or WebAssembly. */
import { readFileSync } from 'node:fs';
import { openGpu } from '../gpu.mjs';
import { completeIterators } from './iterators.mjs';

export const name = '@jax-js/jax';
export const { version } = JSON.parse(
  readFileSync(new URL('../node_modules/@jax-js/jax/package.json', import.meta.url), 'utf8'),
);

/** @type {typeof import('@jax-js/jax')} */
let jax;

/** Imports jax-js and makes `backend` its default device. Returns the module. */
export async function init(backend = 'webgpu') {
  if (backend === 'webgpu') openGpu();
  completeIterators();
  jax = await import('@jax-js/jax');
  const devices = await jax.init(backend);
  if (!devices.includes(backend)) throw new Error(`jax-js found no ${backend} device`);
  jax.defaultDevice(backend);
  return jax;
}

/**
 * relu(a @ b) under `jit` for two n x n matrices, as a sign of life: `run` reads the result back.
 * @param {number} n
 */
export function matmul(n) {
  const { numpy: np, nn, jit } = jax;
  const f = jit((a, b) => nn.relu(np.matmul(a, b)));
  return {
    /** @param {Float32Array} a @param {Float32Array} b @returns {Promise<Float32Array>} */
    async run(a, b) {
      return await f(np.array(a).reshape([n, n]), np.array(b).reshape([n, n])).data();
    },
    dispose: () => f.dispose(),
  };
}
