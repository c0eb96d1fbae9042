/** The suite that proves devices for kernels of this code generator: hand-written patterns, and loops as kernels have them. */
import { INTEGER_WORDS, SPECIAL_WORDS, SUBNORMAL_WORDS } from '../../numerics/probe-words.js';
import type { Suite, SuiteKernel } from '../../plan/suite.js';
import { Columns, type Column } from './columns.js';
import { INTEGERS } from './integers.js';
import { dotKernel, reductionKernel } from './loops.js';
import { arbitrary, closeOperands, ordinary, tuples } from './operands.js';
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
import { sheetKernel, type Patterns } from './sheet.js';

export function buildSuite(): Suite {
  const s = new Columns();
  const around = tuples(s, SUBNORMAL_WORDS, 5888);
  const special = tuples(s, SPECIAL_WORDS, 1728, ordinary(s, 1280), arbitrary(s, 1088));
  const close = tuples(s, SPECIAL_WORDS, 1728, closeOperands(s, 12_288), arbitrary(s, 6464));
  const integers = tuples(s, INTEGER_WORDS, 2744, arbitrary(s, 1352));
  const float = (
    group: string,
    patterns: Patterns,
    operands: readonly Column[] = special,
    rows = 4096,
  ): SuiteKernel => sheetKernel({ group, type: 'f32', patterns, operands, rows, helpers: HELPERS });
  const kernels = [
    float('subnormals', SUBNORMALS, around, 5888),
    float('copies', COPIES),
    float('identities', IDENTITIES),
    float('algebra', ALGEBRA),
    float('constants', CONSTANTS),
    float('quotients', QUOTIENTS),
    float('multiply-add', MULTIPLY_ADDS),
    float('rounding', INEXACT_IN_WGSL, close, 20_480),
    sheetKernel({ group: 'integers', type: 'u32', patterns: INTEGERS, operands: integers, rows: 4096 }),
    dotKernel(s),
    reductionKernel(s),
  ];
  return { columns: s.instructions, kernels };
}
