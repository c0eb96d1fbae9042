/** Ops that move elements, and compute nothing. */
import { arity, axesOf, axisOf, fail, integers, perAxis, validShape } from '../infer-checks.js';
import { dimAdd, dimEquals, dimProduct, dimSub, dimSum, isStatic, type Dim } from '../dim.js';
import { dilated } from '../extents.js';
import { printShape, printType, tensorType, type Shape, type TensorType } from '../types.js';

import {
  delinearize,
  indexAdd,
  indexConst,
  indexMul,
  linearize,
  stridesOf,
  type Index,
} from '../index-expr.js';
import { tableOf, type Family, type Ints, type NoAttrs, type OpFacts, type Traits } from './family.js';

/**
 * What `differentiate` reads, and the canonical form has no more. `stopGradient`: no derivative flows back. `rematBegin` and
 * `rematEnd`: what lies between is rematerialised by the backward pass, not kept.
 */
export const DERIVATIVE_OPS = ['stopGradient', 'rematBegin', 'rematEnd'] as const;

/**
 * One operand, which is the result; each says something to passes. `fence`: what is computed from it is not shared with
 * what is computed from its operand. `copy`: the same elements in memory of their own.
 */
export const IDENTITY_OPS = [...DERIVATIVE_OPS, 'fence', 'copy'] as const;
export type IdentityOp = (typeof IDENTITY_OPS)[number];

interface StructuralMovementAttrs {
  reshape: { readonly shape: Shape };
  /** Result axis i is operand axis permutation[i]. */
  permute: { readonly permutation: Ints };
  /** Same rank; extents of 1 grow to those of `shape`. */
  broadcast: { readonly shape: Shape };
  /** result[i] = operand[start + i * stride], per axis; strides are positive. */
  slice: { readonly starts: Ints; readonly sizes: Shape; readonly strides: Ints };
  /** `low`/`high` elements of `value` around, `interior` between neighbours; none is negative. */
  pad: { readonly low: Ints; readonly high: Ints; readonly interior: Ints; readonly value: number };
  concat: { readonly axis: number };
  reverse: { readonly axes: Ints };
}

export type MovementAttrs = StructuralMovementAttrs & { [K in IdentityOp]: NoAttrs };

function inferPad(inputs: readonly TensorType[], attrs: MovementAttrs['pad']): TensorType {
  arity('pad', inputs, 1);
  const { dtype, shape } = inputs[0];
  for (const what of ['low', 'high', 'interior'] as const) {
    perAxis('pad', what, attrs[what], shape.length);
    integers('pad', what, attrs[what], 0);
  }
  const grown = shape.map((extent, i) =>
    dimAdd(dilated(extent, attrs.interior[i] + 1), attrs.low[i] + attrs.high[i]),
  );
  return tensorType(dtype, grown);
}

function inferSlice(inputs: readonly TensorType[], attrs: MovementAttrs['slice']): TensorType {
  arity('slice', inputs, 1);
  const { dtype, shape } = inputs[0];
  for (const what of ['starts', 'sizes', 'strides'] as const)
    perAxis('slice', what, attrs[what], shape.length);
  integers('slice', 'starts', attrs.starts, 0);
  integers('slice', 'strides', attrs.strides, 1);
  validShape('slice', attrs.sizes);
  shape.forEach((extent, i) => {
    const size = attrs.sizes[i];
    if (!isStatic(extent) || !isStatic(size) || size === 0) return;
    const last = attrs.starts[i] + (size - 1) * attrs.strides[i];
    if (last >= extent)
      fail('ATTRIBUTE_INVALID', 'slice', `element ${last} of axis ${i}`, `elements below ${extent}`);
  });
  return tensorType(dtype, attrs.sizes);
}

function inferConcat(inputs: readonly TensorType[], { axis }: MovementAttrs['concat']): TensorType {
  const first = inputs[0] ?? fail('IR_INVALID', 'concat', 'no operand', 'at least one operand');
  axisOf('concat', axis, first.shape.length);
  const found = inputs.map(printType).join(', ');
  for (const type of inputs) {
    if (type.dtype !== first.dtype) fail('DTYPE_MISMATCH', 'concat', found, 'operands of one dtype');
    const fits = type.shape.length === first.shape.length;
    if (!fits || type.shape.some((dim, i) => i !== axis && !dimEquals(dim, first.shape[i])))
      fail('SHAPE_MISMATCH', 'concat', found, `shapes that differ in axis ${axis} only`);
  }
  const total = dimSum(inputs.map((type) => type.shape[axis]));
  return tensorType(first.dtype, first.shape.map((dim, i) => (i === axis ? total : dim))); // prettier-ignore
}

