/**
 * A kernel as a value: all that an engine has to know of it, before there is any text. The code generator makes it
 * (src/codegen/lower), `share.ts` compares it, and an engine prints it (src/codegen/wgsl).
 *
 * A kernel runs as a grid of workgroups of WORKGROUP_SIZE invocations, each of which executes `block` once. No invocation
 * reads what another one writes, but through arrays of the workgroup and across a barrier: an element of a buffer that is
 * both read and written is read by the invocation that writes it, and before. Barriers stand where either all invocations of
 * a workgroup come by or none.
 */
import type { Dim } from '../../ir/dim.js';
import { REDUCE_LANES } from '../../ir/accumulation.js';
import type { MathFn } from '../../numerics/math/index.js';
import { MAX_WORKGROUPS, type KernelBinding } from '../../plan/plan.js';
import type { Param } from '../ssa/builder.js';
import type { ArrayDecl, Block, Ref } from '../ssa/instr.js';

/** What is compiled: kernels of one body are one pipeline, whatever their buffers, grids and parameters. */
export interface KernelBody {
  /** The buffers that `load` and `store` number. */
  readonly bindings: readonly KernelBinding[];
  /** The arrays that `arrayLoad` and `arrayStore` name. */
  readonly arrays: readonly ArrayDecl[];
  /** The functions that it calls, sorted: see functions.ts. They call no others. */
  readonly functions: readonly MathFn[];
  /** Words of uniform parameters, which `param` numbers: the numbers in which kernels of this body differ. */
  readonly params: number;
  /** The ids of all values are below this. */
  readonly values: number;
  readonly block: Block;
}

/** A kernel for the sizes that it is given when it is dispatched. */
export interface LoweredKernel extends Omit<Kernel, 'grid' | 'cost'> {
  readonly workgroups: Dim;
  readonly cost: Dim;
  /** What its parameters are, in their order. */
  readonly params: readonly Param[];
}

/** A kernel, ready to be dispatched but for its buffers. */
export interface Kernel {
  readonly body: KernelBody;
  readonly grid: Grid;
  /** Scalar multiply-adds and other operations, roughly; for chunking submits and for reports. */
  readonly cost: number;
  /** Whether it may be merged with kernels that differ in numbers only: see share.ts. */
  readonly shareable: boolean;
}

/**
 * Invocations of a workgroup. They are the lanes of the definition of reduce: where a workgroup reduces a row, each invocation
 * sums the lane of its own number (lower/row.ts). Wherever else invocations are dealt out, any size would do.
 */
export const WORKGROUP_SIZE = REDUCE_LANES;

/**
 * Where an invocation stands; values that a body uses without defining them. `x` and `y` are those of its workgroup in the
 * grid. A kernel whose grid has one row uses `x` alone; one with more uses `y * (length of a row) + x`, so an engine whose
 * rows are not limited may count all workgroups along `x`.
 */
export const COORDINATES = {
  x: { id: 0, type: 'u32' },
  lane: { id: 1, type: 'u32' },
  y: { id: 2, type: 'u32' },
} as const satisfies Record<string, Ref>;

/** Refs below this are coordinates. */
export const FIRST_REF = 3;

/** Workgroups along each axis. */
export type Grid = readonly [x: number, y: number, z: 1];

/** A grid of at least `count` workgroups, folded into two axes where one is too short. */
export function gridOf(count: number): Grid {
  if (count <= MAX_WORKGROUPS) return [count, 1, 1];
  const rows = Math.ceil(count / MAX_WORKGROUPS);
  return [Math.ceil(count / rows), rows, 1];
}
