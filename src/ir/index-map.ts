/**
 * Movement ops as index maps: where in the operand an element of the result comes from. Fusion reasons with these maps
 * and code generation applies the same ones.
 */
import type { Dim } from './dim.js';
import type { Node } from './graph.js';
import type { Index } from './index-expr.js';
import { INDEX_MAPS, type IndexMap } from './ops/movement.js';
import type { OpAttrs, ViewOp } from './ops.js';

/** The operand's index for a result index. `operand` is the operand's shape. */
export function mapIndex(
  { op, attrs, type }: Node<ViewOp>,
  operand: readonly Dim[],
  index: readonly Index[],
): readonly Index[] {
  return applyMap(op, attrs, operand, index, type.shape);
}

function applyMap<K extends ViewOp>(
  op: K,
  attrs: OpAttrs[ViewOp],
  ...[operand, index, result]: [readonly Dim[], readonly Index[], readonly Dim[]]
): readonly Index[] {
  const map: IndexMap<OpAttrs[K]> = INDEX_MAPS[op];
  return map(attrs as OpAttrs[K], operand, index, result);
}
