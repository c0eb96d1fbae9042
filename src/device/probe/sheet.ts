/**
 * Many scalar patterns over one set of operands as a single kernel. Workgroups of row y compute pattern y, each in a branch
 * of its own, so that no pattern shields another from the driver's optimiser by sharing a value with it.
 */
import { f32Bits, f32FromBits } from '../../numerics/bits.js';
import { jsLang, type JsLang } from '../../numerics/js-lang.js';
import { kernelPlan, wordTensor } from './kernel.js';
import type { PatternDetails, ProbeProgram } from './program.js';
import type { Columns } from './words.js';

/**
 * Scalar patterns: WGSL of `a`, `b` and `c`, and what it must equal. The WGSL is written as the code generator writes it,
 * barriers and hidden constants included; it is also the pattern's name.
 */
export type Patterns = Readonly<Record<string, (s: JsLang, a: number, b: number, c: number) => number>>;

export interface Sheet {
  readonly group: string;
  /** Type of operands and results, in the buffers as in the patterns; JS sees f32 values, or words as int32. */
  readonly type: 'f32' | 'u32';
  readonly patterns: Patterns;
  /** Columns a, b and c; their length is a multiple of 64. */
  readonly operands: Columns;
  /** WGSL functions that the patterns call. */
  readonly helpers?: string;
}

const LANES = 64;

const CARRIERS = {
  f32: { read: f32FromBits, write: f32Bits },
  u32: { read: (word: number) => word | 0, write: (value: number) => value },
} as const;

export function sheetProgram({ group, type, patterns, operands, helpers = '' }: Sheet): ProbeProgram {
  const [a, b, c] = operands;
  const rows = a.length;
  const names = Object.keys(patterns);
  const plan = kernelPlan({
    name: group,
    code: helpers + sheetCode(type, names, rows),
    type,
    inputs: { a: rows, b: rows, c: rows },
    outputs: Object.fromEntries(names.map((name) => [name, rows])),
    workgroups: [rows / LANES, names.length, 1],
  });
  const { read, write } = CARRIERS[type];
  const details = (name: string): PatternDetails => {
    const used = [a, b, c].filter((_, i) => new RegExp(`\\b${'abc'[i]}\\b`).test(name));
    return { wgsl: name, inputs: (element) => used.map((column) => column[element]) };
  };
  return {
    group,
    plan,
    inputs: { a: wordTensor(type, a), b: wordTensor(type, b), c: wordTensor(type, c) },
    expected: (mode) => {
      const s = jsLang(mode);
      const words = (pattern: Patterns[string]): Uint32Array =>
        a.map((word, i) => write(pattern(s, read(word), read(b[i]), read(c[i]))));
      return Object.fromEntries(
        Object.entries(patterns).map(([name, each]) => [name, wordTensor(type, words(each))]),
      );
    },
    details: Object.fromEntries(names.map((name) => [name, details(name)])),
  };
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
