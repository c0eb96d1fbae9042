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
  if (extent === 0 || low > high) return false;
  if (spacing === 1) return true;
  // The taps that read no hole solve first + tap * dilation = 0 modulo spacing.
  const { gcd, inverse } = bezout(dilation, spacing);
  if (first % gcd !== 0) return false;
  const period = spacing / gcd;
  const tap = timesModulo(modulo(-first / gcd, period), inverse, period);
  return low + modulo(tap - low, period) <= high;
}

const modulo = (a: number, m: number): number => ((a % m) + m) % m;

/** a * b modulo m, of numbers from 0 to m - 1. */
const timesModulo = (a: number, b: number, m: number): number =>
  Number.isSafeInteger(a * b) ? (a * b) % m : Number((BigInt(a) * BigInt(b)) % BigInt(m));

/** The greatest common divisor of positive integers, and the inverse of a / gcd modulo m / gcd. */
function bezout(a: number, m: number): { readonly gcd: number; readonly inverse: number } {
  let [gcd, rest, inverse, next] = [m, a, 0, 1];
  while (rest !== 0) {
    const quotient = Math.floor(gcd / rest);
    [gcd, rest, inverse, next] = [rest, gcd - quotient * rest, next, inverse - quotient * next];
  }
  return { gcd, inverse: modulo(inverse, m / gcd) };
}

/** Whether taps lie closer than the operand is wide: none of the results reaches over all of it. */
export const isContiguous = ({ extent, dilation, spacing }: SlidingAxis): boolean =>
  spacing === 1 && extent >= dilation;

/** Whether every result takes in an element. */
export function coversAll(axis: SlidingAxis): boolean {
  const { results } = axis;
  const period = Math.min(results, periodOf(axis));
  for (let i = 0; i < period; i++)
    if (!coversElement(axis, i) || !coversElement(axis, results - 1 - i)) return false;
  return true;
}

/**
 * Results that are a multiple of this apart cover an element if the two outermost ones among them do: those that cover none
 * lie before the operand, or behind it.
 */
function periodOf(axis: SlidingAxis): number {
  const { extent, window, stride, dilation, spacing } = axis;
  // A tap at every position between the first and the last, and no hole between elements wider than that.
  if (dilation === 1 && window >= spacing) return 1;
  // How far taps that read no hole lie apart; where no result reaches over the operand, only the holes repeat themselves.
  const step = (dilation / bezout(dilation, spacing).gcd) * spacing;
  const repeated = step <= extent * spacing ? spacing : step;
  return repeated / bezout(stride, repeated).gcd;
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
  attrs: OpAttrs['conv'],
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
