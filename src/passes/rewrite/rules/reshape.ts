/** Reshape, permute, broadcast and reverse: index maps that compose. None computes anything. */
import type { GraphValue } from '../../../ir/builder.js';
import { dimEquals } from '../../../ir/dim.js';
import { DERIVATIVE_OPS } from '../../../ir/ops.js';
import { shapesEqual, type Shape } from '../../../ir/types.js';
import { rule, type RewriteContext } from '../rule.js';

/** Whether a permutation leaves the axes that hold more than one element in their order. */
function movesOnlyOnes(permutation: readonly number[], shape: Shape): boolean {
  const moving = permutation.filter((axis) => shape[axis] !== 1);
  return moving.every((axis, i) => i === 0 || moving[i - 1] < axis);
}

/** The axes that are in one list and not in the other. */
const symmetricDifference = (a: readonly number[], b: readonly number[]): number[] =>
  [...a.filter((axis) => !b.includes(axis)), ...b.filter((axis) => !a.includes(axis))].sort((x, y) => x - y);

const reversed = (b: RewriteContext, x: GraphValue, axes: readonly number[]): GraphValue =>
  axes.length === 0 ? x : b.emit('reverse', [x], { axes });

export const reshapeRules = {
  'reshape to the same shape': rule(['reshape'], 'It is the operand.', (b, node) => {
    const x = b.operand(node);
    return shapesEqual(x.type.shape, node.type.shape) ? x : undefined;
  }),

  'reshape of a reshape': rule(['reshape'], 'Only the last shape counts.', (b, node) => {
    const inner = b.producer(node, 'reshape');
    return inner && b.reshape(b.operand(inner), node.attrs.shape);
  }),

  'permute that moves nothing': rule(
    ['permute'],
    'Where only extents of 1 change places the elements stay in order: it is a reshape (or nothing).',
    (b, node) => {
      const x = b.operand(node);
      return movesOnlyOnes(node.attrs.permutation, x.type.shape) ? b.reshape(x, node.type.shape) : undefined;
    },
  ),

  'permute of a permute': rule(['permute'], 'Permutations compose.', (b, node) => {
    const inner = b.producer(node, 'permute');
    const composed = inner && node.attrs.permutation.map((axis) => inner.attrs.permutation[axis]);
    return composed && b.permute(b.operand(inner), composed);
  }),

  'broadcast to the same shape': rule(['broadcast'], 'It is the operand.', (b, node) => {
    const x = b.operand(node);
    return shapesEqual(x.type.shape, node.type.shape) ? x : undefined;
  }),

  'broadcast of a broadcast': rule(['broadcast'], 'Only the last shape counts.', (b, node) => {
    const inner = b.producer(node, 'broadcast');
    return inner && b.broadcast(b.operand(inner), node.attrs.shape);
  }),

  'permute of a broadcast': rule(
    ['permute'],
    'The smaller operand is permuted; broadcasts come last, where scalar code can be moved before them.',
    (b, node) => {
      const inner = b.producer(node, 'broadcast');
      return inner && b.broadcast(b.permute(b.operand(inner), node.attrs.permutation), node.type.shape);
    },
  ),

  'reshape of a broadcast': rule(
    ['reshape'],
    'Where it only adds or drops extents of 1, the operand can be reshaped in the same way before.',
    (b, node) => {
      const inner = b.producer(node, 'broadcast');
      const before = inner && reshapeBefore(b.operand(inner).type.shape, inner.type.shape, node.type.shape);
      return before && b.broadcast(b.reshape(b.operand(inner), before), node.type.shape);
    },
  ),

  'identity for derivatives': rule(
    DERIVATIVE_OPS,
    'It is its operand; derivatives have been taken before this pass.',
    (b, node) => b.operand(node),
  ),

  'reverse that moves nothing': rule(
    ['reverse'],
    'An axis with one element or none is its own reverse.',
    (b, node) => {
      const axes = node.attrs.axes.filter(
        (axis) => node.type.shape[axis] !== 1 && node.type.shape[axis] !== 0,
      );
      return axes.length < node.attrs.axes.length ? reversed(b, b.operand(node), axes) : undefined;
    },
  ),

  'reverse of a reverse': rule(['reverse'], 'An axis that is reversed twice is as it was.', (b, node) => {
    const inner = b.producer(node, 'reverse');
    const axes = inner && symmetricDifference(node.attrs.axes, inner.attrs.axes);
    return axes && reversed(b, b.operand(inner), axes);
  }),
};

/**
 * `from` broadcasts to `wide`, and that is reshaped to `to`: the shape that `from` takes for the broadcast to come last.
 * Undefined unless `wide` and `to` are the same but for extents of 1.
 */
function reshapeBefore(from: Shape, wide: Shape, to: Shape): Shape | undefined {
  const axes = wide.map((_, axis) => axis).filter((axis) => wide[axis] !== 1);
  const kept = to.filter((extent) => extent !== 1);
  if (kept.length !== axes.length || kept.some((extent, i) => !dimEquals(extent, wide[axes[i]])))
    return undefined;
  let next = 0;
  return to.map((extent) => (extent === 1 ? 1 : from[axes[next++]]));
}
