/** The tracing frontend: tensors, compiled functions, derivatives, and what is built on them. */
export type { Backend } from './backend.js';
export {
  loadCheckpoint,
  saveCheckpoint,
  type Checkpoint,
  type Json,
  type LoadedCheckpoint,
  type SaveOptions,
} from './checkpoint/index.js';
export { cond, scan, whileLoop, type Looped, type ScanLoopOptions, type WhileOptions } from './control.js';
export {
  arange,
  eye,
  full,
  linspace,
  ones,
  onesLike,
  tensor,
  zeros,
  zerosLike,
  type FactoryOptions,
  type TensorOptions,
} from './factories.js';
export { fit, type FitOptions, type FitProgress, type Stepped, type TrainState } from './fit.js';
export {
  concat,
  einsum,
  matmul,
  maximum,
  minimum,
  stack,
  stopGradient,
  tril,
  triu,
  where,
} from './functions.js';
export { grad, jvp, valueAndGrad, vjp, type AuxOptions, type GradOptions } from './grad.js';
export { jit, type CompiledFunction, type Jitted, type JitOptions } from './jit.js';
export { dispose, tidy } from './memory.js';
export * as losses from './losses/index.js';
export * as nn from './nn/index.js';
export * as optim from './optim/index.js';
export { checkpoint } from './remat.js';
export * as random from './random.js';
export { normal as randn, uniform as rand, type Key } from './random.js';
export { REFERENCE, referenceBackend } from './reference.js';
export { isTensor, Tensor } from './tensor/tensor.js';
export type { Elements, Nested, Operand } from './tensor/core.js';
export { readAll, toBackend, treeEntries, treeLeaves, treeMap } from './trees.js';
export { vmap, type VmapOptions } from './vmap.js';
export { webgpu, WebGpuBackend, type WebGpuOptions } from './webgpu.js';
