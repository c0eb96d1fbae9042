/** Range checks on index expressions, emitted only where the known range leaves a doubt. */
import type { ValueId } from '../../ir/graph.js';
import { dimSub, type Dim } from '../../ir/dim.js';
import { isAtMost } from '../../ir/dim-proofs.js';
import { isWithin, type Index } from '../../ir/index-expr.js';
import type { Ref } from '../ssa/instr.js';
import type { ElementContext } from './element.js';

/** 0 <= i < extent, or undefined where that is certain. A negative `i` wraps to a large u32, so one test does. */
export function inRange(e: ElementContext, i: Index, extent: Dim): Ref | undefined {
  if (isWithin(i, extent)) return undefined;
  return e.s.ltu(e.indices.emit(i), e.s.iconst(extent));
}

/** The last place of an axis of `extent` elements; 0 where there is none. */
export const lastOf = (extent: Dim): Dim => (isAtMost(extent, 0) ? 0 : dimSub(extent, 1));

/** `i` limited to axis `axis` of `operand`, as a new index; any index will do where the element is not used. */
export function clampIndex(e: ElementContext, operand: ValueId, axis: number, i: Index): Index {
  const extent = e.shape(operand)[axis];
  if (isWithin(i, extent)) return i;
  if (e.mayOverhang(operand, axis, i)) return e.indexOf(e.indices.emit(i), extent);
  return e.indexOf(e.s.umin(e.indices.emit(i), lastOf(extent)), extent);
}
