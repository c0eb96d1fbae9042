/** Reductions of whole axes. */
import type { Reducer } from '../../../../ir/ops.js';
import { IDENTITIES } from '../../../../interpreter/fold.js';
import type { Ref } from '../builder.js';
import type { ExportRule, Site } from '../rule.js';
import { carry, filled } from '../scalar.js';

const OPERATOR: Readonly<Record<Reducer, string>> = {
  sum: 'ReduceSum',
  prod: 'ReduceProd',
  max: 'ReduceMax',
  min: 'ReduceMin',
};

export const reduce: ExportRule<'reduce'> = (call) => {
  const { g, inputs: [x], attrs: { kind, axes }, type } = call; // prettier-ignore
  // No axes mean all of them in ONNX.
  if (axes.length === 0) return x.full();
  if (axes.some((axis) => x.type.shape[axis] === 0))
    return filled(g, type.dtype, kind === 'sum' ? 0 : IDENTITIES[type.dtype][kind]);
  return reduced(call, false);
};

/** A reduction of some elements; with `keeps` the axes stay, with an extent of 1. */
export function reduced(
  { g, inputs: [x], attrs: { kind, axes }, type }: Site<'reduce'>,
  keeps: boolean,
): Ref {
  const carried = carry(g, x.full(), type.dtype, kind);
  return carried.back(g.like(OPERATOR[kind], [carried.x, g.ints(axes)], keeps ? {} : { keepdims: 0 }));
}

export const argreduce: ExportRule<'argreduce'> = ({ g, inputs: [x], attrs: { kind, axis } }) => {
  const { x: operand } = carry(g, x.full(), x.type.dtype, kind);
  const index = g.node(kind === 'max' ? 'ArgMax' : 'ArgMin', [operand], 'int64', { axis, keepdims: 0 });
  return g.cast(index, 'int32');
};
