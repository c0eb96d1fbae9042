/** What is measured of a program on a device, and how a worker tells of it. The site and the inspector show it alike. */
import type { MissingFacts } from '../../src/cli/reports/inspection/types.js';
import type { TargetName } from '../../src/cli/terminal/targets.js';

export type Engine = 'webgpu' | 'wasm';

/** What is asked for. */
export interface Measuring {
  readonly engine: Engine;
  /** What kernels are shaped for, so that they are those of a report. Default: what suits the device. */
  readonly target?: TargetName;
}

/** One rewrite of a report, by its number there. */
export interface StepRequest {
  readonly target: TargetName;
  readonly rewrite: number;
}

export interface VerifyResult {
  readonly device: string;
  readonly reference: 'interpreter' | 'wasm';
  readonly kernels: number;
  readonly values: number;
  readonly elements: number;
  /** Values, and outputs, that differ. */
  readonly differences: number;
  /** The value that differs first: the cause of those after it. */
  readonly first?: DifferenceFacts;
  /** An output that differs though no kernel does, described. */
  readonly output?: string;
}

export interface DifferenceFacts {
  readonly kernel: number;
  readonly label: string;
  /** The value, by its number in the program as it was fused. */
  readonly value: number;
  /** Of the value, where it has one. */
  readonly name?: string;
  readonly type: string;
  /** The first element that differs. */
  readonly index: readonly number[];
  readonly expected: WordFacts;
  readonly found: WordFacts;
  /** How many elements differ, of how many. */
  readonly count: number;
  readonly elements: number;
  /** What the kernel computes, as IR. */
  readonly ir: readonly string[];
  /** WGSL, or WAT. */
  readonly code: string;
  readonly heat: HeatMap;
}

export interface WordFacts {
  /** Eight hex digits. */
  readonly hex: string;
  readonly value: number;
}

/** Where a tensor differs: it is seen as a matrix, and each cell stands for a block of it. */
export interface HeatMap {
  readonly rows: number;
  readonly columns: number;
  /** Of the elements of each cell, the part that differs, from 0 to 1; row-major. */
  readonly cells: Float32Array;
}

/**
 * How kernels are timed. `timestamps`: by the GPU's own clock. `waits`: by the page's, from one kernel's end to the next one's, so that
 * the wait for the GPU is part of each. `cpu`: by the page's, of the WebAssembly engine.
 */
export type ClockName = 'timestamps' | 'waits' | 'cpu';

export interface TimeResult {
  readonly device: string;
  readonly clock: ClockName;
  readonly runs: number;
  /** Milliseconds that a wait for no work at all takes: part of each kernel's time where the clock is `waits`. */
  readonly wait: number;
  readonly kernels: readonly KernelTime[];
}

/** What times are sorted by. */
export const ORDERS = ['kernel', 'time', 'estimate'] as const;
export type Order = (typeof ORDERS)[number];

export interface KernelTime {
  readonly label: string;
  /**
   * Milliseconds: of timestamps the mean of the runs, since browsers round them, else the median. Of a loop, without timestamps, the
   * first kernel has all trips but the last.
   */
  readonly ms: number;
  /** Scalar operations, as the compiler estimates them. */
  readonly operations: number;
}

/** Why work ended without a result. */
export interface Failed {
  readonly error: string;
  /** Of a program: its line, from 1. */
  readonly line?: number;
  /** Of a model: the operators that it needs and Heddle lacks. */
  readonly missing?: readonly MissingFacts[];
}

/** What the worker tells while it works. */
export interface News {
  readonly stage: string;
  readonly done: number;
  readonly total: number;
  /** Losses since the news before. */
  readonly losses?: readonly number[];
}

/** What a piece of work tells: news, then its end. */
export type Told<R> = { readonly news: News } | { readonly result: R } | Failed;
