/**
 * The suite: kernels with known results that prove a device, as plain data. It goes with the kernels that it speaks for: who
 * generates code writes down the sequences that drivers must not rewrite, and what they mean. Operands and expected results are
 * instructions on **columns**, lists of words or numbers, which the probe of any version carries out.
 */
import { count, list, must, object, optional, text, tuple, word, type Check } from '../base/fields.js';
import { checkPlan } from './check.js';
import type { Plan } from './plan.js';

/** What is done element by element, as the methods of ScalarLang in src/numerics do it; `udiv` divides as u32. A column of one element goes with every length. */
// prettier-ignore
export const SCALAR_OPS = [
  'add', 'sub', 'mul', 'div', 'sqrt', 'bits', 'float', 'i2f', 'f2i',
  'iadd', 'isub', 'imul', 'iand', 'ior', 'ixor', 'ishl', 'ishr', 'isar', 'iclz', 'udiv', 'urem',
  'ltu', 'lts', 'ieq', 'select',
] as const;
export type ScalarOp = (typeof SCALAR_OPS)[number];

/**
 * What makes columns: `words` of its arguments; `count` n of 0 to n - 1; `random` seed, n of pseudo-random words; `take` x, i of
 * the elements of column x at the positions in column i; `join` of columns end to end; `sums` x, n of the sums of each n elements that follow each other, added to -0 in their order.
 */
export const COLUMN_OPS = ['words', 'count', 'random', 'take', 'join', 'sums'] as const;
export type ColumnOp = ScalarOp | (typeof COLUMN_OPS)[number];

/** An operation (a {@link ColumnOp}; others show when they are carried out) and its arguments: numbers, or columns by their position: first those that are given, then a result each. */
export type Instruction = readonly [op: string, args: readonly number[]];

/** A kernel: a plan with one output, `results`, which has the results of patterns one after the other. */
export interface SuiteKernel {
  /** Its name is the heading of the patterns in reports. */
  readonly plan: Plan;
  /** Which of the suite's columns its inputs are, in their order. */
  readonly columns: readonly number[];
  readonly patterns: readonly SuitePattern[];
}

export interface SuitePattern {
  readonly name: string;
  /** Elements of its results. */
  readonly length: number;
  /** What a device must compute: the last result. The inputs are given, and all are numbers where their dtype is f32. */
  readonly expected: readonly Instruction[];
  /** Where it is a single expression: its name is the WGSL, and these inputs are its operands, element by element. */
  readonly operands?: readonly number[] | undefined;
}

export interface Suite {
  /** The columns that inputs are. */
  readonly columns: readonly Instruction[];
  /** The first shows the subnormal mode. */
  readonly kernels: readonly SuiteKernel[];
}

const instructions = list(tuple<Instruction>(text, list(word)));

/** Throws FILE_CORRUPT unless `value` is a suite. What its instructions refer to shows when they are carried out. */
export const checkSuite: Check<Suite> = (value, path) => {
  const suite = object<Suite>({
    columns: instructions,
    kernels: list(
      object<SuiteKernel>({
        plan: checkPlan,
        columns: list(count),
        patterns: list(
          object<SuitePattern>({
            name: text,
            length: count,
            expected: instructions,
            operands: optional(list(count)),
          }),
        ),
      }),
    ),
  })(value, path);
  must(suite.kernels.length > 0, 'no kernels', path);
  return suite;
};
