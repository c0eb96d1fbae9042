/**
 * Which results of sliding windows and convolutions take in an element of their operand. A result that takes in none, as
 * it sees padding and holes alone, is a sum of nothing: +0, whatever the weights are.
 */
import type { OpAttrs } from './ops.js';

/** Along one axis: tap t of result r reads position r * stride + t * dilation - padLow. */
export interface SlidingAxis {
  readonly extent: number;
  readonly results: number;
  readonly window: number;
  readonly stride: number;
  readonly dilation: number;
  readonly padLow: number;
  /** The distance between neighbours of the operand: element i stands at position i * spacing. */
  readonly spacing: number;
}

/** Whether a tap of the result reads an element. */
export function coversElement(axis: SlidingAxis, result: number): boolean {
  const { extent, window, stride, dilation, padLow, spacing } = axis;
  const first = result * stride - padLow;
  const low = Math.max(0, Math.ceil(-first / dilation));
  const high = Math.min(window - 1, Math.floor(((extent - 1) * spacing - first) / dilation));
  // Whether a tap falls into a hole repeats itself after `spacing` taps.
  const end = Math.min(high, low + spacing - 1);
  for (let tap = low; tap <= end; tap++) if ((first + tap * dilation) % spacing === 0) return extent > 0;
  return false;
}

/** Whether taps lie closer than the operand is wide: none of the results reaches over all of it. */
export const isContiguous = ({ extent, dilation, spacing }: SlidingAxis): boolean =>
  spacing === 1 && extent >= dilation;

/** Whether every result takes in an element. */
export function coversAll(axis: SlidingAxis): boolean {
  const { results } = axis;
  if (results === 0) return true;
  // Results before the operand, or behind it, are the outermost ones.
  if (isContiguous(axis)) return coversElement(axis, 0) && coversElement(axis, results - 1);
  for (let result = 0; result < results; result++) if (!coversElement(axis, result)) return false;
  return true;
}

/** The axes of a sliding window, over all axes of an operand of `shape`. */
export const windowAxes = (
  attrs: OpAttrs['reduceWindow'],
  shape: readonly number[],
  result: readonly number[],
): SlidingAxis[] =>
  shape.map((extent, i) => ({
    extent,
    results: result[i],
    window: attrs.window[i],
    stride: attrs.strides[i],
    dilation: attrs.dilations[i],
    padLow: attrs.padLow[i],
    spacing: 1,
  }));

/** The spatial axes of a convolution of `x` with `w`, whose result has the extents `space` there. */
export const convAxes = (
  attrs: Omit<OpAttrs['conv'], 'blocks'>,
  x: readonly number[],
  w: readonly number[],
  space: readonly number[],
): SlidingAxis[] =>
  space.map((results, i) => ({
    extent: x[i + 2],
    results,
    window: w[i + 2],
    stride: attrs.strides[i],
    dilation: attrs.rhsDilation[i],
    padLow: attrs.padLow[i],
    spacing: attrs.lhsDilation[i],
  }));
