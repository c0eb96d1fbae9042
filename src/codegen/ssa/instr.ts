/**
 * The kernel form: structured scalar code in single-assignment style. A kernel is a tree of blocks; a block is a list of
 * instructions; an instruction's result is a {@link Ref}. It is small enough to print as WGSL by one table, and says
 * nothing that another backend (WASM) could not do as well. See kernel/body.ts for what surrounds it.
 *
 * Integers are 32-bit patterns; signedness belongs to the operation. Float operations round once, to nearest even.
 */

import type { MathFn } from '../../numerics/math/index.js';

export type ScalarType = 'f32' | 'u32' | 'bool';

/** The result of an instruction. */
export interface Ref {
  readonly id: number;
  readonly type: ScalarType;
}

/** Pure operations: result type by name. */
export const PRIM_TYPES = {
  add: 'f32',
  sub: 'f32',
  mul: 'f32',
  div: 'f32',
  sqrt: 'f32',
  /** acc + a * b, the product rounded before the addition. */
  mac: 'f32',
  /** The value itself, opaque to the driver's optimiser. */
  opaque: 'f32',
  /** An integer that the driver cannot know, so that it does not unroll the loop that runs to it. */
  iopaque: 'u32',
  bits: 'u32',
  float: 'f32',
  i2f: 'f32',
  f2i: 'u32',
  iadd: 'u32',
  isub: 'u32',
  imul: 'u32',
  iand: 'u32',
  ior: 'u32',
  ixor: 'u32',
  inot: 'u32',
  ishl: 'u32',
  ishr: 'u32',
  isar: 'u32',
  iclz: 'u32',
  /** The upper byte of each half, with its sign, as 16 bits in that half. */
  high8: 'u32',
  /** The products of the lower halves and of the upper ones, as integers of 16 bits with signs, added. */
  dot16: 'u32',
  udiv: 'u32',
  urem: 'u32',
  sdiv: 'u32',
  srem: 'u32',
  umin: 'u32',
  umax: 'u32',
  smin: 'u32',
  smax: 'u32',
  ltu: 'bool',
  lts: 'bool',
  ieq: 'bool',
  band: 'bool',
  bor: 'bool',
  bnot: 'bool',
  beq: 'bool',
  select: 'f32',
  iselect: 'u32',
  bselect: 'bool',
} as const satisfies Record<string, ScalarType>;
export type Prim = keyof typeof PRIM_TYPES;

/** Float arithmetic: the operations that a driver might reassociate, contract or fold. */
export const FLOAT_ARITHMETIC: ReadonlySet<Prim> = new Set(['add', 'sub', 'mul', 'div', 'sqrt', 'mac']);

/** What a body may call: math functions, and in the correction of these two the device's own. */
export type Callee = MathFn | 'device_quotient' | 'device_root';

export type Block = readonly Instr[];

export type Instr =
  | { readonly kind: 'const'; readonly ref: Ref; readonly bits: number }
  /** A word of the kernel's parameters. */
  | { readonly kind: 'param'; readonly ref: Ref; readonly index: number }
  /** The number of the trip of the loop of commands at `level`: the outermost is 0. */
  | { readonly kind: 'trip'; readonly ref: Ref; readonly level: number }
  | { readonly kind: 'prim'; readonly ref: Ref; readonly prim: Prim; readonly args: readonly Ref[] }
  | { readonly kind: 'call'; readonly ref: Ref; readonly fn: Callee; readonly args: readonly Ref[] }
  /** Reads storage buffer `buffer` (an index into the kernel's bindings). */
  | { readonly kind: 'load'; readonly ref: Ref; readonly buffer: number; readonly index: Ref }
  | { readonly kind: 'store'; readonly buffer: number; readonly index: Ref; readonly value: Ref }
  /** Arrays of the workgroup or of the invocation, by name. */
  | { readonly kind: 'arrayLoad'; readonly ref: Ref; readonly array: string; readonly index: Ref }
  | { readonly kind: 'arrayStore'; readonly array: string; readonly index: Ref; readonly value: Ref }
  | { readonly kind: 'var'; readonly ref: Ref; readonly init: Ref }
  /** `immediate`: used up by the very next `set`, so it may be printed in place. */
  | { readonly kind: 'get'; readonly ref: Ref; readonly variable: Ref; readonly immediate: boolean }
  | { readonly kind: 'set'; readonly variable: Ref; readonly value: Ref }
  /** for (var i = from; i < to; i += step), unsigned. `ref` is i. */
  | {
      readonly kind: 'for';
      readonly ref: Ref;
      readonly from: Ref;
      readonly to: Ref;
      readonly step: Ref;
      readonly body: Block;
    }
  | { readonly kind: 'while'; readonly test: Block; readonly cond: Ref; readonly body: Block }
  | { readonly kind: 'if'; readonly cond: Ref; readonly then: Block; readonly else: Block }
  | { readonly kind: 'barrier' }
  /** The value that lane `lane` of the four of a quad has. Only for engines that run the lanes of a quad in step. */
  | { readonly kind: 'quadBroadcast'; readonly ref: Ref; readonly value: Ref; readonly lane: number };

/** An array in workgroup or private memory. */
export interface ArrayDecl {
  readonly name: string;
  readonly type: ScalarType;
  readonly length: number;
  readonly space: 'workgroup' | 'private';
}
