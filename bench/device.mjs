/** Which GPU to measure on, and the environment that a process needs to see it. */
import { existsSync } from 'node:fs';

const softgpu = new URL('../dist/softgpu/index.js', import.meta.url);

/** Other spellings, among them those that heddle itself takes. */
const ALIASES = {
  webgpu: 'system',
  'webgpu:llvmpipe': 'lavapipe',
  'webgpu:lavapipe': 'lavapipe',
  'webgpu:swiftshader': 'swiftshader',
  llvmpipe: 'lavapipe',
};

/**
 * @typedef {object} Device
 * @property {string} name `lavapipe`, `swiftshader` or `system`
 * @property {string | undefined} adapter for Dawn's `adapter=` option; undefined: what the system offers first
 * @property {string} heddle the device as heddle spells it
 * @property {Record<string, string>} env variables that have to be set before the process starts
 */

/**
 * @param {string | undefined} wanted undefined: lavapipe where it is installed, else SwiftShader
 * @returns {Promise<Device>}
 */
export async function chooseDevice(wanted) {
  // Mesa keeps compiled shaders on disk: a second run of the benchmark would measure that instead of compilation.
  const cold = { MESA_SHADER_CACHE_DISABLE: 'true' };
  const name = wanted === undefined ? undefined : (ALIASES[wanted] ?? wanted);
  if (name === 'system') return { name, adapter: undefined, heddle: 'webgpu', env: cold };
  if (!existsSync(softgpu)) {
    throw new Error(
      'the software GPUs are found by the built package: run `npm run build` first, or use --device system',
    );
  }
  const { adapterName, findSoftwareGpus } = await import(softgpu.href);
  const { gpus, env, swiftshaderProblem } = findSoftwareGpus();
  const chosen = name ?? (gpus.includes('lavapipe') ? 'lavapipe' : 'swiftshader');
  if (!(chosen in adapterName)) {
    throw new Error(`no device ${wanted}; there are system, ${Object.keys(adapterName).join(', ')}`);
  }
  if (!gpus.includes(chosen)) {
    throw new Error(
      `${chosen} is not here${chosen === 'swiftshader' ? `: ${swiftshaderProblem}` : ' (Mesa 25 or later)'}`,
    );
  }
  const adapter = adapterName[chosen];
  return { name: chosen, adapter, heddle: `webgpu:${adapter.toLowerCase()}`, env: { ...env, ...cold } };
}
