/** What kernels are made for, as the command line names it. */
import { DEFAULT_TARGET, SOFTWARE_TARGET, WASM_TARGET, type Target } from '../../passes/target.js';

/** A kind of GPU, or the CPU. */
export const TARGETS = {
  gpu: DEFAULT_TARGET,
  software: SOFTWARE_TARGET,
  wasm: WASM_TARGET,
} as const satisfies Record<string, Target>;
export type TargetName = keyof typeof TARGETS;
export const TARGET_NAMES = Object.keys(TARGETS) as TargetName[];

/** Those of WebGPU. */
export type GpuTargetName = Exclude<TargetName, 'wasm'>;
export const GPU_TARGET_NAMES: readonly GpuTargetName[] = ['gpu', 'software'];

/** For people. */
export const TARGET_TEXTS: Readonly<Record<TargetName, string>> = {
  gpu: 'a hardware GPU',
  software: 'a software GPU',
  wasm: 'the CPU, as WebAssembly',
};
