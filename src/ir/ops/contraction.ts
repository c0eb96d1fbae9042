/** Sums of products. They sum blocks of DOT_BLOCK terms, and then the blocks. */
import { arity, axesOf, fail, integers, perAxis, without } from '../infer-checks.js';
import { isFloat } from '../../base/dtype.js';
import { dimEquals, dimMul, isStatic } from '../dim.js';
import { dilated, windowed } from '../extents.js';
import { printShape, printType, tensorType, type Shape, type TensorType } from '../types.js';
import { DOT_BLOCK } from '../accumulation.js';
import type { Family, Ints } from './family.js';

/**
 * `separate`: the sums of the blocks are the result, along a new first axis, in f32 for f16 operands. Passes make it of a
 * contraction of few results, so that the blocks are summed side by side; nobody else has to know it.
 */
export type Blocks = 'separate';

const BLOCKS = { optional: ['separate'] } as const;

export interface ContractionAttrs {
  /** Result axes: batch, then free axes of lhs, then free axes of rhs. */
  dot: {
    readonly lhsBatch: Ints;
    readonly rhsBatch: Ints;
    readonly lhsContract: Ints;
    readonly rhsContract: Ints;
    readonly blocks?: Blocks;
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
    /** Only without lhsDilation. */
    readonly blocks?: Blocks;
  };
}

function inferConv(inputs: readonly TensorType[], attrs: ContractionAttrs['conv']): TensorType {
  arity('conv', inputs, 2);
  const [x, w] = inputs as [TensorType, TensorType];
  const found = `${printType(x)}, ${printType(w)}, groups ${attrs.groups}`;
  if (x.dtype !== w.dtype || !isFloat(x.dtype))
    fail('DTYPE_MISMATCH', 'conv', found, 'float operands of one dtype');
  const rank = x.shape.length - 2;
  if (rank < 1 || w.shape.length !== x.shape.length)
    fail('SHAPE_MISMATCH', 'conv', found, 'x [N, C, ...spatial] and w [O, C/groups, ...kernel]');
  for (const [what, list, least] of [
    ['strides', attrs.strides, 1],
    ['padLow', attrs.padLow, 0],
    ['padHigh', attrs.padHigh, 0],
    ['lhsDilation', attrs.lhsDilation, 1],
    ['rhsDilation', attrs.rhsDilation, 1],
  ] as const) {
    perAxis('conv', what, list, rank);
    integers('conv', what, list, least);
  }
  integers('conv', 'groups', [attrs.groups], 1);
  if (!dimEquals(dimMul(w.shape[1], attrs.groups), x.shape[1]))
    fail('SHAPE_MISMATCH', 'conv', found, 'w.shape[1] * groups = x.shape[1]');
  const out = w.shape[0];
  if (isStatic(out) && out % attrs.groups !== 0)
    fail('SHAPE_MISMATCH', 'conv', found, 'w.shape[0] divisible by groups');
  const spatial = attrs.strides.map((stride, i) =>
    windowed(
      'conv',
      dilated(x.shape[i + 2], attrs.lhsDilation[i]),
      attrs.padLow[i] + attrs.padHigh[i],
      w.shape[i + 2],
      attrs.rhsDilation[i],
      stride,
    ),
  );
  const result = tensorType(x.dtype, [x.shape[0], out, ...spatial]);
  if (attrs.blocks === undefined) return result;
  if (attrs.lhsDilation.some((dilation) => dilation !== 1))
    fail('ATTRIBUTE_INVALID', 'conv', found, 'no lhsDilation where the blocks are separate');
  return blocksOf('conv', result, w.shape.slice(1));
}

/** The type of the sums of the blocks of a contraction over axes of the given extents. */
function blocksOf(op: 'dot' | 'conv', { dtype, shape }: TensorType, contracted: Shape): TensorType {
  if (!contracted.every(isStatic))
    fail(
      'ATTRIBUTE_INVALID',
      op,
      printShape(contracted),
      'static contracted axes where the blocks are separate',
    );
  const terms = contracted.reduce<number>((product, extent) => product * extent, 1);
  return tensorType(dtype === 'f16' ? 'f32' : dtype, [Math.ceil(terms / DOT_BLOCK), ...shape]);
}

function inferDot(inputs: readonly TensorType[], attrs: ContractionAttrs['dot']): TensorType {
  arity('dot', inputs, 2);
  const [a, b] = inputs as [TensorType, TensorType];
  const found = `${printType(a)}, ${printType(b)}`;
  if (a.dtype !== b.dtype || a.dtype === 'bool') fail('DTYPE_MISMATCH', 'dot', found, 'numbers of one dtype');
  axesOf('dot', [...attrs.lhsBatch, ...attrs.lhsContract], a.shape.length);
  axesOf('dot', [...attrs.rhsBatch, ...attrs.rhsContract], b.shape.length);
  const pairs = [
    ...attrs.lhsBatch.map((axis, i) => [axis, attrs.rhsBatch[i]] as const),
    ...attrs.lhsContract.map((axis, i) => [axis, attrs.rhsContract[i]] as const),
  ];
  if (
    attrs.lhsBatch.length !== attrs.rhsBatch.length ||
    attrs.lhsContract.length !== attrs.rhsContract.length
  )
    fail('ATTRIBUTE_INVALID', 'dot', found, 'as many axes on the left as on the right');
  for (const [left, right] of pairs)
    if (!dimEquals(a.shape[left], b.shape[right]))
      fail('SHAPE_MISMATCH', 'dot', `${found} with axes ${left} and ${right}`, 'paired axes of one extent');
  const result = tensorType(a.dtype, [
    ...attrs.lhsBatch.map((axis) => a.shape[axis]),
    ...without(a.shape, [...attrs.lhsBatch, ...attrs.lhsContract]),
    ...without(b.shape, [...attrs.rhsBatch, ...attrs.rhsContract]),
  ]);
  if (attrs.blocks === undefined) return result;
  return blocksOf('dot', result, attrs.lhsContract.map((axis) => a.shape[axis])); // prettier-ignore
}

export const CONTRACTION: Family<ContractionAttrs> = {
  dot: {
    attrs: {
      lhsBatch: 'numbers',
      rhsBatch: 'numbers',
      lhsContract: 'numbers',
      rhsContract: 'numbers',
      blocks: BLOCKS,
    },
    traits: {
      class: 'contraction',
      place: 'fused',
      cost: 'loop',
      reuse: 'view',
      reads: 'chosen',
      flushed: 'always',
    },
    type: inferDot,
  },
  conv: {
    attrs: {
      strides: 'numbers',
      padLow: 'numbers',
      padHigh: 'numbers',
      lhsDilation: 'numbers',
      rhsDilation: 'numbers',
      groups: 'number',
      blocks: BLOCKS,
    },
    traits: {
      class: 'contraction',
      place: 'fused',
      cost: 'loop',
      reuse: 'view',
      reads: 'chosen',
      flushed: 'always',
    },
    type: inferConv,
  },
};
