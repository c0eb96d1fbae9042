/** The programs of a suite. Its instructions are carried out here: they give operands and expected results. */
import { must, same } from '../../base/fields.js';
import { randomWords } from '../../numerics/probe-words.js';
import type { SubnormalMode } from '../../numerics/subnormals.js';
import type { Instruction, Suite, SuiteKernel } from '../../plan/suite.js';
import { fromWords } from '../../runtime/words.js';
import type { ProbeProgram } from './program.js';
import { scalarsOf, type Scalar } from './scalars.js';

type Column = readonly number[];

/** No column of a suite has more elements. */
const MAX_LENGTH = 1 << 20;

/** Throws FILE_CORRUPT where instructions refer to what is not there. */
export function suitePrograms({ columns, kernels }: Suite): ProbeProgram[] {
  const operands = carryOut(columns, [], 'preserve', 'suite');
  return kernels.map((kernel) => programOf(kernel, operands));
}

function programOf({ plan, columns, patterns }: SuiteKernel, all: readonly Column[]): ProbeProgram {
  const words = columns.map((column) => Uint32Array.from(columnAt(all, column, plan.name)));
  const inputs = plan.inputs.map(({ name, dtype, shape }, i) => {
    return [name, { dtype, shape, data: fromWords(dtype, words[i]) }] as const;
  });
  const given = inputs.map(([, { data }]) => Array.from(data));
  const [{ name: output, dtype, shape }] = plan.outputs;
  let end = 0;
  return {
    group: plan.name,
    plan,
    inputs: Object.fromEntries(inputs),
    expected: (mode) => {
      const results = patterns.flatMap(({ name, length, expected }) => {
        const result = carryOut(expected, given, mode, name).pop() ?? [];
        same(result.length, length, 'a pattern has another length', name);
        return result;
      });
      const data = dtype === 'f32' ? Float32Array.from(results) : Uint32Array.from(results);
      return { [output]: { dtype, shape, data } };
    },
    patterns: patterns.map(({ name, length, operands }) => ({
      name,
      output,
      start: (end += length) - length,
      length,
      wgsl: operands && name,
      inputs: (element) => (operands ?? []).map((operand) => words[operand][element]),
    })),
  };
}

/** The columns that are given, and the results of the instructions. */
function carryOut(
  instructions: readonly Instruction[],
  given: readonly Column[],
  mode: SubnormalMode,
  where: string,
): Column[] {
  const scalars: Readonly<Record<string, Scalar>> = scalarsOf(mode);
  const columns = [...given];
  const limited = (length: number): number => {
    must(length <= MAX_LENGTH, 'a column is too long', where, length);
    return length;
  };
  const resultOf = ([op, args]: Instruction): Column => {
    const [first, second, third] = args;
    const column = (position: number): Column => columnAt(columns, position, where);
    switch (op) {
      case 'words':
        return args;
      case 'count':
        return Array.from({ length: limited(first) }, (_, i) => i);
      case 'random':
        return Array.from(randomWords(first, limited(second)));
      case 'join':
        limited(args.reduce((sum, part) => sum + column(part).length, 0));
        return args.flatMap(column);
      case 'take': {
        const from = column(first);
        return column(second).map((i) => from[i]);
      }
      case 'sums': {
        const terms = column(first);
        return Array.from({ length: limited(terms.length / second) }, (_, i) =>
          terms.slice(i * second, (i + 1) * second).reduce((sum, term) => scalars.add(sum, term, 0), -0),
        );
      }
      default:
        must(Object.hasOwn(scalars, op), 'unknown instruction', where, op);
        return elementwise(scalars[op], [first, second ?? first, third ?? first].map(column));
    }
  };
  for (const instruction of instructions) columns.push(resultOf(instruction));
  return columns;
}

/** A column of one element goes with every length. */
function elementwise(scalar: Scalar, [x, y, z]: readonly Column[]): Column {
  const cell = (column: Column, i: number): number => column[column.length === 1 ? 0 : i];
  const longest = [x, y, z].reduce((a, b) => (b.length > a.length ? b : a));
  return longest.map((_, i) => scalar(cell(x, i), cell(y, i), cell(z, i)));
}

function columnAt(columns: readonly Column[], position: number, where: string): Column {
  must(position < columns.length, 'a column is not there', where, position);
  return columns[position];
}
