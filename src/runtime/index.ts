/**
 * `heddle/runtime`: loads bundles and runs them, in browsers and in Node, without the compiler.
 *
 *     const executable = await loadBundle(bytes, { device: navigator.gpu });
 *     const { y } = await executable.run({ x: tensorData('f32', [1, 4], Float32Array.of(1, 2, 3, 4)) });
 */
export { HeddleError, ERROR_CODES, type ErrorCode } from '../base/errors.js';
export type { DType, HostArray, HostArrays } from '../base/dtype.js';
export { tensorData, type TensorData } from '../base/tensor.js';
export type { Plan, PlanPort } from '../codegen/plan.js';
export type { Preludes } from '../codegen/wgsl/prelude.js';
export type { SubnormalMode } from '../numerics/subnormals.js';
export { loadBundle, readBundle, type Bundle, type LoadOptions } from './bundle/bundle.js';
export type { Device, NumericProfile } from './device.js';
export { Executable, type ExecutableOptions, type RunStats } from './executable.js';
export { DeviceHeap, type DeviceTensor } from './heap.js';
export type { DeviceTensors } from './dispatch.js';
export type { Tensors } from './inputs.js';
export { openDevice, proveDevice, type OpenOptions, type ProbedDevice } from './open.js';
export type { Progress } from './pipelines.js';
export type { PatternFailure, PatternResult, ProbeProgram } from './probe/program.js';
export { probe, type ProbeReport } from './probe/probe.js';
