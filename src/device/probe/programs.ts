/** The programs of the probe. */
import {
  ALGEBRA,
  CONSTANTS,
  COPIES,
  HELPERS,
  IDENTITIES,
  INEXACT_IN_WGSL,
  MULTIPLY_ADDS,
  QUOTIENTS,
  SUBNORMALS,
} from './patterns.js';
import { INTEGER_WORDS, INTEGERS } from './integers.js';
import { dotProgram, reductionProgram } from './loops.js';
import type { ProbeProgram } from './program.js';
import { sheetProgram, type Patterns } from './sheet.js';
import { ordinaryWords, randomWords, SPECIAL_WORDS, SUBNORMAL_WORDS, tuples, type Columns } from './words.js';

const columnsOf = (make: (seed: number) => Uint32Array): Columns => [make(11), make(12), make(13)];
const ordinary = (count: number): Columns => columnsOf((seed) => ordinaryWords(seed, count));
const arbitrary = (count: number): Columns => columnsOf((seed) => randomWords(seed, count));

/** Significands in [1, 2) whatever their exponents would be, quotients near 1, and results around the subnormals. */
function closeOperands(count: number): Columns {
  const [a, b, c] = arbitrary(count);
  const shapes = [
    (x: number, y: number) => [(x & 0x7fffff) | 0x3f800000, (y & 0x7fffff) | 0x3f800000],
    (x: number, y: number) => [x, x + (y % 17) - 8],
    (x: number, y: number) => [(x & 0x80ffffff) + 0x08000000, (y & 0x80ffffff) + 0x46000000],
    (x: number, y: number) => [x & 0x807fffff, y],
  ];
  const pairs = Array.from(a, (x, i) => shapes[i % shapes.length](x, b[i]));
  return [Uint32Array.from(pairs, ([x]) => x), Uint32Array.from(pairs, ([, y]) => y), c];
}

/** The program that shows the subnormal mode. */
export function subnormalProgram(): ProbeProgram {
  const operands = tuples(SUBNORMAL_WORDS, 3, 5888);
  return sheetProgram({ group: 'subnormals', type: 'f32', patterns: SUBNORMALS, operands, helpers: HELPERS });
}

/** All others. */
export function patternPrograms(): ProbeProgram[] {
  const special = tuples(SPECIAL_WORDS, 3, 4096, ordinary(1280), arbitrary(1088));
  const float = (group: string, patterns: Patterns, operands: Columns = special): ProbeProgram =>
    sheetProgram({ group, type: 'f32', patterns, operands, helpers: HELPERS });
  return [
    float('copies', COPIES),
    float('identities', IDENTITIES),
    float('algebra', ALGEBRA),
    float('constants', CONSTANTS),
    float('quotients', QUOTIENTS),
    float('multiply-add', MULTIPLY_ADDS),
    float(
      'rounding',
      INEXACT_IN_WGSL,
      tuples(SPECIAL_WORDS, 3, 20_480, closeOperands(12_288), arbitrary(6_464)),
    ),
    sheetProgram({
      group: 'integers',
      type: 'u32',
      patterns: INTEGERS,
      operands: tuples(INTEGER_WORDS, 3, 4096, arbitrary(1352)),
    }),
    dotProgram(),
    reductionProgram(),
  ];
}
