/**
 * `heddle`: the compiler.
 *
 *     import { compile } from 'heddle';
 *     import { importOnnx } from 'heddle/onnx';
 *     import { openNodeDevice } from 'heddle/node';
 *
 *     const device = await openNodeDevice();
 *     const program = await compile(importOnnx(bytes), { device });
 *     const outputs = await program.run({ image: tensorData('f32', [1, 1, 28, 28], pixels) });
 *
 * In browsers a device comes from `openDevice(navigator.gpu)`. What only loads bundles imports
 * `heddle/runtime` instead, which is small.
 */

// Tensors, traced functions and their derivatives
export * from './tensor/index.js';
export * from './learn/index.js';
export * from './frontends/trace/index.js';

// Errors and tensors on the host
export { ERROR_CODES, HeddleError, type ErrorCode, type ErrorFacts } from './base/errors.js';
export { DTYPES, type DType, type HostArray, type HostArrays } from './base/dtype.js';
export { countElements as elementCount } from './base/arguments.js';
export { tensorData, type TensorData } from './base/tensor.js';

// Graphs
export { GraphBuilder, type GraphValue } from './ir/builder.js';
export { Emitter, type Value } from './ir/emitter.js';
export { parseDim, symbol, type Dim, type DimBindings, type SymDim } from './ir/dim.js';
export type {
  DimRange,
  FreeDims,
  Graph,
  GraphOutput,
  Node,
  Program,
  SymbolicSpec,
  ValueId,
} from './ir/graph.js';
export type { BinaryOp, CompareOp, Op, OpAttrs, Reducer, UnaryOp } from './ir/ops.js';
export { parseGraph } from './ir/parse.js';
export { printGraph } from './ir/print.js';
export { printTypeOf as printType } from './ir/check-program.js';
export { tensorType, type Shape, type TensorType } from './ir/types.js';
export { verifyGraph } from './ir/verify.js';
export { bindDims, symbolsOf } from './ir/bind-dims.js';
export { optimize } from './passes/optimize.js';

// The reference
export { interpret, type Inputs, type Interpretation, type InterpretOptions } from './interpreter/index.js';
export type { SubnormalMode } from './numerics/subnormals.js';

// Compiling
export {
  build,
  compile,
  CompiledProgram,
  prepare,
  toBundle,
  verify,
  type Compiled,
  type CompileOptions,
  type Numerics,
  type Prepared,
  type PrepareOptions,
} from './compile.js';
export { toDynamicBundle, type DynamicBundle, type DynamicBundleOptions } from './compile-sizes.js';
export { DynamicProgram, type Binding, type ReadyWithinOptions } from './dynamic/program.js';
export type { Plan, PlanPort } from './plan/plan.js';
export type { PlannedProgram } from './codegen/plan.js';
export { DEFAULT_TARGET, SOFTWARE_TARGET, WASM_TARGET, type Target } from './passes/target.js';
export type { Preludes } from './plan/preludes.js';
export { buildPreludes } from './codegen/wgsl/prelude.js';
export type { Decision, Fusion, Group } from './passes/fusion/group.js';

// Running
export { readBundle, type Bundle } from './plan/read-bundle.js';
export { loadBundle, type FallbackOptions, type LoadOptions, type WasmHost } from './loader/load.js';
export type { Device, NumericProfile } from './runtime/device.js';
export { Executable, type ExecutableOptions, type RunStats } from './runtime/executable.js';
export type { AnyDevice } from './runtime/check-device.js';
export type { WasmDevice } from './runtime/wasm/device.js';
export { openInMode as openWasmDevice, type WasmModeOptions as WasmDeviceOptions } from './device/wasm.js';
export { WasmExecutable, type WasmRunStats } from './runtime/wasm/executable.js';
export type { Tensors } from './runtime/inputs.js';
export type { OpenDevice, OpenOptions, ProbedDevice } from './device/open.js';
export { openDevice, type TemplateOpenOptions } from './device/templates/open.js';
export type { ProofStore } from './device/templates/proofs.js';
export type { Progress } from './runtime/pipelines.js';
export type { ProbeReport } from './device/probe/probe.js';
export {
  describeDifference,
  describeOutputDifference,
  type Difference,
  type OutputDifference,
  type Verification,
  type VerifyOptions,
} from './verify/verify.js';
