/** Matrix products take their operands as they lie: a permute of an operand is another choice of axes. */
import type { Node } from '../../../ir/graph.js';
import { rule, type RewriteContext } from '../rule.js';
import { hasBlocks } from '../../../ir/contraction.js';

const SIDES = [
  { at: 0, batch: 'lhsBatch', contract: 'lhsContract' },
  { at: 1, batch: 'rhsBatch', contract: 'rhsContract' },
] as const;

const isAscending = (list: readonly number[]): boolean => list.every((x, i) => i === 0 || list[i - 1] < x);

/** Whether a permute of the right operand puts columns side by side, or in blocks, as lanes in step want them. */
function isForLanes(permutation: readonly number[], attrs: Node<'dot'>['attrs']): boolean {
  const last = permutation.length - 1;
  return permutation[last] !== last || hasBlocks(attrs, permutation.length);
}

/** How many free axes an operand has. */
function freeRank(
  b: RewriteContext,
  node: Node<'dot'>,
  { at, batch, contract }: (typeof SIDES)[number],
): number {
  return b.operand(node, at).type.shape.length - node.attrs[batch].length - node.attrs[contract].length;
}

export const dotRules = {
  'dot of a permute': rule(
    ['dot'],
    'Batch and contracted axes are listed by number, in an order that is kept; free axes must stay in order.',
    (b, node) => {
      for (const { at, batch, contract } of SIDES) {
        const inner = b.producer(node, 'permute', at);
        if (inner === undefined) continue;
        const { permutation } = inner.attrs;
        const taken = [...node.attrs[batch], ...node.attrs[contract]];
        if (at === 1 && b.target.lanesInStep > 1 && isForLanes(permutation, node.attrs)) continue;
        if (!isAscending(permutation.filter((_, axis) => !taken.includes(axis)))) continue;
        const renamed = (axes: readonly number[]): number[] => axes.map((axis) => permutation[axis]);
        const operands = b.operands(node);
        operands[at] = b.operand(inner);
        return b.emit('dot', operands, {
          ...node.attrs,
          [batch]: renamed(node.attrs[batch]),
          [contract]: renamed(node.attrs[contract]),
        });
      }
      return undefined;
    },
  ),

  'permute of a dot': rule(
    ['permute'],
    'Where the free axes of both sides change places, the sides do: every product a * b is b * a.',
    (b, node) => {
      const dot = b.producer(node, 'dot');
      if (dot === undefined || b.isShared(b.operand(node))) return undefined;
      const { lhsBatch, rhsBatch, lhsContract, rhsContract } = dot.attrs;
      const [batch, left, right] = [lhsBatch.length, freeRank(b, dot, SIDES[0]), freeRank(b, dot, SIDES[1])];
      const swapped = [
        ...range(0, batch),
        ...range(batch + left, batch + left + right),
        ...range(batch, batch + left),
      ];
      if (node.attrs.permutation.some((axis, i) => axis !== swapped[i])) return undefined;
      const [lhs, rhs] = b.operands(dot);
      return b.emit('dot', [rhs, lhs], {
        lhsBatch: rhsBatch,
        rhsBatch: lhsBatch,
        lhsContract: rhsContract,
        rhsContract: lhsContract,
      });
    },
  ),
};

const range = (start: number, end: number): number[] =>
  Array.from({ length: end - start }, (_, i) => start + i);
