/** Matrix products. */
import { isFloat } from '../../../../base/dtype.js';
import { dimProduct } from '../../../../ir/dim.js';
import type { Shape } from '../../../../ir/types.js';
import type { Ref } from '../builder.js';
import type { ExportRule, Operand, Site } from '../rule.js';
import { filled } from '../scalar.js';

export const dot: ExportRule<'dot'> = (call) => {
  const { g, inputs: [lhs], attrs, type } = call; // prettier-ignore
  // The interpreter's sum of no terms.
  if (attrs.lhsContract.some((axis) => lhs.type.shape[axis] === 0)) return filled(g, type.dtype, 0);
  return matrices(call) ?? product(call);
};

/** Two float matrices, if one of them is transposed or a bias is added: Gemm does it on the way. */
export function matrices(
  { g, inputs: [lhs, rhs], attrs, type }: Site<'dot'>,
  bias?: Operand,
): Ref | undefined {
  const areMatrices = lhs.type.shape.length === 2 && rhs.type.shape.length === 2;
  if (!areMatrices || attrs.lhsContract.length !== 1 || attrs.lhsBatch.length > 0) return undefined;
  const [transA, transB] = [1 - attrs.lhsContract[0], attrs.rhsContract[0]];
  if (!isFloat(type.dtype) || (transA + transB === 0 && bias === undefined)) return undefined;
  const flags = { ...(transA === 1 ? { transA } : {}), ...(transB === 1 ? { transB } : {}) };
  return g.like('Gemm', [lhs.full(), rhs.full(), ...(bias === undefined ? [] : [bias.full()])], flags);
}

/** MatMul of [batch, rows, terms] and [batch, terms, columns]; axes are merged where there is not one of a kind. */
function product({ g, inputs: [lhs, rhs], attrs, type }: Site<'dot'>): Ref {
  const { lhsBatch, rhsBatch, lhsContract, rhsContract } = attrs;
  const rows = otherAxes(lhs.type.shape, [...lhsBatch, ...lhsContract]);
  const columns = otherAxes(rhs.type.shape, [...rhsBatch, ...rhsContract]);
  const of = (shape: Shape, axes: readonly number[]): Shape => axes.map((axis) => shape[axis]);
  const [batch, terms] = [of(lhs.type.shape, lhsBatch), of(lhs.type.shape, lhsContract)];
  const [rowShape, columnShape] = [of(lhs.type.shape, rows), of(rhs.type.shape, columns)];

  // Without a batch, rows may stay as many axes as they are: MatMul takes them for a batch, and gives them back.
  const merged = batch.length === 0 && rows.length > 0 ? rowShape : [dimProduct(rowShape)];
  const [k, n] = [dimProduct(terms), dimProduct(columnShape)];
  const leftOrder = [...lhsBatch, ...rows, ...lhsContract];
  const left = g.reshape(g.transpose(lhs.full(), leftOrder), of(lhs.type.shape, leftOrder), [
    ...batch,
    ...merged,
    k,
  ]);
  const rightOrder = [...rhsBatch, ...rhsContract, ...columns];
  const right = g.reshape(g.transpose(rhs.full(), rightOrder), of(rhs.type.shape, rightOrder), [
    ...batch,
    k,
    n,
  ]);
  return g.reshape(g.like('MatMul', [left, right]), [...batch, ...merged, n], type.shape);
}

const otherAxes = (shape: Shape, axes: readonly number[]): number[] =>
  shape.flatMap((_, axis) => (axes.includes(axis) ? [] : [axis]));
