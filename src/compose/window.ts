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
