/**
 * The plan: all that happens in a run, decided before it, as plain data. It is the contract between the compiler, which
 * writes it, and the runtime, which executes it without knowing where it came from; a bundle stores it as JSON.
 */
import type { DType } from '../base/dtype.js';

/** WebGPU's guaranteed limit on workgroups along one axis of the grid: what kernels are planned for. */
export const MAX_WORKGROUPS = 65_535;

/** Loops in loops that a plan may have: kernels are told the numbers of so many trips. */
export const MAX_LEVELS = 4;

/** A range of device memory. */
export type Region = MemoryRegion | PortRegion | TurnRegion;

/**
 * In memory of the executable. `weights` counts from the start of all weights laid end to end; `grids` holds numbers of workgroups,
 * which some commands write and others are dispatched with.
 */
export interface MemoryRegion {
  readonly space: 'arena' | 'weights' | 'grids';
  readonly offset: number;
  /** Bytes; a multiple of 4. */
  readonly size: number;
}

/**
 * In a buffer that the caller gives. Ports are numbered: the inputs in their order, then the outputs that take over no
 * input's buffer in theirs.
 */
export interface PortRegion {
  readonly space: 'port';
  readonly port: number;
  /** Tensors start at the first byte of their buffer. */
  readonly offset: number;
  readonly size: number;
}

/** One of two, in turn: in trips of even number (the first is 0) of the loop at `level` the one, else the other. */
export interface TurnRegion {
  readonly space: 'turn';
  readonly level: number;
  readonly even: Region;
  readonly odd: Region;
  /** 0: it is those of the two that have one. */
  readonly offset: number;
  readonly size: number;
}

/** An input or output of the program. Elements are contiguous words, whatever the dtype. */
export interface PlanPort {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly region: Region;
  /** An input whose buffer the caller gives up at each dispatch. An output that takes it over has its port. */
  readonly donated?: boolean | undefined;
}

/** The buffers of resident inputs and outputs. */
export interface PlanPorts {
  readonly count: number;
  /** Bytes of all of them; an output in the buffer of an input counts once. */
  readonly bytes: number;
  /** The largest set of bytes that are live at once, arena and ports together: no way to run the groups needs less. */
  readonly lowerBound: number;
}

export interface PlanWeight {
  readonly id: string;
  readonly dtype: DType;
  readonly shape: readonly number[];
  /** Byte offset in the weights' memory. */
  readonly offset: number;
}

export interface KernelBinding {
  /**
   * All that lies in the arena is one buffer and must be bound read_write. Weights, and ports that the kernel does not
   * write, are bound read-only: the caller may give one buffer for several inputs.
   */
  readonly access: 'read' | 'read_write';
  readonly type: 'f32' | 'u32';
}

/** Bindings whose elements are multiplied with each other, and the products added up. */
export type Factors = readonly (readonly [number, number])[];

/** The code of a kernel: WGSL, or the name of an export of the module. */
export interface KernelCode {
  readonly code: string;
  /**
   * Of a kernel for WebAssembly that flushes subnormals: one that does the same where no subnormal can be among products of `factors`
   * and their sums. No bundle has one.
   */
  readonly normal?: { readonly code: string; readonly factors: Factors } | undefined;
}

export interface PlanPipeline extends KernelCode {
  readonly bindings: readonly KernelBinding[];
  /** Words of the uniform `params`, bound after the buffers; 0 where the code has none. */
  readonly params: number;
}

/** One dispatch. */
export interface PlanCommand {
  readonly label: string;
  readonly pipeline: number;
  readonly regions: readonly Region[];
  /** The words of `params`. */
  readonly params: readonly number[];
  readonly workgroups: readonly [number, number, number];
  /**
   * Where set, the byte in `grids` of the three words that say how many workgroups there are when its turn comes: `workgroups`, or
   * none at all.
   */
  readonly grid?: number | undefined;
  /** Rough number of scalar operations. */
  readonly cost: number;
}

/** The commands from `first` up to `end`, which is not one of them, run `trips` times. */
export interface PlanLoop {
  readonly first: number;
  readonly end: number;
  /** With `going`: at most. */
  readonly trips: number;
  readonly going?: PlanWhile | undefined;
}

/**
 * How a loop ends early. Trips after its end change nothing, so that an engine may look when it likes; and it may leave out an even
 * number of them, since results lie where the last of `trips` leaves them.
 */
export interface PlanWhile {
  /** One word: 0 before a trip that changes nothing. */
  readonly flag: Region;
  /** Whether the loop has to end before `trips`: LIMIT_EXCEEDED where the flag is not 0 after them. */
  readonly mustEnd: boolean;
}

export interface Plan {
  readonly name: string;
  readonly inputs: readonly PlanPort[];
  readonly outputs: readonly PlanPort[];
  readonly weights: readonly PlanWeight[];
  readonly weightBytes: number;
  readonly arenaBytes: number;
  /** Default: 0. */
  readonly gridBytes?: number | undefined;
  /** The largest live set: no arena can be smaller. */
  readonly arenaLowerBound: number;
  /** Set where inputs and outputs lie in buffers of their own, and not in the arena. */
  readonly ports?: PlanPorts | undefined;
  readonly pipelines: readonly PlanPipeline[];
  readonly commands: readonly PlanCommand[];
  /** Commands that are repeated. Loops lie inside of each other or apart; the outer one of two comes first. */
  readonly loops?: readonly PlanLoop[] | undefined;
}
