/**
 * Movement ops as index maps: where in the operand an element of the result comes from. Fusion reasons with these maps
 * and code generation applies the same ones.
 */
import { rowMajorStrides } from '../base/tensor.js';
import type { Node } from './graph.js';
import { delinearize, indexAdd, indexConst, indexMul, linearize, type Index } from './index-expr.js';
import { IDENTITY_OPS, tableOf, type IdentityOp, type Op } from './ops.js';
import { staticShape } from './types.js';

/** The movement ops of which every result element is one operand element, whatever the data. */
export type ViewOp = 'reshape' | 'permute' | 'broadcast' | 'slice' | 'reverse' | IdentityOp;

type IndexMap<K extends ViewOp> = (
  node: Node<K>,
  operand: readonly number[],
  index: readonly Index[],
) => readonly Index[];

const INDEX_MAPS: { readonly [K in ViewOp]: IndexMap<K> } = {
  ...tableOf(
    IDENTITY_OPS,
    () => (_node: Node, _operand: readonly number[], index: readonly Index[]) => index,
  ),
  reshape: (node, operand, index) => {
    const position = linearize(index, rowMajorStrides(staticShape(node.type.shape)));
    return delinearize(position, operand);
  },
  permute: (node, _operand, index) => {
    const inner = new Array<Index>(index.length);
    node.attrs.permutation.forEach((axis, i) => (inner[axis] = index[i]));
    return inner;
  },
  broadcast: (_node, operand, index) => index.map((i, axis) => (operand[axis] === 1 ? indexConst(0) : i)),
  slice: (node, _operand, index) =>
    index.map((i, axis) =>
      indexAdd(indexMul(i, node.attrs.strides[axis]), indexConst(node.attrs.starts[axis])),
    ),
  reverse: (node, operand, index) =>
    index.map((i, axis) =>
      node.attrs.axes.includes(axis) ? indexAdd(indexMul(i, -1), indexConst(operand[axis] - 1)) : i,
    ),
};

export const isView = (op: Op): op is ViewOp => Object.hasOwn(INDEX_MAPS, op);

/** The operand's index for a result index. `operand` is the operand's shape. */
export function mapIndex(
  node: Node<ViewOp>,
  operand: readonly number[],
  index: readonly Index[],
): readonly Index[] {
  return applyMap(node.op, node, operand, index);
}

function applyMap<K extends ViewOp>(
  op: K,
  node: Node,
  operand: readonly number[],
  index: readonly Index[],
): readonly Index[] {
  const map: IndexMap<K> = INDEX_MAPS[op];
  return map(node as Node<K>, operand, index);
}
