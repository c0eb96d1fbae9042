/** The contractions, whole and split (split-K), of which much is the same. */
import { elementCount } from '../base/tensor.js';
import type { Dim } from './dim.js';
import type { Node } from './graph.js';
import { delinearize, type Index } from './index-expr.js';
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

/** Operand indices of a dot product for a result index and a flat contraction index. */
export function dotIndices(
  node: Node<DotOp>,
  lhs: readonly Dim[],
  rhs: readonly Dim[],
  index: readonly Index[],
  k: Index,
): [Index[], Index[]] {
  const { lhsBatch, rhsBatch, lhsContract, rhsContract } = node.attrs;
  const inner = delinearize(k, lhsContract.map((axis) => lhs[axis])); // prettier-ignore
  const lhsFree = lhs.map((_, axis) => axis).filter((axis) => ![...lhsBatch, ...lhsContract].includes(axis));
  const rhsFree = rhs.map((_, axis) => axis).filter((axis) => ![...rhsBatch, ...rhsContract].includes(axis));
  const a = new Array<Index>(lhs.length);
  const b = new Array<Index>(rhs.length);
  lhsBatch.forEach((axis, i) => (a[axis] = index[i]));
  rhsBatch.forEach((axis, i) => (b[axis] = index[i]));
  lhsContract.forEach((axis, i) => (a[axis] = inner[i]));
  rhsContract.forEach((axis, i) => (b[axis] = inner[i]));
  lhsFree.forEach((axis, i) => (a[axis] = index[lhsBatch.length + i]));
  rhsFree.forEach((axis, i) => (b[axis] = index[lhsBatch.length + lhsFree.length + i]));
  return [a, b];
}
