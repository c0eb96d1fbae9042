/** Sliding windows: as poolings where they are, else of shifted copies. */
import { isFloat } from '../../../../base/dtype.js';
import { IDENTITIES } from '../../../../interpreter/fold.js';
import { dimAdd, dimProduct, isStatic, type Dim } from '../../../../ir/dim.js';
import type { Shape } from '../../../../ir/types.js';
import type { Ref } from '../builder.js';
import type { ExportRule, Site } from '../rule.js';
import { carry, COMBINE, filled } from '../scalar.js';
import { padded, slices } from './movement.js';

type WindowSite = Site<'reduceWindow'>;

/** Axes over which runtimes pool. */
const MOST_POOLED = 3;

export const reduceWindow: ExportRule<'reduceWindow'> = (call) => {
  const { g, inputs: [x], attrs, type } = call; // prettier-ignore
  if (x.type.shape.includes(0)) return filled(g, type.dtype, IDENTITIES[type.dtype][attrs.kind]);
  const active = activeAxes(call);
  if (active.length === 0) return x.full();
  const pooled = isFloat(type.dtype) && active.length <= MOST_POOLED;
  if (!pooled || attrs.kind === 'prod') return byShifts(call, active);
  // A sum is a convolution with one channel.
  if (attrs.kind === 'sum') return pool(call, active, summed, 1);
  // The maximum of padding alone is -infinity, but to some runtimes the lowest number.
  if (!active.every((axis) => isReached(call, axis))) return byShifts(call, active);
  if (attrs.kind === 'max') return pool(call, active, maximum);
  return g.like('Neg', [pool(call, active, (c, y, axes) => maximum(c, g.like('Neg', [y]), axes))]);
};

/** The axes along which anything happens. */
const activeAxes = ({ attrs: { window, strides, padLow, padHigh }, type }: WindowSite): number[] =>
  type.shape.flatMap((_, axis) =>
    window[axis] > 1 || strides[axis] > 1 || padLow[axis] > 0 || padHigh[axis] > 0 ? [axis] : [],
  );

/** Whether every window has an element of the operand along `axis`; an extent that is a symbol counts as 1. */
function isReached({ inputs: [x], attrs }: WindowSite, axis: number): boolean {
  const [extent, dilation] = [x.type.shape[axis], attrs.dilations[axis]];
  const [low, high] = [attrs.padLow[axis], attrs.padHigh[axis]];
  const inside = low < attrs.window[axis] && high < attrs.window[axis];
  return inside && (low === 0 || dilation === 1 || (isStatic(extent) && extent >= dilation));
}

type Pooling = (call: WindowSite, x: Ref, active: readonly number[]) => Ref;

/** Takes the operand as [samples, channels, ...active], which is what poolings are defined on, and the result back. */
function pool(call: WindowSite, active: readonly number[], pooling: Pooling, channels?: 1): Ref {
  const { g, inputs: [x], type } = call; // prettier-ignore
  const still = type.shape.flatMap((_, axis) => (active.includes(axis) ? [] : [axis]));
  const order = [...still, ...active];
  const of = (shape: Shape, axes: readonly number[]): Shape => axes.map((axis) => shape[axis]);
  const images = channels === undefined && still.length === 2;
  const lead = images ? of(type.shape, still) : [dimProduct(of(type.shape, still)), 1];
  const moved = g.transpose(x.full(), order);
  const operand = g.reshape(moved, of(x.type.shape, order), [...lead, ...of(x.type.shape, active)]);
  const result = pooling(call, operand, active);
  const restored = g.reshape(result, [...lead, ...of(type.shape, active)], of(type.shape, order));
  return g.transpose(
    restored,
    order.map((_, axis) => order.indexOf(axis)),
  );
}

function geometry({ attrs }: WindowSite, active: readonly number[]) {
  const of = (list: readonly number[]): number[] => active.map((axis) => list[axis]);
  const [low, high] = [of(attrs.padLow), of(attrs.padHigh)];
  const [strides, dilations] = [of(attrs.strides), of(attrs.dilations)];
  const kernel = {
    kernel_shape: of(attrs.window),
    ...(strides.every((stride) => stride === 1) ? {} : { strides }),
    ...(dilations.every((dilation) => dilation === 1) ? {} : { dilations }),
  };
  const pads = [...low, ...high];
  /** Poolings pad by less than the kernel. */
  const inside = pads.every((amount, i) => amount < kernel.kernel_shape[i % active.length]);
  return { kernel, inside, padding: pads.every((amount) => amount === 0) ? {} : { pads } };
}

const maximum: Pooling = (call, x, active) => {
  const { kernel, padding } = geometry(call, active);
  return call.g.like('MaxPool', [x], { ...kernel, ...padding });
};

/** AveragePool would divide, and the product with the count would not undo the rounding. */
const summed: Pooling = (call, x, active) => {
  const { g } = call;
  const { kernel, padding } = geometry(call, active);
  const taps = [1, 1, ...kernel.kernel_shape];
  const ones = g.node('Expand', [g.scalar(x.dtype, 1), g.ints(taps)], x.dtype);
  return g.like('Conv', [x, ones], { ...kernel, ...padding });
};

/** The mean of each window, padding counted as zeros: what a division by the size makes of the sum. */
export function averaged(site: WindowSite): Ref | undefined {
  const active = activeAxes(site);
  const { kernel, inside, padding } = geometry(site, active);
  // AveragePool learned dilations in opset 19.
  if (active.length === 0 || active.length > MOST_POOLED || !inside || 'dilations' in kernel)
    return undefined;
  const include = 'pads' in padding ? { count_include_pad: 1 } : {};
  return pool(site, active, ({ g }, x) => g.like('AveragePool', [x], { ...kernel, ...padding, ...include }));
}

/** Axis by axis: windows of 2, 4, 8, ... elements from those of half the size, and any size from these. */
function byShifts(call: WindowSite, active: readonly number[]): Ref {
  const { g, inputs: [x], attrs, type } = call; // prettier-ignore
  const carried = carry(g, x.full(), type.dtype, attrs.kind, attrs.kind === 'sum' || attrs.kind === 'prod');
  const padding = { low: attrs.padLow, high: attrs.padHigh };
  const identity = g.scalar(carried.x.dtype, carried.identity);
  let result = padded(g, carried.x, x.type.shape, padding, identity);
  for (const axis of active) {
    const extent = dimAdd(x.type.shape[axis], attrs.padLow[axis] + attrs.padHigh[axis]);
    result = slide(call, result, axis, extent);
  }
  return carried.back(result);
}

function slide({ g, attrs, type }: WindowSite, x: Ref, axis: number, extent: Dim): Ref {
  const [window, stride, dilation] = [attrs.window[axis], attrs.strides[axis], attrs.dilations[axis]];
  const combine = (a: Ref, b: Ref): Ref => g.like(COMBINE[attrs.kind], [a, b]);
  const cut = (y: Ref, start: number, size: Dim, step: number): Ref =>
    slices(g, y, [{ axis, start, size, stride: step }]);
  let [power, covered, result]: [Ref, number, Ref | undefined] = [x, 0, undefined];
  // `power` holds at each place the window of `size` elements that begins there.
  for (let size = 1; size <= window; size *= 2) {
    if ((window & size) !== 0) {
      const part = cut(power, covered * dilation, type.shape[axis], stride);
      result = result === undefined ? part : combine(result, part);
      covered += size;
    }
    if (size * 2 > window) break;
    const length = dimAdd(extent, -(2 * size - 1) * dilation);
    power = combine(cut(power, 0, length, 1), cut(power, size * dilation, length, 1));
  }
  return result!;
}
