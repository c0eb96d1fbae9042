/**
 * `heddle/node`: devices in Node; WebGPU through the npm package `webgpu`.
 *
 *     const device = await openDefaultDevice(); // a hardware GPU, or else the CPU
 *     const gpu = await openNodeDevice('webgpu'); // a GPU, or else a software GPU
 */
export { listAdapters, type AdapterDescription } from './adapters.js';
export { openNodeDevice, type NodeDevice, type NodeOpenOptions } from './open.js';
export { openDefaultDevice, type DefaultDeviceOptions } from './default.js';
export { externalFiles, type ReadPart } from './external-files.js';
export { imageDecoders } from './image-decoders.js';
export { softwareGpuEnvironment } from './environment.js';
