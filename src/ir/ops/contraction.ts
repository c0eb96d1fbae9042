/** Sums of products. They sum blocks of DOT_BLOCK terms, and then the blocks. */
import { arity, axesOf, fail, integers, perAxis, without } from '../infer-checks.js';
import { dimEquals, dimMul, isStatic } from '../dim.js';
import { dilated, windowed } from '../extents.js';
import { printShape, printType, tensorType, type Shape, type TensorType } from '../types.js';
import { DOT_BLOCK } from '../accumulation.js';
import { tableOf, type Family, type Ints, type OpFacts, type Traits } from './family.js';

/** Ops that only the legal stage makes (src/passes/rewrite/rules/split.ts), or the staging of loops: no pass before it has a rule for them. */
export const LEGAL_OPS = ['splitKDot', 'splitKConv', 'trip'] as const;
export type LegalOp = (typeof LEGAL_OPS)[number];

interface TotalAttrs {
  /** Result axes: batch, then free axes of lhs, then free axes of rhs. */
  dot: {
    readonly lhsBatch: Ints;
    readonly rhsBatch: Ints;
    readonly lhsContract: Ints;
    readonly rhsContract: Ints;
  };
  /**
   * x [N, C, ...spatial], w [O, C/groups, ...kernel] -> [N, O, ...out]. Cross-correlation with zero padding;
   * lhsDilation puts holes (never counted, not zeros) between the elements of x; rhsDilation spreads the kernel. A result
   * that meets no element of x is +0: see coverage.ts.
   */
  conv: {
    readonly strides: Ints;
    readonly padLow: Ints;
    readonly padHigh: Ints;
    readonly lhsDilation: Ints;
    readonly rhsDilation: Ints;
    readonly groups: number;
  };
}

export interface ContractionAttrs extends TotalAttrs {
  /** The sums of the blocks of a dot, side by side along a new first axis; in f32 for f16 operands. Contracted axes are static. */
  splitKDot: TotalAttrs['dot'];
  /** The same of a conv, which has no lhsDilation. */
  splitKConv: TotalAttrs['conv'];
}

function inferConv(
  op: 'conv' | 'splitKConv',
  inputs: readonly TensorType[],
  attrs: TotalAttrs['conv'],
): TensorType {
  arity(op, inputs, 2);
  const [x, w] = inputs as [TensorType, TensorType];
  const found = (): string => `${printType(x)}, ${printType(w)}, groups ${attrs.groups}`;
  if (x.dtype !== w.dtype || x.dtype === 'bool') fail('DTYPE_MISMATCH', op, found(), 'numbers of one dtype');
  const rank = x.shape.length - 2;
  if (rank < 1 || w.shape.length !== x.shape.length)
    fail('SHAPE_MISMATCH', op, found(), 'x [N, C, ...spatial] and w [O, C/groups, ...kernel]');
  for (const [what, list, least] of [
    ['strides', attrs.strides, 1],
    ['padLow', attrs.padLow, 0],
    ['padHigh', attrs.padHigh, 0],
    ['lhsDilation', attrs.lhsDilation, 1],
    ['rhsDilation', attrs.rhsDilation, 1],
  ] as const) {
    perAxis(op, what, list, rank);
    integers(op, what, list, least);
  }
  integers(op, 'groups', [attrs.groups], 1);
  if (!dimEquals(dimMul(w.shape[1], attrs.groups), x.shape[1]))
    fail('SHAPE_MISMATCH', op, found(), 'w.shape[1] * groups = x.shape[1]');
  const out = w.shape[0];
  if (isStatic(out) && out % attrs.groups !== 0)
    fail('SHAPE_MISMATCH', op, found(), 'w.shape[0] divisible by groups');
  const spatial = attrs.strides.map((stride, i) =>
    windowed(
      op,
      dilated(x.shape[i + 2], attrs.lhsDilation[i]),
      attrs.padLow[i] + attrs.padHigh[i],
      w.shape[i + 2],
      attrs.rhsDilation[i],
      stride,
    ),
  );
  const result = tensorType(x.dtype, [x.shape[0], out, ...spatial]);
  if (op === 'conv') return result;
  if (attrs.lhsDilation.some((dilation) => dilation !== 1))
    fail('ATTRIBUTE_INVALID', op, found(), 'no lhsDilation');
  return blocksOf(op, result, w.shape.slice(1));
}

