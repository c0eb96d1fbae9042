/**
 * `heddle/runtime/wasm`: runs bundles of `heddle compile --target webgpu,wasm` on the CPU, in browsers and in Node, without the
 * compiler. Alone:
 *
 *     const executable = await loadWasmBundle(bytes);
 *
 * or as the second choice of `heddle/runtime`, with the same bits:
 *
 *     const executable = await loadBundle(bytes, { device: navigator.gpu, wasm: wasmHost() });
 */
export { HeddleError, type ErrorCode } from '../base/errors.js';
export type { DType, HostArray, HostArrays } from '../base/dtype.js';
export { tensorData, type TensorData } from '../base/tensor.js';
export type { Plan, PlanPort } from '../plan/plan.js';
export { readBundle, type Bundle } from '../plan/read-bundle.js';
export type { Tensors } from '../runtime/inputs.js';
export { openWasmDevice, type WasmDevice, type WasmDeviceOptions } from '../runtime/wasm/device.js';
export { WasmExecutable, type WasmRunStats } from '../runtime/wasm/executable.js';
export { loadWasmBundle, wasmHost, type LoadWasmOptions, type WasmHostOptions } from './load-wasm.js';
export type { WasmHost } from './load.js';
