/** Pooling over the spatial axes of [N, C, ...spatial], as the IR's reduceWindow. Spatial extents must be static. */
import { HeddleError } from '../base/errors.js';
import type { Emitter, Value } from '../ir/emitter.js';
import type { Reducer } from '../ir/ops.js';
import { printType, staticShape } from '../ir/types.js';
import { range } from './axes.js';
import { broadcastTo, withScalar } from './broadcast.js';
import { flatAtZero } from './math.js';
import { maximum, mean, sum } from './reduce.js';
import {
  ceilExtension,
  usefulWindow,
  windowGeometry,
  type WindowGeometry,
  type WindowOptions,
} from './window.js';

export interface PoolOptions extends WindowOptions {
  readonly kernel: readonly number[];
  /** Rounds the number of windows up instead of down. */
  readonly ceilMode?: boolean;
}

/** Greatest element of each window; padding never wins. */
export function maxPool(b: Emitter, x: Value, options: PoolOptions): Value {
  return slide(b, 'max', x, poolGeometry(x, options).window);
}

/** The spatial extents of `x`, and the windows over them with what ceilMode adds to their padding. */
export function poolGeometry(
  x: Value,
  options: PoolOptions,
): { extents: readonly number[]; window: WindowGeometry } {
  const { extents, window, extension } = geometry(x, options);
  return { extents, window: { ...window, padHigh: add(window.padHigh, extension) } };
}

/**
 * Sum of each window divided by its number of elements. Padding counts as zeros with `countIncludePad`, else not at all;
 * what ceilMode adds beyond the padding never counts.
 */
export function averagePool(
  b: Emitter,
  x: Value,
  options: PoolOptions & { countIncludePad?: boolean },
): Value {
  const { extents, window, extension } = geometry(x, options);
  const total = slide(b, 'sum', x, { ...window, padHigh: add(window.padHigh, extension) });
  const padded = [...window.padLow, ...window.padHigh].some((pad) => pad !== 0);
  const allAlike = extension.every((amount) => amount === 0) && (options.countIncludePad === true || !padded);
  if (allAlike)
    return withScalar(
      b,
      'div',
      total,
      window.kernel.reduce((n, size) => n * size, 1),
    );
  // The elements of each window, counted by the same window over ones; constant folding leaves the counts.
  const none = extents.map(() => 0);
  const counts =
    options.countIncludePad === true
      ? countWindows(b, x, add(add(extents, window.padLow), window.padHigh), {
          ...window,
          padLow: none,
          padHigh: extension,
        })
      : countWindows(b, x, extents, { ...window, padHigh: add(window.padHigh, extension) });
  return b.binary('div', total, broadcastTo(b, counts, total.type.shape));
}

const countWindows = (b: Emitter, like: Value, extents: readonly number[], window: WindowGeometry): Value =>
  slide(b, 'sum', b.constant(like.type.dtype, [1, 1, ...extents], 1), window);

/** (sum of |x|^p) ^ (1/p) over each window; padding counts as zeros. Its derivative is 0 where it is 0. */
export function lpPool(b: Emitter, x: Value, options: PoolOptions & { readonly p: number }): Value {
  const powers = raise(b, b.unary('abs', x), options.p);
  const total = slide(b, 'sum', powers, poolGeometry(x, options).window);
  return root(b, total, options.p);
}

const raise = (b: Emitter, x: Value, p: number): Value =>
  p === 1 ? x : p === 2 ? b.binary('mul', x, x) : withScalar(b, 'pow', x, p);
const root = (b: Emitter, x: Value, p: number): Value => {
  if (p === 1) return x;
  const take = (y: Value): Value => (p === 2 ? b.unary('sqrt', y) : withScalar(b, 'pow', y, 1 / p));
  return p > 0 ? flatAtZero(b, x, take) : take(x);
};

const overSpatial = (x: Value): { axes: number[]; keepDims: true } => ({
  axes: range(2, x.type.shape.length),
  keepDims: true,
});
export const globalAveragePool = (b: Emitter, x: Value): Value => mean(b, x, overSpatial(x));
export const globalMaxPool = (b: Emitter, x: Value): Value => maximum(b, x, overSpatial(x));
/** Its derivative is 0 where it is 0. */
export const globalLpPool = (b: Emitter, x: Value, p: number): Value =>
  root(b, sum(b, raise(b, b.unary('abs', x), p), overSpatial(x)), p);

function geometry(
  x: Value,
  options: PoolOptions,
): { extents: readonly number[]; window: WindowGeometry; extension: readonly number[] } {
  if (x.type.shape.length < 3)
    throw new HeddleError('SHAPE_MISMATCH', 'pooling takes [N, C, ...spatial]', { found: printType(x.type) });
  const extents = staticShape(x.type.shape.slice(2));
  const window = windowGeometry(extents, options.kernel, options);
  const extension = options.ceilMode === true ? ceilExtension(extents, window) : extents.map(() => 0);
  return { extents, window, extension };
}

function slide(b: Emitter, kind: Reducer, x: Value, given: WindowGeometry): Value {
  const window = usefulWindow(staticShape(x.type.shape.slice(2)), given);
  return b.emit('reduceWindow', [x], {
    kind,
    window: [1, 1, ...window.kernel],
    strides: [1, 1, ...window.strides],
    dilations: [1, 1, ...window.dilations],
    padLow: [0, 0, ...window.padLow],
    padHigh: [0, 0, ...window.padHigh],
  });
}

const add = (a: readonly number[], b: readonly number[]): number[] => a.map((amount, i) => amount + b[i]);
