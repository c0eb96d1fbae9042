/** The contractions, whole and split (split-K), of which much is the same. */
import { elementCount } from '../base/tensor.js';
import type { Node } from './graph.js';
import type { Op } from './ops.js';

export type DotOp = 'dot' | 'splitKDot';
export type ConvOp = 'conv' | 'splitKConv';

export const isDot = (node: Node): node is Node<DotOp> => node.op === 'dot' || node.op === 'splitKDot';
export const isConv = (node: Node): node is Node<ConvOp> => node.op === 'conv' || node.op === 'splitKConv';

/** Whether the sums of the blocks are the result, and not their total. */
export const isSplit = (op: Op): boolean => op === 'splitKDot' || op === 'splitKConv';

/** How many products are summed for one result of a static contraction, given the shapes of its operands. */
export const termsOf = (node: Node<DotOp | ConvOp>, lhs: readonly number[], rhs: readonly number[]): number =>
  elementCount(isDot(node) ? node.attrs.lhsContract.map((axis) => lhs[axis]) : rhs.slice(1));

/** Whether the right operand of a dot, of `rank` axes, has its columns in blocks: a contracted axis stands behind a free one. */
export function hasBlocks({ rhsBatch, rhsContract }: Node<'dot'>['attrs'], rank: number): boolean {
  const taken = [...rhsBatch, ...rhsContract];
  const firstFree = Array.from({ length: rank }, (_, axis) => axis).find((axis) => !taken.includes(axis));
  return firstFree !== undefined && rhsContract.some((axis) => axis > firstFree);
}
