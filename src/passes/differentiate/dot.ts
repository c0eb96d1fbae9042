/** The generalized matrix product: both gradients are products of the cotangent with the other operand. */
import type { GraphBuilder, GraphValue } from '../../ir/builder.js';
import { range } from '../../compose/axes.js';
import { permuted } from './expressions.js';
import type { VjpRule } from './rule.js';

/** One operand of a dot: its batch and contracted axes in the order of their pairs, and the others in order. */
interface Side {
  readonly value: GraphValue;
  readonly batch: readonly number[];
  readonly contract: readonly number[];
  readonly free: readonly number[];
}

const sideOf = (value: GraphValue, batch: readonly number[], contract: readonly number[]): Side => ({
  value,
  batch,
  contract,
  free: range(0, value.type.shape.length).filter((axis) => !batch.includes(axis) && !contract.includes(axis)),
});

export const dot: VjpRule<'dot'> = ({ b, ct, inputs: [x, y], node, wanted }) => {
  const { lhsBatch, rhsBatch, lhsContract, rhsContract } = node.attrs;
  const lhs = sideOf(x, lhsBatch, lhsContract);
  const rhs = sideOf(y, rhsBatch, rhsContract);
  const batch = lhsBatch.length;
  const middle = batch + lhs.free.length;
  const rank = middle + rhs.free.length;
  return [
    wanted[0] ? gradientOf(b, ct, range(middle, rank), lhs, rhs) : undefined,
    wanted[1] ? gradientOf(b, ct, range(batch, middle), rhs, lhs) : undefined,
  ];
};

/**
 * ct [batch, free axes of both sides] contracted with `other` over the free axes of `other`, its axes as `side` has them.
 * `others` are the axes of ct that are free axes of `other`. Where a permute remains, swapping the operands may save it:
 * the rule 'permute of a dot' does that.
 */
function gradientOf(
  b: GraphBuilder,
  ct: GraphValue,
  others: readonly number[],
  side: Side,
  other: Side,
): GraphValue {
  const product = b.emit('dot', [ct, other.value], {
    lhsBatch: range(0, side.batch.length),
    rhsBatch: other.batch,
    lhsContract: others,
    rhsContract: other.free,
  });
  // The axes of `other` that are left keep their order there; each is an axis of `side`.
  const ascending = [...other.contract].sort((p, q) => p - q);
  const left = ascending.map((axis) => side.contract[other.contract.indexOf(axis)]);
  const axes = [...side.batch, ...side.free, ...left];
  return permuted(b, product, axes.map((_, axis) => axes.indexOf(axis))); // prettier-ignore
}
