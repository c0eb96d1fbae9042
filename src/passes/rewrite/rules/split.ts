/** Long sums, spelled out as their definition has them (see src/ir/accumulation.ts). */
import { isSplit, termsOf } from '../../../ir/contraction.js';
import type { GraphValue } from '../../../ir/builder.js';
import { DOT_BLOCK, REDUCE_CHUNK } from '../../../ir/accumulation.js';
import { isStatic } from '../../../ir/dim.js';
import { convAxes, coversAll } from '../../../ir/coverage.js';
import type { Node } from '../../../ir/graph.js';
import type { OpAttrs } from '../../../ir/ops.js';
import { shapesEqual, sizeOf, staticShape } from '../../../ir/types.js';
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

/** Whether every result of a static convolution has all terms, and not of padding alone. */
function isWhole(b: RewriteContext, attrs: OpAttrs['conv'], node: Node): boolean {
  const [x, w] = b.operands(node).map(({ type }) => staticShape(type.shape));
  const axes = convAxes(attrs, x, w, staticShape(node.type.shape).slice(2 - x.length));
  return axes.every((axis) => axis.spacing === 1 && coversAll(axis));
}

/** The sums over the first axis, one element after the other. */
function foldBlocks(b: RewriteContext, sums: GraphValue): GraphValue {
  const [blocks, ...rest] = staticShape(sums.type.shape);
  const [none, each] = [0, 1].map((value) => new Array<number>(rest.length + 1).fill(value));
  const total = b.emit('reduceWindow', [sums], {
    kind: 'sum',
    window: each.with(0, blocks),
    strides: each,
    dilations: each,
    padLow: none,
    padHigh: none,
  });
  return b.reshape(total, rest);
}

export const splitRules = {
  'contraction of few results': rule(
    ['dot', 'conv'],
    'The sums of the blocks of terms, side by side; a window over all blocks adds them in their order, from -0.',
    (b, node): GraphValue | undefined => {
      const { attrs, type } = node;
      const shapes = [type, ...b.operands(node).map((x) => x.type)].map(({ shape }) => shape);
      if (!shapes.flat().every(isStatic)) return undefined;
      if ('lhsDilation' in attrs && !isWhole(b, attrs, node)) return undefined;
      const [lhs, rhs] = b.operands(node).map((x) => staticShape(x.type.shape));
      const [results, terms] = [sizeOf(type), termsOf(node, lhs, rhs)];
      if (results > b.target.splitMaxResults || terms < b.target.splitMinTerms) return undefined;
      if (results * Math.ceil(terms / DOT_BLOCK) > b.target.splitMaxSums) return undefined;
      const sums =
        node.op === 'dot'
          ? b.emit('splitKDot', b.operands(node), node.attrs)
          : b.emit('splitKConv', b.operands(node), node.attrs);
      return b.cast(foldBlocks(b, sums), type.dtype);
    },
  ),

  'permute of a sum of blocks': rule(
    ['permute'],
    'The sums of the blocks are read in the other order, which costs nothing.',
    (b, node): GraphValue | undefined => {
      const total = b.producer(node, 'reshape');
      const window = total && b.producer(total, 'reduceWindow');
      if (window === undefined || b.isShared(b.operand(node))) return undefined;
      const sums = b.operand(window);
      if (!isSplit(b.node(sums).op)) return undefined;
      if (!shapesEqual(b.operand(node).type.shape, sums.type.shape.slice(1))) return undefined;
      return foldBlocks(b, b.permute(sums, [0, ...node.attrs.permutation.map((axis) => axis + 1)]));
    },
  ),

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
