/** Operators that choose by position. */
import { diagonalMask, triangle } from '../../../compose/mask.js';
import type { Value } from '../../../ir/emitter.js';
import { typed, type NodeContext } from '../context.js';
import { dtypeOfCode, irDType, type OnnxDType } from '../dtype.js';
import type { OpTable, Result } from '../registry.js';

/** Offsets count columns as i32 on the device; beyond the extents they all mean the same. */
const asOffset = (offset: number): number => Math.max(-(2 ** 30), Math.min(2 ** 30, offset));

function eyeLike(ctx: NodeContext): Result {
  const x = ctx.input(0);
  const code = ctx.attr.int('dtype');
  const dtype: OnnxDType = code === undefined ? x.dtype : dtypeOfCode(code, 'attribute dtype');
  const diagonal = diagonalMask(ctx.b, x.shape, 'eq', asOffset(ctx.attr.int('k', 0)));
  return typed(ctx.b.cast(diagonal, irDType(dtype)), dtype);
}

/** The triangle of matrices above or below a diagonal, with it. */
export function triluOf(ctx: NodeContext): Value {
  const part = ctx.attr.flag('upper', true) ? 'upper' : 'lower';
  const computed = ctx.inputs[1] !== undefined && ctx.inputs[1].known === undefined;
  const offset = computed ? ctx.b.reshape(ctx.value(1), []) : asOffset(ctx.optionalNumber(1) ?? 0);
  return triangle(ctx.b, ctx.value(0), part, offset);
}

export const masks: OpTable = [
  { op: 'EyeLike', since: [9, 22], emit: eyeLike },
  {
    op: 'Trilu',
    since: [14],
    emit: triluOf,
  },
];
