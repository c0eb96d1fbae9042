/** Tensors as expressions, where they are computed, and transforms of functions on them. */
export type { Backend } from './backends/backend.js';
export { cond, switchCase } from './transforms/branches.js';
export {
  foriLoop,
  scan,
  whileLoop,
  type Looped,
  type ScanLoopOptions,
  type WhileOptions,
} from './transforms/loops.js';
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
} from './tensors/factories.js';
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
} from './tensors/functions.js';
export { grad, jvp, valueAndGrad, vjp, type AuxOptions, type GradOptions } from './transforms/grad.js';
export { dispose, tidy } from './tensors/memory.js';
export { checkpoint } from './transforms/remat.js';
export * as random from './tensors/random.js';
export { normal as randn, uniform as rand, type Key } from './tensors/random.js';
export { REFERENCE, referenceBackend } from './backends/reference.js';
export { isTensor, Tensor } from './tensors/tensor.js';
export type { Elements, Nested, Operand } from './tensors/core.js';
export { readAll, toBackend, treeEntries, treeLeaves, treeMap } from './trees/trees.js';
export { vmap, type VmapOptions } from './transforms/vmap.js';
export { wasm, WasmBackend } from './backends/wasm.js';
export { webgpu, WebGpuBackend, type WebGpuOptions } from './backends/webgpu.js';
