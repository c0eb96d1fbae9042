/**
 * `heddle/node`: WebGPU devices in Node, through the npm package `webgpu`.
 *
 *     const device = await openNodeDevice('webgpu');
 */
export { listAdapters, type AdapterDescription } from './adapters.js';
export { openNodeDevice, type NodeDevice, type NodeOpenOptions } from './open.js';
export { softwareGpuEnvironment } from './environment.js';