const VIEW: Traits = {
  class: 'movement',
  kernel: 'fused',
  cost: 'view',
  reuse: 'any',
  reads: 'view',
  flushed: 'operands',
};

/** Elements from here or there. */
const JOIN: Traits = { ...VIEW, cost: 'light', reuse: 'light', reads: 'selected' };

const identity = (op: IdentityOp): OpFacts<NoAttrs> => ({
  attrs: {},
  traits: VIEW,
  type: (inputs) => {
    arity(op, inputs, 1);
    return inputs[0];
  },
});

const toShape = (
  op: 'reshape' | 'broadcast',
  expected: string,
  fits: (from: Shape, to: Shape) => boolean,
): OpFacts<{ readonly shape: Shape }> => ({
  attrs: { shape: 'shape' },
  traits: VIEW,
  type: (inputs, { shape }) => {
    arity(op, inputs, 1);
    validShape(op, shape);
    const [from] = inputs;
    if (!fits(from.shape, shape))
      fail('SHAPE_MISMATCH', op, `${printType(from)} to ${printShape(shape)}`, expected);
    return tensorType(from.dtype, shape);
  },
});

export const MOVEMENT: Family<MovementAttrs> = {
  ...tableOf(IDENTITY_OPS, identity),
  reshape: toShape('reshape', 'as many elements as before', (from, to) =>
    dimEquals(dimProduct(from), dimProduct(to)),
  ),
  permute: {
    attrs: { permutation: 'numbers' },
    traits: VIEW,
    type: (inputs, { permutation }) => {
      arity('permute', inputs, 1);
      const { dtype, shape } = inputs[0];
      perAxis('permute', 'axes', permutation, shape.length);
      axesOf('permute', permutation, shape.length);
      return tensorType(dtype, permutation.map((axis) => shape[axis])); // prettier-ignore
    },
  },
  broadcast: toShape(
    'broadcast',
    'extents equal or 1',
    (from, to) => from.length === to.length && from.every((dim, i) => dim === 1 || dimEquals(dim, to[i])),
  ),
  slice: {
    attrs: { starts: 'numbers', sizes: 'shape', strides: 'numbers' },
    traits: VIEW,
    type: inferSlice,
  },
  pad: {
    attrs: { low: 'numbers', high: 'numbers', interior: 'numbers', value: 'number' },
    traits: { ...JOIN, flushed: 'depends' },
    type: inferPad,
  },
  concat: {
    attrs: { axis: 'number' },
    traits: JOIN,
    type: inferConcat,
  },
  reverse: {
    attrs: { axes: 'numbers' },
    traits: VIEW,
    type: (inputs, { axes }) => {
      arity('reverse', inputs, 1);
      axesOf('reverse', axes, inputs[0].shape.length);
      return inputs[0];
    },
  },
};

/** The movement ops of which every result element is one operand element, whatever the data. */
export type ViewOp = 'reshape' | 'permute' | 'broadcast' | 'slice' | 'reverse' | IdentityOp;

/** Where in the operand the element of the result at `index` comes from, given the shapes of both. */
export type IndexMap<A> = (
  attrs: A,
  operand: readonly Dim[],
  index: readonly Index[],
  result: readonly Dim[],
) => readonly Index[];

const same: IndexMap<NoAttrs> = (_attrs, _operand, index) => index;

export const INDEX_MAPS: { readonly [K in ViewOp]: IndexMap<MovementAttrs[K]> } = {
  ...tableOf(IDENTITY_OPS, () => same),
  reshape: (_attrs, operand, index, result) => {
    const position = linearize(index, stridesOf(result));
    return delinearize(position, operand);
  },
  permute: (attrs, _operand, index) => {
    const inner = new Array<Index>(index.length);
    attrs.permutation.forEach((axis, i) => (inner[axis] = index[i]));
    return inner;
  },
  broadcast: (_attrs, operand, index) => index.map((i, axis) => (operand[axis] === 1 ? indexConst(0) : i)),
  slice: (attrs, _operand, index) =>
    index.map((i, axis) => indexAdd(indexMul(i, attrs.strides[axis]), indexConst(attrs.starts[axis]))),
  reverse: (attrs, operand, index) =>
    index.map((i, axis) =>
      attrs.axes.includes(axis) ? indexAdd(indexMul(i, -1), indexConst(dimSub(operand[axis], 1))) : i,
    ),
};
