/** The geometry of sliding windows that convolutions and poolings share: padding rules and ceiling division. */
import { HeddleError } from '../base/errors.js';

/** ONNX's auto_pad: pads as given, none, or so many that there is one window for each stride. */
export type AutoPad = 'NOTSET' | 'VALID' | 'SAME_UPPER' | 'SAME_LOWER';

/** Per spatial axis; all lists have one entry for each. */
export interface WindowGeometry {
  readonly kernel: readonly number[];
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
  readonly padLow: readonly number[];
  readonly padHigh: readonly number[];
}

/** What may be left out: strides and dilations are 1, pads 0. */
export interface WindowOptions {
  readonly strides?: readonly number[] | undefined;
  readonly dilations?: readonly number[] | undefined;
  readonly padLow?: readonly number[] | undefined;
  readonly padHigh?: readonly number[] | undefined;
  readonly autoPad?: AutoPad | undefined;
}

/** Elements that a window reaches over, holes included. */
export const spanOf = (kernel: number, dilation: number): number => (kernel - 1) * dilation + 1;

/** The full geometry over spatial `extents`. Throws ATTRIBUTE_INVALID where a list has the wrong length. */
export function windowGeometry(
  extents: readonly number[],
  kernel: readonly number[],
  options: WindowOptions,
): WindowGeometry {
  const axes = extents.length;
  const list = (
    name: keyof WindowOptions,
    given: readonly number[] | undefined,
    otherwise: number,
  ): readonly number[] => {
    if (given === undefined) return new Array<number>(axes).fill(otherwise);
    return checkLength(name, given, axes);
  };
  checkLength('kernel', kernel, axes);
  const strides = list('strides', options.strides, 1);
  const dilations = list('dilations', options.dilations, 1);
  for (const stride of strides)
    if (!(stride >= 1))
      throw new HeddleError('ATTRIBUTE_INVALID', 'strides are at least 1', { found: `${stride}` });
  const padLow = list('padLow', options.padLow, 0);
  const padHigh = list('padHigh', options.padHigh, 0);
  const base = { kernel, strides, dilations };
  const autoPad = options.autoPad ?? 'NOTSET';
  if (autoPad === 'NOTSET') return { ...base, padLow, padHigh };
  if (autoPad === 'VALID') return { ...base, padLow: padLow.map(() => 0), padHigh: padLow.map(() => 0) };
  const totals = extents.map((extent, i) => {
    const windows = Math.ceil(extent / strides[i]);
    return Math.max(0, (windows - 1) * strides[i] + spanOf(kernel[i], dilations[i]) - extent);
  });
  const smaller = totals.map((total) => Math.floor(total / 2));
  const larger = totals.map((total) => Math.ceil(total / 2));
  return autoPad === 'SAME_UPPER'
    ? { ...base, padLow: smaller, padHigh: larger }
    : { ...base, padLow: larger, padHigh: smaller };
}

function checkLength(what: string, list: readonly number[], axes: number): readonly number[] {
  if (list.length === axes) return list;
  throw new HeddleError('ATTRIBUTE_INVALID', `${what} needs one entry for each spatial axis`, {
    found: `${list.length} entries`,
    expected: `${axes}`,
  });
}

/**
 * The window without the taps that meet padding alone, whatever the result: a window may be far longer than what it slides
 * over. The results and the order of their elements stay.
 */
export function usefulWindow(extents: readonly number[], geometry: WindowGeometry): WindowGeometry {
  const axes = extents.map((extent, i) => {
    const [window, stride, dilation] = [geometry.kernel[i], geometry.strides[i], geometry.dilations[i]];
    const [low, high] = [geometry.padLow[i], geometry.padHigh[i]];
    const lastStart = Math.floor((extent + low + high - spanOf(window, dilation)) / stride) * stride;
    const first = Math.max(0, Math.floor((low - lastStart) / dilation));
    const last = Math.min(window - 1, Math.ceil((extent - 1 + low) / dilation));
    if (lastStart < 0 || low < 0 || high < 0 || extent === 0 || first > last) return { window, low, high };
    const padLow = low - first * dilation;
    const reached = lastStart + last * dilation + 1 - extent - low;
    return { window: last - first + 1, low: padLow, high: last === window - 1 ? high : reached };
  });
  return {
    ...geometry,
    kernel: axes.map(({ window }) => window),
    padLow: axes.map(({ low }) => low),
    padHigh: axes.map(({ high }) => high),
  };
}

/**
 * Elements to add after the high padding so that rounding the number of windows down gives what rounding up asks for.
 * A window that would begin beyond the elements and the low padding does not count, as in ONNX and PyTorch.
 */
export function ceilExtension(extents: readonly number[], window: WindowGeometry): number[] {
  return extents.map((extent, i) => {
    const span = spanOf(window.kernel[i], window.dilations[i]);
    const [stride, low] = [window.strides[i], window.padLow[i]];
    const padded = extent + low + window.padHigh[i];
    let last = Math.ceil((padded - span) / stride);
    if (last * stride >= extent + low) last--;
    return Math.max(0, last * stride + span - padded);
  });
}
