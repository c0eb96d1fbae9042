/** Ops that only move elements. Each is one or more copies of a box between two layouts. */
import type { IdentityOp } from '../ir/ops.js';
import { elementCount, rowMajorStrides } from '../base/tensor.js';
import { allocateLanes, literal, type Lanes, type Operand } from './lanes.js';
import { allocateResult, type EvalRule } from './rule.js';
import { copyBox, placeOf, rowMajor, type StridedLayout } from './strided.js';

export const reshape: EvalRule<'reshape'> = ({ inputs }) => inputs[0].lanes;
export const identity: EvalRule<IdentityOp> = ({ inputs }) => inputs[0].lanes;

/** The lanes of `x` with its axes in another order; `x`'s own where that changes nothing. */
export function permuteLanes(x: Operand, permutation: readonly number[]): Lanes {
  if (permutation.every((axis, i) => axis === i)) return x.lanes;
  const out = allocateLanes(x.dtype, x.lanes.length);
  const shape = permutation.map((axis) => x.shape[axis]);
  const strides = rowMajorStrides(x.shape);
  const source = { offset: 0, strides: permutation.map((axis) => strides[axis]) };
  copyBox(shape, x.lanes, source, out, rowMajor(shape));
  return out;
}

export const permute: EvalRule<'permute'> = ({ inputs, attrs }) => permuteLanes(inputs[0], attrs.permutation);

/** A rule that reads its operand through a layout made from the operand's shape and strides. */
function readThrough<K extends 'broadcast' | 'slice' | 'reverse'>(
  layout: (
    call: Parameters<EvalRule<K>>[0],
    shape: readonly number[],
    strides: readonly number[],
  ) => StridedLayout,
): EvalRule<K> {
  return (call) => {
    const [x] = call.inputs;
    const out = allocateResult(call);
    copyBox(call.shape, x.lanes, layout(call, x.shape, rowMajorStrides(x.shape)), out, rowMajor(call.shape));
    return out;
  };
}

/** An extent of 1 is read over and over. */
export const broadcast = readThrough<'broadcast'>((_, shape, strides) => ({
  offset: 0,
  strides: strides.map((stride, axis) => (shape[axis] === 1 ? 0 : stride)),
}));

export const slice = readThrough<'slice'>(({ attrs }, _, strides) => ({
  offset: placeOf(attrs.starts, strides),
  strides: strides.map((stride, axis) => stride * attrs.strides[axis]),
}));

export const reverse = readThrough<'reverse'>(({ attrs }, shape, strides) => ({
  offset: attrs.axes.reduce((offset, axis) => offset + (shape[axis] - 1) * strides[axis], 0),
  strides: strides.map((stride, axis) => (attrs.axes.includes(axis) ? -stride : stride)),
}));

/** Spreads the operand over a tensor that is filled with the padding value. */
export const pad: EvalRule<'pad'> = (call) => {
  const { attrs, inputs, dtype, shape } = call;
  const strides = rowMajorStrides(shape);
  const target = {
    offset: placeOf(attrs.low, strides),
    strides: strides.map((stride, axis) => stride * (attrs.interior[axis] + 1)),
  };
  const out = allocateResult(call).fill(literal(dtype, attrs.value));
  copyBox(inputs[0].shape, inputs[0].lanes, rowMajor(inputs[0].shape), out, target);
  return out;
};

export const concat: EvalRule<'concat'> = (call) => {
  const { attrs, inputs, shape } = call;
  const out = allocateResult(call);
  const strides = rowMajorStrides(shape);
  let offset = 0;
  for (const x of inputs) {
    if (elementCount(x.shape) > 0) copyBox(x.shape, x.lanes, rowMajor(x.shape), out, { offset, strides });
    offset += x.shape[attrs.axis] * strides[attrs.axis];
  }
  return out;
};
