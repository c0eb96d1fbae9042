/**
 * What the probe runs: programs whose results are known beforehand, executed as other programs are. A caller appends
 * its own, such as real kernel templates with the interpreter's results.
 */
import type { TensorData } from '../../base/tensor.js';
import type { Plan } from '../../plan/plan.js';
import type { SubnormalMode } from '../../numerics/subnormals.js';
import type { Tensors } from '../../runtime/inputs.js';

/**
 * What a result is about: a pattern, which is a few operations written by hand, or a template, which is a kernel as the
 * code generator makes them.
 */
export type ProbeKind = 'pattern' | 'template';

/** A program with known results. */
export interface ProbeProgram {
  /** Default: pattern. */
  readonly kind?: ProbeKind;
  /** Heading of its patterns in reports. */
  readonly group: string;
  readonly plan: Plan;
  readonly inputs: Tensors;
  /** Gives a weight of the plan by its id; not needed where the plan has none. */
  readonly weights?: (id: string) => TensorData | undefined;
  /** What a device of the given mode must compute, by output name. */
  expected(mode: SubnormalMode): Tensors;
  /** Its patterns, or templates. Default: each output is one, under its name. */
  readonly patterns?: readonly ProbePattern[];
}

/** A range of an output. */
export interface ProbePattern {
  readonly name: string;
  readonly output: string;
  /** First element. */
  readonly start: number;
  readonly length: number;
  /** Where it is less than the program: its own WGSL. */
  readonly wgsl?: string | undefined;
  /** The words that an element of it is computed from, where they are few. */
  inputs?(element: number): readonly number[];
}

/** Words as eight hex digits. */
export interface PatternFailure {
  readonly element: number;
  /** Empty where the pattern does not say. */
  readonly inputs: readonly string[];
  readonly expected: string;
  readonly found: string;
}

/** How a pattern, or a template, fared. */
export interface PatternResult {
  readonly kind: ProbeKind;
  readonly name: string;
  readonly group: string;
  readonly passed: boolean;
  /** Elements compared. */
  readonly cases: number;
  readonly firstFailure?: PatternFailure;
}
