/**
 * Many scalar patterns over one set of operands as a single kernel. Workgroups of row y compute pattern y, each in a branch
 * of its own, so that no pattern shields another from the driver's optimiser by sharing a value with it.
 */
import type { Instruction, SuiteKernel } from '../../plan/suite.js';
import { Column, Columns } from './columns.js';
import { suiteKernel } from './kernel.js';

/**
 * Scalar patterns: WGSL of `a`, `b` and `c`, and what it must equal. The WGSL is written as the code generator writes it,
 * barriers and hidden constants included; it is also the pattern's name.
 */
export type Patterns = Readonly<Record<string, (s: Columns, a: Column, b: Column, c: Column) => Column>>;

export interface Sheet {
  readonly group: string;
  /** Type of operands and results. */
  readonly type: 'f32' | 'u32';
  readonly patterns: Patterns;
  /** The columns a, b and c of the suite. */
  readonly operands: readonly Column[];
  /** Their length, a multiple of 64. */
  readonly rows: number;
  /** WGSL functions that the patterns call. */
  readonly helpers?: string;
}

const LANES = 64;

export function sheetKernel({ group, type, patterns, operands, rows, helpers = '' }: Sheet): SuiteKernel {
  const names = Object.keys(patterns);
  return suiteKernel({
    group,
    type,
    code: helpers + sheetCode(type, names, rows),
    workgroups: [rows / LANES, names.length, 1],
    inputs: operands.map(({ position }, i) => ({ name: OPERANDS[i], length: rows, column: position })),
    patterns: names.map((name) => ({
      name,
      length: rows,
      expected: meaningOf(patterns[name]),
      operands: [0, 1, 2].filter((i) => new RegExp(`\\b${OPERANDS[i]}\\b`).test(name)),
    })),
  });
}

const OPERANDS = 'abc';

/** What a pattern means: its result, of a, b and c. */
function meaningOf(pattern: Patterns[string]): readonly Instruction[] {
  const s = new Columns(3);
  const { position } = pattern(s, new Column(0), new Column(1), new Column(2));
  return position < 3 ? [['join', [position]]] : s.instructions.slice(0, position - 2);
}

function sheetCode(type: 'f32' | 'u32', patterns: readonly string[], rows: number): string {
  const cases = patterns.map((wgsl, i) => `    case ${i}u: { return ${wgsl}; }`);
  return `@group(0) @binding(1) var<storage, read_write> operands: array<${type}>;
@group(0) @binding(2) var<storage, read_write> results: array<${type}>;
fn evaluate(pattern: u32, a: ${type}, b: ${type}, c: ${type}) -> ${type} {
  switch pattern {
${cases.join('\n')}
    default: { return a; }
  }
}
@compute @workgroup_size(${LANES})
fn main(@builtin(global_invocation_id) id: vec3u) {
  let i = id.x;
  results[id.y * ${rows}u + i] = evaluate(id.y, operands[i], operands[i + ${rows}u], operands[i + ${2 * rows}u]);
}
`;
}
