/** Convolution: both gradients are convolutions. */
import type { GraphBuilder, GraphValue } from '../../ir/builder.js';
import { dimMul, type Dim } from '../../ir/dim.js';
import type { OpAttrs } from '../../ir/ops.js';
import { staticShape } from '../../ir/types.js';
import { range } from '../../compose/axes.js';
import { sliceAlong } from './expressions.js';
import type { VjpRule } from './rule.js';

/** One spatial axis of y = conv(x, w): extents, and attributes under short names. */
interface Axis {
  readonly input: number;
  readonly kernel: number;
  readonly output: number;
  readonly stride: number;
  readonly padLow: number;
  readonly lhsDilation: number;
  readonly rhsDilation: number;
}

export const conv: VjpRule<'conv'> = ({ b, ct, inputs: [x, w], node, wanted }) => {
  const { attrs } = node;
  if (x.type.shape.includes(0) || w.type.shape.includes(0)) return [];
  const [inputs, kernels, outputs] = [x, w, ct].map(({ type }) => staticShape(type.shape.slice(2)));
  const axes = inputs.map((input, i): Axis => ({
    input,
    kernel: kernels[i],
    output: outputs[i],
    stride: attrs.strides[i],
    padLow: attrs.padLow[i],
    lhsDilation: attrs.lhsDilation[i],
    rhsDilation: attrs.rhsDilation[i],
  }));
  return [
    wanted[0] ? gradientOfInput(b, ct, w, axes, attrs.groups) : undefined,
    wanted[1] ? gradientOfKernel(b, ct, x, axes, attrs.groups) : undefined,
  ];
};

/**
 * dx[p] sums ct[i] w[k] where i * stride + k * rhsDilation - padLow = p * lhsDilation: ct with holes, the kernel turned
 * around, and what was between the elements of x is now the stride.
 */
function gradientOfInput(
  b: GraphBuilder,
  ct: GraphValue,
  w: GraphValue,
  axes: readonly Axis[],
  groups: number,
): GraphValue {
  const spatial = range(2, axes.length + 2);
  const kernel = b.emit('reverse', [exchangeChannels(b, w, groups)], { axes: spatial });
  const windows = axes.map((axis) =>
    windowFor({
      extent: spread(axis.output, axis.stride),
      window: spread(axis.kernel, axis.rhsDilation),
      stride: axis.lhsDilation,
      before: (axis.kernel - 1) * axis.rhsDilation - axis.padLow,
      count: axis.input,
    }),
  );
  return convolve(b, ct, kernel, windows, {
    strides: axes.map((axis) => axis.lhsDilation),
    lhsDilation: axes.map((axis) => axis.stride),
    rhsDilation: axes.map((axis) => axis.rhsDilation),
    groups,
  });
}

/**
 * dw[k] sums ct[i] x[p] over the same triples, and over the images: x slides under ct, images are channels, and the
 * channels of a group are images.
 */
function gradientOfKernel(
  b: GraphBuilder,
  ct: GraphValue,
  x: GraphValue,
  axes: readonly Axis[],
  groups: number,
): GraphValue {
  const windows = axes.map((axis) =>
    windowFor({
      extent: spread(axis.input, axis.lhsDilation),
      window: spread(axis.output, axis.stride),
      stride: axis.rhsDilation,
      before: axis.padLow,
      count: axis.kernel,
    }),
  );
  const gradient = convolve(b, channelsAsImages(b, x, groups), swapFirst(b, ct), windows, {
    strides: axes.map((axis) => axis.rhsDilation),
    lhsDilation: axes.map((axis) => axis.lhsDilation),
    rhsDilation: axes.map((axis) => axis.stride),
    groups,
  });
  return swapFirst(b, gradient);
}

/** Extent of `count` elements that are `step` apart. */
const spread = (count: number, step: number): number => (count - 1) * step + 1;

/** The windows that a gradient needs: `count` of them, the first beginning `before` elements before the operand. */
interface Wanted {
  readonly extent: number;
  readonly window: number;
  readonly stride: number;
  readonly before: number;
  readonly count: number;
}

/** The padding that yields these windows, after `skip` others and before those that only cropping could avoid. */
interface Windows {
  readonly padLow: number;
  readonly padHigh: number;
  readonly skip: number;
  readonly count: number;
}

function windowFor({ extent, window, stride, before, count }: Wanted): Windows {
  // Where the first window begins inside of the operand, windows before it are computed and dropped.
  const skip = Math.max(0, Math.ceil(-before / stride));
  const padLow = before + skip * stride;
  const end = (skip + count - 1) * stride + window;
  return { padLow, padHigh: Math.max(0, end - extent - padLow), skip, count };
}

function convolve(
  b: GraphBuilder,
  x: GraphValue,
  w: GraphValue,
  windows: readonly Windows[],
  attrs: Omit<OpAttrs['conv'], 'padLow' | 'padHigh'>,
): GraphValue {
  const result = b.emit('conv', [x, w], {
    ...attrs,
    padLow: windows.map(({ padLow }) => padLow),
    padHigh: windows.map(({ padHigh }) => padHigh),
  });
  return windows.reduce((value, { skip, count }, i) => sliceAlong(b, value, i + 2, skip, count), result);
}

/** [A, B, ...] -> [B, A, ...] */
const swapFirst = (b: GraphBuilder, x: GraphValue): GraphValue =>
  b.permute(x, [1, 0, ...range(2, x.type.shape.length)]);

/** [O, C/groups, ...kernel] -> [C, O/groups, ...kernel], group by group. */
function exchangeChannels(b: GraphBuilder, w: GraphValue, groups: number): GraphValue {
  if (groups === 1) return swapFirst(b, w);
  const [out, ...rest] = w.type.shape;
  const [perGroup] = staticShape([out]).map((count) => count / groups);
  const grouped = b.reshape(w, [groups, perGroup, ...rest]);
  const exchanged = b.permute(grouped, [0, 2, 1, ...range(3, grouped.type.shape.length)]);
  return b.reshape(exchanged, [dimMul(rest[0], groups), perGroup, ...rest.slice(1)]);
}

/** [N, C, ...] -> [C/groups, groups * N, ...], so that the channels of a group are images of a grouped convolution. */
function channelsAsImages(b: GraphBuilder, x: GraphValue, groups: number): GraphValue {
  if (groups === 1) return swapFirst(b, x);
  const [images, channels, ...space] = x.type.shape;
  const [perGroup] = staticShape([channels]).map((count) => count / groups);
  const grouped = b.reshape(x, [images, groups, perGroup, ...space]);
  const exchanged = b.permute(grouped, [2, 1, 0, ...range(3, grouped.type.shape.length)]);
  const shape: readonly Dim[] = [perGroup, dimMul(images, groups), ...space];
  return b.reshape(exchanged, shape);
}
