/** A kernel: WGSL text with the buffers it binds and the grid it runs on. Plain data; bundles hold it as it is. */
import { MAX_WORKGROUPS, type KernelBinding } from '../plan/plan.js';

/** Kernels of equal `code` are one pipeline, whatever their buffers and names. */
export interface Kernel {
  /** WGSL of everything but the prelude (src/codegen/wgsl/prelude.ts). */
  readonly code: string;
  /** Bindings 1, 2, ... of group 0; binding 0 is the prelude's uniform. */
  readonly bindings: readonly KernelBinding[];
  readonly workgroups: readonly [number, number, number];
  /** Scalar multiply-adds and other operations, roughly; for chunking submits and for reports. */
  readonly cost: number;
}

export const WORKGROUP_SIZE = 64;

/** A grid of at least `count` workgroups, folded into two axes where one is too short. */
export function gridOf(count: number): [number, number, number] {
  if (count <= MAX_WORKGROUPS) return [count, 1, 1];
  const rows = Math.ceil(count / MAX_WORKGROUPS);
  return [Math.ceil(count / rows), rows, 1];
}
