/**
 * Loops as the kernels have them: dot products with several accumulators in blocks of terms, and reductions by 64 lanes
 * that meet in workgroup memory. Drivers unroll, reorder and vectorise here.
 */
import { SPECIAL_WORDS, SUBNORMAL_WORDS } from '../../numerics/probe-words.js';
import type { SuiteKernel, SuitePattern } from '../../plan/suite.js';
import { Column, Columns } from './columns.js';
import { suiteKernel } from './kernel.js';
import { ordinaryColumn } from './operands.js';

const LANES = 64;
const HEAD = `@group(0) @binding(1) var<storage, read_write> operands: array<f32>;
@group(0) @binding(2) var<storage, read_write> results: array<f32>;
`;

const TERMS = 160;
const BLOCK = 128;
const COLUMNS = 4;
const ROWS = 64;

/** results[row, column] = dot of a row with each of four columns; and a dot product of nine terms without a loop. */
export function dotKernel(columns: Columns): SuiteKernel {
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
  const length = at + TERMS * COLUMNS;
  return suiteKernel({
    group: 'loops',
    type: 'f32',
    code,
    workgroups: [1, 1, 1],
    inputs: [{ name: 'operands', length, column: ordinaryColumn(columns, 77, length).position }],
    patterns: [
      pattern('dot product of 160 terms', short, (s, operands) => {
        const block = (from: number, to: number): Column => dots(s, operands, COLUMNS, from, to);
        return s.add(s.add(-0, block(0, BLOCK)), block(BLOCK, TERMS));
      }),
      pattern('dot product of 9 terms', ROWS, (s, operands) => dots(s, operands, 1, 0, 9)),
    ],
  });
}

/** Of every row and the first `columns` columns the dot product of the terms `from` up to `to`. */
function dots(s: Columns, operands: Column, columns: number, from: number, to: number): Column {
  const length = to - from;
  const all = s.count(ROWS * columns * length);
  const [term, sum] = [s.iadd(s.urem(all, length), from), s.udiv(all, length)];
  const [row, column] = [s.udiv(sum, columns), s.urem(sum, columns)];
  const x = s.take(operands, s.iadd(s.imul(row, TERMS), term));
  const y = s.take(operands, s.iadd(s.iadd(s.imul(term, COLUMNS), column), ROWS * TERMS));
  return s.sums(s.mul(x, y), length);
}

function pattern(
  name: string,
  length: number,
  expected: (s: Columns, operands: Column) => Column,
): SuitePattern {
  const s = new Columns(1);
  expected(s, new Column(0));
  return { name, length, expected: s.instructions };
}

const LENGTH = 320;
const GROUPS = 16;

/** A workgroup for each row: 64 lanes sum with a stride of 64 and fold by halving. */
export function reductionKernel(columns: Columns): SuiteKernel {
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
  return suiteKernel({
    group: 'loops',
    type: 'f32',
    code,
    workgroups: [GROUPS, 1, 1],
    inputs: [{ name: 'operands', length: GROUPS * LENGTH, column: rowsOf(columns).position }],
    patterns: [
      pattern('sum by 64 lanes', GROUPS, (s, operands) => folded(s, terms(s, operands))),
      pattern('sum of squares by 64 lanes', GROUPS, (s, operands) => {
        const x = terms(s, operands);
        return folded(s, s.mul(x, x));
      }),
      pattern('copy through a workgroup', GROUPS * LANES, (s, operands) => {
        const all = s.count(GROUPS * LANES);
        const lane = s.isub(LANES - 1, s.urem(all, LANES));
        return s.take(operands, s.iadd(s.imul(s.udiv(all, LANES), LENGTH), lane));
      }),
    ],
  });
}

/** In turn rows of ordinary numbers (two), of subnormals or of these and other special values, and of arbitrary bits. */
function rowsOf(s: Columns): Column {
  const at = s.count(GROUPS * LENGTH);
  const row = s.udiv(at, LENGTH);
  const listed = (words: readonly number[]): Column => s.take(s.words(words), s.urem(at, words.length));
  const special = s.iselect(
    s.ieq(row, 2),
    listed(SUBNORMAL_WORDS),
    listed([...SUBNORMAL_WORDS, ...SPECIAL_WORDS]),
  );
  const isKind = (kind: number): Column => s.ieq(s.urem(row, 4), kind);
  const others = s.iselect(isKind(3), s.random(6, GROUPS * LENGTH), ordinaryColumn(s, 5, GROUPS * LENGTH));
  return s.iselect(isKind(2), special, others);
}

const PER_LANE = LENGTH / LANES;

/** The operands by rows, in each by lanes, in each in the order of its sum. */
function terms(s: Columns, operands: Column): Column {
  const all = s.count(GROUPS * LENGTH);
  const [term, lanes] = [s.urem(all, PER_LANE), s.udiv(all, PER_LANE)];
  const inRow = s.iadd(s.imul(term, LANES), s.urem(lanes, LANES));
  return s.take(operands, s.iadd(s.imul(s.udiv(lanes, LANES), LENGTH), inRow));
}

/** The sums of lanes, folded by halving. */
function folded(s: Columns, ofLanes: Column): Column {
  let sums = s.sums(ofLanes, PER_LANE);
  for (let stride = LANES / 2; stride > 0; stride >>= 1) {
    const all = s.count(GROUPS * stride);
    const at = s.iadd(s.imul(s.udiv(all, stride), 2 * stride), s.urem(all, stride));
    sums = s.add(s.take(sums, at), s.take(sums, s.iadd(at, stride)));
  }
  return sums;
}
