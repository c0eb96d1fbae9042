/** Extents of results: sliding windows and dilation. */
import { dimAdd, dimFloorDiv, dimMul, dimSub, isStatic, type Dim } from './dim.js';
import { fail, limitedExtent } from './infer-checks.js';

/** Extent of a sliding window's result: floor((extent + pads - span) / stride) + 1. */
export function windowed(
  op: string,
  extent: Dim,
  pad: number,
  window: Dim,
  dilation: number,
  stride: number,
): Dim {
  const span = dimAdd(dimMul(dimSub(window, 1), dilation), 1);
  const padded = dimAdd(extent, pad);
  // Kernels count positions in the padding, too.
  limitedExtent(op, 'elements along an axis, with padding', padded);
  const room = dimSub(padded, span);
  if (isStatic(room) && room < 0) return 0;
  if (isStatic(window) && window < 1)
    fail('ATTRIBUTE_INVALID', op, `window ${window}`, 'a window of at least 1');
  return dimAdd(dimFloorDiv(room, stride), 1);
}

/** Extent after moving neighbours `dilation` apart. */
export const dilated = (extent: Dim, dilation: number): Dim =>
  isStatic(extent) && extent === 0 ? 0 : dimAdd(dimMul(dimSub(extent, 1), dilation), 1);
