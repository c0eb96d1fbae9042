/**
 * `heddle/runtime`: loads bundles and runs them, in browsers and in Node, without the compiler.
 *
 *     const executable = await loadBundle(bytes, { device: navigator.gpu });
 *     const { y } = await executable.run({ x: tensorData('f32', [1, 4], Float32Array.of(1, 2, 3, 4)) });
 */
export { HeddleError, type ErrorCode } from '../base/errors.js';
export type { DType, HostArray, HostArrays } from '../base/dtype.js';
export { tensorData, type TensorData } from '../base/tensor.js';
export type { Plan, PlanPort } from '../plan/plan.js';
export type { Preludes } from '../plan/preludes.js';
export type { SubnormalMode } from '../numerics/subnormals.js';
export { readBundle, type Bundle } from '../plan/read-bundle.js';
export { loadBundle, type FallbackOptions, type LoadOptions, type WasmHost } from './load.js';
export type { Device, NumericProfile } from '../runtime/device.js';
export { Executable, type ExecutableOptions, type RunStats } from '../runtime/executable.js';
export { DeviceHeap, type DeviceTensor } from '../runtime/heap.js';
export type { DeviceTensors } from '../runtime/dispatch.js';
export type { Tensors } from '../runtime/inputs.js';
export {
  openDevice,
  proveDevice,
  type OpenDevice,
  type OpenOptions,
  type ProbedDevice,
} from '../device/open.js';
export type { Progress } from '../runtime/pipelines.js';
export type { PatternFailure, PatternResult, ProbeProgram } from '../device/probe/program.js';
export { probe, type ProbeReport } from '../device/probe/probe.js';
