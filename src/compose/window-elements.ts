/** The elements under sliding windows, one by one, where a reduction alone does not say enough. */
import { elementCount, rowMajorStrides } from '../base/tensor.js';
import type { Emitter, Value } from '../ir/emitter.js';
import { staticShape } from '../ir/types.js';
import { range } from './axes.js';
import { withScalar } from './broadcast.js';
import { poolGeometry, type PoolOptions } from './pool.js';
import { spanOf, usefulWindow, type WindowGeometry } from './window.js';

/**
 * Where along one axis a tap of a window lies, given the number of the window and of the tap. One outside of the axis counts
 * as the nearest of its window that is inside: a copy changes no extreme, and not which of the others comes first.
 */
function positionOf(
  b: Emitter,
  extent: number,
  { kernel, strides, dilations, padLow }: WindowGeometry,
  axis: number,
  window: Value,
  tap: Value,
): Value {
  const [stride, dilation] = [strides[axis], dilations[axis]];
  const start = withScalar(b, 'sub', withScalar(b, 'mul', window, stride), padLow[axis]);
  const missing = withScalar(b, 'max', b.unary('neg', start), 0);
  const first = withScalar(b, 'div', withScalar(b, 'add', missing, dilation - 1), dilation);
  const room = withScalar(b, 'max', b.binary('sub', b.full(start, extent - 1), start), 0);
  const last = withScalar(b, 'min', withScalar(b, 'div', room, dilation), kernel[axis] - 1);
  const own = b.binary('max', b.binary('min', tap, last), first);
  const position = b.binary('add', start, withScalar(b, 'mul', own, dilation));
  return withScalar(b, 'max', withScalar(b, 'min', position, extent - 1), 0);
}

/** The elements of `x` under all windows of one axis, window by window. */
function spread(b: Emitter, x: Value, axis: number, windows: number, geometry: WindowGeometry): Value {
  const extent = x.type.shape[axis + 2] as number;
  const [taps, stride] = [geometry.kernel[axis], geometry.strides[axis]];
  const apart = stride === taps && geometry.dilations[axis] === 1 && geometry.padLow[axis] === 0;
  if (apart && windows * taps === extent) return x;
  const number = b.emit('iota', [], { dtype: 'i32', shape: [windows * taps], axis: 0 });
  const [window, tap] = [withScalar(b, 'div', number, taps), withScalar(b, 'rem', number, taps)];
  return b.emit('gather', [x, positionOf(b, extent, geometry, axis, window, tap)], { axis: axis + 2 });
}

/** How the elements of an image are numbered: the last axis runs fastest, or the first. */
export type StorageOrder = 'row' | 'column';

/**
 * i32, in the shape of the max pooling: where in `x` [N, C, ...spatial] the first greatest element of each window lies, in
 * row-major order of the window; the first NaN if there is one. Elements of the spatial axes are numbered as `order` says,
 * and from image to image on.
 */
export function maxPoolIndices(b: Emitter, x: Value, options: PoolOptions, order: StorageOrder): Value {
  const { extents, window: given } = poolGeometry(x, options);
  const window = usefulWindow(extents, given);
  const [n, c] = staticShape(x.type.shape.slice(0, 2)) as [number, number];
  const windows = extents.map((extent, i) => {
    const room =
      extent + window.padLow[i] + window.padHigh[i] - spanOf(window.kernel[i], window.dilations[i]);
    return Math.floor(room / window.strides[i]) + 1;
  });
  const shape = [n, c, ...windows];
  if (elementCount([n, c, ...extents]) === 0 || elementCount(shape) === 0) return b.constant('i32', shape, 0);
  const axes = range(0, extents.length);
  const elements = axes.reduce((value, i) => spread(b, value, i, windows[i], window), x);
  const apart = b.reshape(elements, [n, c, ...windows.flatMap((count, i) => [count, window.kernel[i]])]);
  const ordered = b.permute(apart, [0, 1, ...axes.map((i) => 2 + 2 * i), ...axes.map((i) => 3 + 2 * i)]);
  const lined = b.reshape(ordered, [...shape, elementCount(window.kernel)]);
  const best = b.emit('argreduce', [lined], { kind: 'max', axis: shape.length });
  const along = (axis: number): Value => b.emit('iota', [], { dtype: 'i32', shape, axis });
  const steps =
    order === 'row' ? rowMajorStrides(extents) : rowMajorStrides([...extents].reverse()).reverse();
  const tapSteps = rowMajorStrides(window.kernel);
  const image = b.binary('add', withScalar(b, 'mul', along(0), c), along(1));
  return axes.reduce<Value>(
    (sum, i) => {
      const tap = withScalar(b, 'rem', withScalar(b, 'div', best, tapSteps[i]), window.kernel[i]);
      const position = positionOf(b, extents[i], window, i, along(i + 2), tap);
      return b.binary('add', sum, withScalar(b, 'mul', position, steps[i]));
    },
    withScalar(b, 'mul', image, elementCount(extents)),
  );
}
