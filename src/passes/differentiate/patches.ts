/** The elements of sliding windows as axes of their own, by index maps alone: the transposed map adds overlaps up. */
import type { GraphBuilder, GraphValue } from '../../ir/builder.js';
import type { OpAttrs } from '../../ir/ops.js';
import { elementCount } from '../../base/tensor.js';
import { staticShape } from '../../ir/types.js';
import { padOrCrop, sliceAlong } from './expressions.js';

/** Windows along one axis: element t of window i is element i * stride + t * dilation. */
export interface WindowAxis {
  readonly count: number;
  readonly window: number;
  readonly stride: number;
  readonly dilation: number;
}

/** Elements between the first and the last that some window has, these two included. */
const reachOf = ({ count, window, stride, dilation }: WindowAxis): number =>
  (count - 1) * stride + (window - 1) * dilation + 1;

/** Whether windows lie side by side, without gaps. */
const tiles = ({ count, window, stride, dilation }: WindowAxis): boolean =>
  dilation === 1 && (stride === window || count === 1);

export const windowAxes = (attrs: OpAttrs['reduceWindow'], counts: readonly number[]): WindowAxis[] =>
  counts.map((count, axis) => ({
    count,
    window: attrs.window[axis],
    stride: attrs.strides[axis],
    dilation: attrs.dilations[axis],
  }));

/** Whether every element is in one window at most. */
export const areDisjoint = (axes: readonly WindowAxis[]): boolean =>
  axes.every((axis) => axis.window === 1 || tiles(axis));

/**
 * x -> [...windows, elements of a window in row-major order], with `padding` for elements beyond the ends of x. `counts`
 * is the shape of the windows' result, each at least 1; x is static.
 */
export function patches(
  b: GraphBuilder,
  x: GraphValue,
  attrs: OpAttrs['reduceWindow'],
  counts: readonly number[],
  padding: number,
): GraphValue {
  const axes = windowAxes(attrs, counts);
  const shape = staticShape(x.type.shape);
  const fitted = padOrCrop(
    b,
    x,
    {
      low: attrs.padLow,
      high: axes.map((axis, i) => reachOf(axis) - attrs.padLow[i] - shape[i]),
    },
    padding,
  );
  // From the last axis on, so that the axes before keep their places.
  const split = axes.reduceRight((value, axis, i) => windowsAlong(b, value, i, axis), fitted);
  const outer = axes.map((_, i) => 2 * i);
  const apart = b.permute(split, [...outer, ...outer.map((i) => i + 1)]);
  return b.reshape(apart, [...counts, elementCount(attrs.window)]);
}

/**
 * [..., extent, ...] -> [..., count, window, ...], for an extent that the windows just fill. Overlapping windows are
 * rows of a repeated axis: row t begins `dilation` elements after the place where row t - 1 began, one axis on.
 */
function windowsAlong(b: GraphBuilder, x: GraphValue, axis: number, along: WindowAxis): GraphValue {
  const { count, window, stride, dilation } = along;
  const shape = staticShape(x.type.shape);
  const extent = shape[axis];
  const instead = (...extents: readonly number[]): number[] => [
    ...shape.slice(0, axis),
    ...extents,
    ...shape.slice(axis + 1),
  ];
  if (tiles(along)) return b.reshape(x, instead(count, window));
  if (window === 1) return b.reshape(sliceAlong(b, x, axis, 0, count, stride), instead(count, 1));
  const row = extent + dilation;
  const copies = Math.ceil((window * row) / extent);
  const repeated = b.reshape(b.broadcast(b.reshape(x, instead(1, extent)), instead(copies, extent)), instead(copies * extent)); // prettier-ignore
  const rows = b.reshape(sliceAlong(b, repeated, axis, 0, window * row), instead(window, row));
  const windows = sliceAlong(b, rows, axis + 1, 0, count, stride);
  const order = windows.type.shape.map((_, i) => (i === axis ? i + 1 : i === axis + 1 ? axis : i));
  return b.permute(windows, order);
}
