/**
 * `heddle/runtime/dynamic`: runs bundles that were compiled for ranges of sizes, without the compiler.
 *
 *     const model = await loadDynamicBundle(bytes, { device: navigator.gpu });
 *     const { y } = await model.run({ x: tensorData('f32', [3, 4], data) });
 */
export { HeddleError, type ErrorCode } from '../base/errors.js';
export type { DType } from '../base/dtype.js';
export { tensorData, type TensorData } from '../base/tensor.js';
export type { Device } from '../runtime/device.js';
export type { Tensors } from '../runtime/inputs.js';
export type { Progress } from '../runtime/pipelines.js';
export type { SizedInput } from '../plan/sizes.js';
export { openDevice } from '../device/open.js';
export {
  loadDynamicBundle,
  type DynamicExecutable,
  type DynamicLoadOptions,
  type SizeBinding,
} from './load-sizes.js';
