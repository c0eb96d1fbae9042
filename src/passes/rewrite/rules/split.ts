/** Long reductions, spelled out as their definition has them (see src/ir/accumulation.ts). */
import type { GraphValue } from '../../../ir/builder.js';
import { REDUCE_CHUNK } from '../../../ir/accumulation.js';
import { isStatic } from '../../../ir/dim.js';
import type { Node } from '../../../ir/graph.js';
import { staticShape } from '../../../ir/types.js';
import { elementCount } from '../../../base/tensor.js';
import { IDENTITIES } from '../../../interpreter/fold.js';
import { rule, type RewriteContext } from '../rule.js';

/** The operand with its reduced axes flattened into one, the last. */
function asRows(b: RewriteContext, node: Node<'reduce'>): GraphValue {
  const x = b.operand(node);
  const shape = staticShape(x.type.shape);
  const axes = shape.map((_, axis) => axis);
  const reduced = axes.filter((axis) => node.attrs.axes.includes(axis));
  const kept = axes.filter((axis) => !node.attrs.axes.includes(axis));
  const length = elementCount(reduced.map((axis) => shape[axis]));
  return b.reshape(b.permute(x, [...kept, ...reduced]), [...kept.map((axis) => shape[axis]), length]);
}

/** Rows cut into chunks of REDUCE_CHUNK, the last filled up with the identity: [...kept, chunks, REDUCE_CHUNK]. */
function cutIntoChunks(b: RewriteContext, rows: GraphValue, identity: number): GraphValue {
  const shape = staticShape(rows.type.shape);
  const last = shape.length - 1;
  const chunks = Math.ceil(shape[last] / REDUCE_CHUNK);
  const none = shape.map(() => 0);
  const fill = none.with(last, chunks * REDUCE_CHUNK - shape[last]);
  const padded = b.emit('pad', [rows], { low: none, high: fill, interior: none, value: identity });
  return b.reshape(padded, [...shape.slice(0, last), chunks, REDUCE_CHUNK]);
}

export const splitRules = {
  'reduce of long rows': rule(
    ['reduce'],
    'Chunks of REDUCE_CHUNK elements are reduced, then their results; f16 is accumulated in f32 all the way.',
    (b, node): GraphValue | undefined => {
      const x = b.operand(node);
      const { kind, axes } = node.attrs;
      if (!x.type.shape.every(isStatic)) return undefined;
      const length = elementCount(axes.map((axis) => x.type.shape[axis] as number));
      if (length <= REDUCE_CHUNK) return undefined;
      // Only the end of an f16 reduction is rounded to f16.
      if (x.type.dtype === 'f16') return b.cast(b.reduce(kind, b.cast(x, 'f32'), axes), 'f16');
      const chunks = cutIntoChunks(b, asRows(b, node), IDENTITIES[x.type.dtype][kind]);
      const rank = chunks.type.shape.length;
      return b.reduce(kind, b.reduce(kind, chunks, [rank - 1]), [rank - 2]);
    },
  ),
};
