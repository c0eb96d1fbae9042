/**
 * The suite: kernels with known results that prove a device, as plain data. It goes with the kernels that it speaks for: who
 * generates code writes down the sequences that drivers must not rewrite, and what they mean. Operands and expected results are
 * instructions on **columns**, lists of words or numbers, which the probe of any version carries out.
 */
import { count, list, must, object, oneOf, text, tuple, word, type Check } from '../base/fields.js';

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

/** An operation and its arguments: numbers, or columns by their position: first those that are given, then a result each. */
export type Instruction = readonly [op: ColumnOp, args: readonly number[]];

/** A kernel of which every output is a pattern. */
export interface SuiteKernel {
  /** Heading of its patterns in reports. */
  readonly group: string;
  readonly type: 'f32' | 'u32';
  /**
   * WGSL without the prelude: binding 1 is all inputs end to end, binding 2 all outputs, both arrays of `type`. Where it has
   * `$cases`, a pattern's name is its WGSL, and they stand there as the cases of a switch.
   */
  readonly code: string;
  readonly workgroups: readonly [number, number, number];
  readonly inputs: readonly SuiteInput[];
  readonly patterns: readonly SuitePattern[];
}

export interface SuiteInput {
  readonly name: string;
  /** Which of the suite's columns it is. */
  readonly column: number;
}

export interface SuitePattern {
  readonly name: string;
  /** Elements of its output. */
  readonly length: number;
  /** What a device must compute: the last result. The inputs are given, and all are numbers where the kernel's type is f32. */
  readonly expected: readonly Instruction[];
}

export interface Suite {
  /** The columns that inputs are. */
  readonly columns: readonly Instruction[];
  /** The first shows the subnormal mode. */
  readonly kernels: readonly SuiteKernel[];
}

const instructions = list(tuple<Instruction>(oneOf(...SCALAR_OPS, ...COLUMN_OPS), list(word)));

/** Throws FILE_CORRUPT unless `value` is a suite. What its instructions refer to shows when they are carried out. */
export const checkSuite: Check<Suite> = (value, path) => {
  const suite = object<Suite>({
    columns: instructions,
    kernels: list(
      object<SuiteKernel>({
        group: text,
        type: oneOf('f32', 'u32'),
        code: text,
        workgroups: tuple(count, count, count),
        inputs: list(object<SuiteInput>({ name: text, column: count })),
        patterns: list(object<SuitePattern>({ name: text, length: count, expected: instructions })),
      }),
    ),
  })(value, path);
  must(suite.kernels.length > 0, 'a suite has no kernels', path, 0, 'at least 1');
  return suite;
};