/** The type of the sums of the blocks of a contraction over axes of the given extents. */
function blocksOf(op: LegalOp, { dtype, shape }: TensorType, contracted: Shape): TensorType {
  if (!contracted.every(isStatic))
    fail('ATTRIBUTE_INVALID', op, printShape(contracted), 'static contracted axes');
  const terms = contracted.reduce<number>((product, extent) => product * extent, 1);
  return tensorType(dtype === 'f16' ? 'f32' : dtype, [Math.ceil(terms / DOT_BLOCK), ...shape]);
}

function inferDot(
  op: 'dot' | 'splitKDot',
  inputs: readonly TensorType[],
  attrs: TotalAttrs['dot'],
): TensorType {
  arity(op, inputs, 2);
  const [a, b] = inputs as [TensorType, TensorType];
  const found = (): string => `${printType(a)}, ${printType(b)}`;
  if (a.dtype !== b.dtype || a.dtype === 'bool') fail('DTYPE_MISMATCH', op, found(), 'numbers of one dtype');
  axesOf(op, [...attrs.lhsBatch, ...attrs.lhsContract], a.shape.length);
  axesOf(op, [...attrs.rhsBatch, ...attrs.rhsContract], b.shape.length);
  const pairs = [
    ...attrs.lhsBatch.map((axis, i) => [axis, attrs.rhsBatch[i]] as const),
    ...attrs.lhsContract.map((axis, i) => [axis, attrs.rhsContract[i]] as const),
  ];
  if (
    attrs.lhsBatch.length !== attrs.rhsBatch.length ||
    attrs.lhsContract.length !== attrs.rhsContract.length
  )
    fail('ATTRIBUTE_INVALID', op, found(), 'as many axes on the left as on the right');
  for (const [left, right] of pairs)
    if (!dimEquals(a.shape[left], b.shape[right]))
      fail('SHAPE_MISMATCH', op, `${found()} with axes ${left} and ${right}`, 'paired axes of one extent');
  const result = tensorType(a.dtype, [
    ...attrs.lhsBatch.map((axis) => a.shape[axis]),
    ...without(a.shape, [...attrs.lhsBatch, ...attrs.lhsContract]),
    ...without(b.shape, [...attrs.rhsBatch, ...attrs.rhsContract]),
  ]);
  if (op === 'dot') return result;
  return blocksOf(op, result, attrs.lhsContract.map((axis) => a.shape[axis])); // prettier-ignore
}

const SUM: Traits = {
  class: 'contraction',
  kernel: 'fused',
  cost: 'loop',
  reuse: 'view',
  reads: 'chosen',
  flushed: 'always',
};

const dotFacts = (op: 'dot' | 'splitKDot'): OpFacts<TotalAttrs['dot']> => ({
  attrs: { lhsBatch: 'numbers', rhsBatch: 'numbers', lhsContract: 'numbers', rhsContract: 'numbers' },
  traits: SUM,
  type: (inputs, attrs) => inferDot(op, inputs, attrs),
});

const convFacts = (op: 'conv' | 'splitKConv'): OpFacts<TotalAttrs['conv']> => ({
  attrs: {
    strides: 'numbers',
    padLow: 'numbers',
    padHigh: 'numbers',
    lhsDilation: 'numbers',
    rhsDilation: 'numbers',
    groups: 'number',
  },
  traits: SUM,
  type: (inputs, attrs) => inferConv(op, inputs, attrs),
});

export const CONTRACTION: Family<ContractionAttrs> = {
  ...tableOf(['dot', 'splitKDot'], dotFacts),
  ...tableOf(['conv', 'splitKConv'], convFacts),
};
