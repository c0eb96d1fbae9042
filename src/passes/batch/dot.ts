/**
 * Dot: the terms of a result are those of the contracted axes, in the order in which they are listed, so the axis of the
 * batch may be a batch axis or a free one.
 */
import { moveAxis, shifted, type BatchRule } from './rule.js';

export const dot: BatchRule<'dot'> = ({ b, node, operands: [lhs, rhs] }) => {
  const { lhsBatch, rhsBatch, lhsContract, rhsContract } = node.attrs;
  const both = lhs.batched && rhs.batched ? [0] : [];
  const product = b.emit('dot', [lhs.value, rhs.value], {
    lhsBatch: lhs.batched ? [...both, ...shifted(lhsBatch)] : lhsBatch,
    rhsBatch: rhs.batched ? [...both, ...shifted(rhsBatch)] : rhsBatch,
    lhsContract: lhs.batched ? shifted(lhsContract) : lhsContract,
    rhsContract: rhs.batched ? shifted(rhsContract) : rhsContract,
  });
  if (lhs.batched && rhs.batched) return product;
  // The axis of the batch is the first free axis of its side.
  const before = lhs.batched ? lhsBatch.length : lhs.value.type.shape.length - lhsContract.length;
  return moveAxis(b, product, before, 0);
};
