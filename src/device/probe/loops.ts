/**
 * Loops as the kernels have them: dot products with several accumulators in blocks of terms, and reductions by 64 lanes
 * that meet in workgroup memory. Drivers unroll, reorder and vectorise here.
 */
import { f32Bits, f32FromBits } from '../../numerics/bits.js';
import { jsLang, type JsLang } from '../../numerics/js-lang.js';
import { kernelPlan, wordTensor } from './kernel.js';
import type { ProbeProgram } from './program.js';
import { ordinaryWords, randomWords, SPECIAL_WORDS, SUBNORMAL_WORDS } from './words.js';

const LANES = 64;
const HEAD = `@group(0) @binding(1) var<storage, read_write> operands: array<f32>;
@group(0) @binding(2) var<storage, read_write> results: array<f32>;
`;

const TERMS = 160;
const BLOCK = 128;
const COLUMNS = 4;
const ROWS = 64;

/** results[row, column] = dot of a row with each of four columns; and a dot product of nine terms without a loop. */
export function dotProgram(): ProbeProgram {
  const accumulators = [...'0123'];
  const each = (line: (j: string) => string): string => accumulators.map(line).join(' ');
  const at = ROWS * TERMS;
  const short = ROWS * COLUMNS;
  const taps = Array.from(
    { length: 9 },
    (_, k) => `operands[lane * ${TERMS}u + ${k}u], operands[${at + k * COLUMNS}u]`,
  );
  const code = `${HEAD}@compute @workgroup_size(${LANES})
fn main(@builtin(local_invocation_index) lane: u32) {
  ${each((j) => `var total${j} = f32_bits(0x80000000u);`)}
  for (var start = 0u; start < ${TERMS}u; start += ${BLOCK}u) {
    ${each((j) => `var sum${j} = f32_bits(0x80000000u);`)}
    for (var k = start; k < min(start + ${BLOCK}u, ${TERMS}u); k += 1u) {
      let x = operands[lane * ${TERMS}u + k];
      ${each((j) => `sum${j} = mac(sum${j}, x, operands[${at}u + k * ${COLUMNS}u + ${j}u]);`)}
    }
    ${each((j) => `total${j} = rn(total${j} + sum${j});`)}
  }
  ${each((j) => `results[lane * ${COLUMNS}u + ${j}u] = total${j};`)}
  results[${short}u + lane] = ${taps.reduce((sum, tap) => `mac(${sum}, ${tap})`, 'f32_bits(0x80000000u)')};
}
`;
  const operands = ordinaryWords(77, at + TERMS * COLUMNS);
  return {
    group: 'loops',
    plan: kernelPlan({
      name: 'dot products',
      code,
      type: 'f32',
      inputs: { operands: operands.length },
      outputs: { 'dot product of 160 terms': short, 'dot product of 9 terms': ROWS },
      workgroups: [1, 1, 1],
    }),
    inputs: { operands: wordTensor('f32', operands) },
    expected: (mode) => {
      const s = jsLang(mode);
      const x = Float32Array.from(operands, f32FromBits);
      const dot = (row: number, column: number, from: number, to: number): number => {
        let sum = -0;
        for (let k = from; k < to; k++)
          sum = s.add(sum, s.mul(x[row * TERMS + k], x[at + k * COLUMNS + column]));
        return sum;
      };
      const long = Uint32Array.from({ length: short }, (_, i) => {
        const [row, column] = [Math.floor(i / COLUMNS), i % COLUMNS];
        return f32Bits(s.add(s.add(-0, dot(row, column, 0, BLOCK)), dot(row, column, BLOCK, TERMS)));
      });
      const brief = Uint32Array.from({ length: ROWS }, (_, row) => f32Bits(dot(row, 0, 0, 9)));
      return {
        'dot product of 160 terms': wordTensor('f32', long),
        'dot product of 9 terms': wordTensor('f32', brief),
      };
    },
  };
}

const LENGTH = 320;
const GROUPS = 16;

/** A workgroup for each row: 64 lanes sum with a stride of 64 and fold by halving. */
export function reductionProgram(): ProbeProgram {
  const copies = 2 * GROUPS;
  const code = `${HEAD}var<workgroup> sums: array<f32, ${LANES}>;
var<workgroup> squares: array<f32, ${LANES}>;
@compute @workgroup_size(${LANES})
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let row = group.x;
  sums[lane] = operands[row * ${LENGTH}u + lane];
  workgroupBarrier();
  results[${copies}u + row * ${LANES}u + lane] = sums[${LANES - 1}u - lane];
  workgroupBarrier();
  var sum = f32_bits(0x80000000u);
  var square = f32_bits(0x80000000u);
  for (var i = lane; i < ${LENGTH}u; i += ${LANES}u) {
    let x = operands[row * ${LENGTH}u + i];
    sum = rn(sum + x);
    square = mac(square, x, x);
  }
  sums[lane] = sum;
  squares[lane] = square;
  workgroupBarrier();
  for (var stride = ${LANES / 2}u; stride > 0u; stride >>= 1u) {
    if (lane < stride) {
      sums[lane] = rn(sums[lane] + sums[lane + stride]);
      squares[lane] = rn(squares[lane] + squares[lane + stride]);
    }
    workgroupBarrier();
  }
  if (lane == 0u) {
    results[row] = sums[0];
    results[${GROUPS}u + row] = squares[0];
  }
}
`;
  // Rows of ordinary numbers, of subnormals and other special values, and of arbitrary bits.
  const special = [...SUBNORMAL_WORDS, ...SPECIAL_WORDS];
  const [ordinary, arbitrary] = [ordinaryWords(5, GROUPS * LENGTH), randomWords(6, GROUPS * LENGTH)];
  const operands = ordinary.map((word, i) => {
    const row = Math.floor(i / LENGTH);
    if (row % 4 === 2) return special[i % (row === 2 ? SUBNORMAL_WORDS.length : special.length)];
    return row % 4 === 3 ? arbitrary[i] : word;
  });
  const fold = (s: JsLang, row: number, term: (x: number) => number): number => {
    const lanes = Array.from({ length: LANES }, (_, lane) => {
      let sum = -0;
      for (let i = lane; i < LENGTH; i += LANES)
        sum = s.add(sum, term(f32FromBits(operands[row * LENGTH + i])));
      return sum;
    });
    for (let stride = LANES / 2; stride > 0; stride >>= 1)
      for (let lane = 0; lane < stride; lane++) lanes[lane] = s.add(lanes[lane], lanes[lane + stride]);
    return f32Bits(lanes[0]);
  };
  return {
    group: 'loops',
    plan: kernelPlan({
      name: 'reductions',
      code,
      type: 'f32',
      inputs: { operands: operands.length },
      outputs: {
        'sum by 64 lanes': GROUPS,
        'sum of squares by 64 lanes': GROUPS,
        'copy through a workgroup': GROUPS * LANES,
      },
      workgroups: [GROUPS, 1, 1],
    }),
    inputs: { operands: wordTensor('f32', operands) },
    expected: (mode) => {
      const s = jsLang(mode);
      const rows = (term: (x: number) => number): Uint32Array =>
        Uint32Array.from({ length: GROUPS }, (_, row) => fold(s, row, term));
      const copied = Uint32Array.from({ length: GROUPS * LANES }, (_, i) => {
        const lane = i % LANES;
        return operands[((i - lane) / LANES) * LENGTH + LANES - 1 - lane];
      });
      return {
        'sum by 64 lanes': wordTensor(
          'f32',
          rows((x) => x),
        ),
        'sum of squares by 64 lanes': wordTensor(
          'f32',
          rows((x) => s.mul(x, x)),
        ),
        'copy through a workgroup': wordTensor('f32', copied),
      };
    },
  };
}
