/** Rearrangements of elements, from the IR's index maps. No arithmetic happens here. */
import { HeddleError } from '../base/errors.js';
import type { Emitter, Value } from '../ir/emitter.js';
import { dimMul, dimProduct, isStatic, type Dim } from '../ir/dim.js';
import { printShape, staticShape } from '../ir/types.js';
import { normalizeAxes, normalizeAxis, range } from './axes.js';

/** Reverses the axes, or permutes them: result axis i is axis permutation[i] of `x`. */
export function transpose(b: Emitter, x: Value, permutation?: readonly number[]): Value {
  const rank = x.type.shape.length;
  const order = permutation?.map((axis) => normalizeAxis(axis, rank)) ?? range(0, rank).reverse();
  return order.length === rank && order.every((axis, i) => axis === i) ? x : b.permute(x, order);
}

/** `x` with `axis` last. */
export const moveToEnd = (b: Emitter, x: Value, axis: number): Value =>
  transpose(b, x, [...range(0, x.type.shape.length).filter((i) => i !== axis), axis]);

/** Removes axes of extent 1; all of them where none are named. */
export function squeeze(b: Emitter, x: Value, axes?: readonly number[]): Value {
  const shape = x.type.shape;
  const gone = axes === undefined ? undefined : normalizeAxes(axes, shape.length);
  for (const axis of gone ?? [])
    if (shape[axis] !== 1)
      throw new HeddleError('SHAPE_MISMATCH', 'only axes of extent 1 can be squeezed', {
        found: `axis ${axis} of ${printShape(shape)}`,
      });
  return b.reshape(
    x,
    shape.filter((dim, axis) => (gone === undefined ? dim !== 1 : !gone.includes(axis))),
  );
}

/** Puts axes of extent 1 at the places `axes` of the result. */
export function unsqueeze(b: Emitter, x: Value, axes: readonly number[]): Value {
  const rank = x.type.shape.length + axes.length;
  const places = normalizeAxes(axes, rank);
  const rest = [...x.type.shape];
  return b.reshape(
    x,
    range(0, rank).map((axis) => (places.includes(axis) ? 1 : rest.shift()!)),
  );
}

/** A matrix: axes before `axis` as rows, the others as columns. `axis` may equal the rank. */
export function flattenTo2D(b: Emitter, x: Value, axis: number): Value {
  const shape = x.type.shape;
  const at = axis === shape.length ? axis : normalizeAxis(axis, shape.length);
  return b.reshape(x, [dimProduct(shape.slice(0, at)), dimProduct(shape.slice(at))]);
}

/** Elements start, start + stride, ... (`size` of them) along one axis. */
export function sliceAxis(b: Emitter, x: Value, axis: number, start: number, size: Dim, stride = 1): Value {
  const { shape } = x.type;
  if (start === 0 && stride === 1 && String(size) === String(shape[axis])) return x;
  return b.emit('slice', [x], {
    starts: shape.map((_, i) => (i === axis ? start : 0)),
    sizes: shape.map((dim, i) => (i === axis ? size : dim)),
    strides: shape.map((_, i) => (i === axis ? stride : 1)),
  });
}

/** One axis of a slice with Python's meaning: negative positions count from the end, ends are clamped. */
export interface PythonSlice {
  readonly axis: number;
  readonly start: number;
  readonly end: number;
  /** Not 0; negative walks backwards. */
  readonly step: number;
}

/** x[start:end:step] along the named axes; each must be static. */
export function pythonSlice(b: Emitter, x: Value, slices: readonly PythonSlice[]): Value {
  let result = x;
  for (const slice of slices) {
    const axis = normalizeAxis(slice.axis, x.type.shape.length);
    const [extent] = staticShape([result.type.shape[axis]]) as [number];
    const { start, size, step } = resolveSlice(slice, extent);
    if (step > 0) {
      result = sliceAxis(b, result, axis, start, size, step);
    } else {
      const first = size === 0 ? 0 : start + (size - 1) * step;
      const forward = sliceAxis(b, result, axis, first, size, -step);
      result = size > 1 ? b.emit('reverse', [forward], { axes: [axis] }) : forward;
    }
  }
  return result;
}

/** First position, number of elements and step of a Python slice over `extent` elements. */
export function resolveSlice(
  { start, end, step }: Omit<PythonSlice, 'axis'>,
  extent: number,
): { start: number; size: number; step: number } {
  if (!Number.isInteger(step) || step === 0)
    throw new HeddleError('ATTRIBUTE_INVALID', 'a slice needs a step other than 0', { found: String(step) });
  const [least, most] = step > 0 ? [0, extent] : [-1, extent - 1];
  const clamp = (position: number): number =>
    Math.min(Math.max(position < 0 ? position + extent : position, least), most);
  const from = clamp(start);
  const size = Math.max(0, Math.ceil((clamp(end) - from) / step));
  return { start: size === 0 ? 0 : from, size, step: size <= 1 ? Math.sign(step) : step };
}

export function concat(b: Emitter, values: readonly Value[], axis: number): Value {
  const [first] = values;
  if (first !== undefined && values.length === 1) return first;
  return b.emit('concat', values, { axis: normalizeAxis(axis, first?.type.shape.length ?? 0) });
}

/** Pieces of the given sizes along `axis`, which they must fill. */
export function split(b: Emitter, x: Value, axis: number, sizes: readonly number[]): Value[] {
  const at = normalizeAxis(axis, x.type.shape.length);
  const total = sizes.reduce((sum, size) => sum + size, 0);
  if (total !== x.type.shape[at])
    throw new HeddleError('SHAPE_MISMATCH', 'the pieces do not fill the axis', {
      found: `${sizes.length} pieces of ${total} elements in all`,
      expected: `${String(x.type.shape[at])} elements of axis ${at} of ${printShape(x.type.shape)}`,
    });
  let start = 0;
  return sizes.map((size) => {
    const piece = sliceAxis(b, x, at, start, size);
    start += size;
    return piece;
  });
}

/** `x` laid out repeats[i] times along axis i. */
export function tile(b: Emitter, x: Value, repeats: readonly number[]): Value {
  const { shape } = x.type;
  const apart = b.reshape(
    x,
    shape.flatMap((dim) => [1, dim]),
  );
  const repeated = b.broadcast(
    apart,
    shape.flatMap((dim, i) => [repeats[i], dim]),
  );
  return b.reshape(
    repeated,
    shape.map((dim, i) => dimMul(dim, repeats[i])),
  );
}

/** Each element factors[i] times in a row along axis i: nearest-neighbour upsampling by whole factors. */
export function repeatEach(b: Emitter, x: Value, factors: readonly number[]): Value {
  const { shape } = x.type;
  if (factors.every((factor) => factor === 1)) return x;
  const apart = b.reshape(
    x,
    shape.flatMap((dim) => [dim, 1]),
  );
  const repeated = b.broadcast(
    apart,
    shape.flatMap((dim, i) => [dim, factors[i]]),
  );
  return b.reshape(
    repeated,
    shape.map((dim, i) => dimMul(dim, factors[i])),
  );
}

/** How the channels of {@link depthToSpace} number the pixels of a block: depth-column-row or column-row-depth. */
export type BlockOrder = 'DCR' | 'CRD';

/** [N, C*s*s, H, W] -> [N, C, H*s, W*s] */
export function depthToSpace(b: Emitter, x: Value, blockSize: number, order: BlockOrder): Value {
  const [n, c, h, w] = imageShape(x);
  const inner = exactQuotient(c, blockSize * blockSize, 'channels by the square of the block size');
  const apart =
    order === 'DCR'
      ? b.permute(b.reshape(x, [n, blockSize, blockSize, inner, h, w]), [0, 3, 4, 1, 5, 2])
      : b.permute(b.reshape(x, [n, inner, blockSize, blockSize, h, w]), [0, 1, 4, 2, 5, 3]);
  return b.reshape(apart, [n, inner, dimMul(h, blockSize), dimMul(w, blockSize)]);
}

/** [N, C, H, W] -> [N, s*s*C, H/s, W/s]; the features of a place are in the order (block, C), or (C, block). */
export function spaceToDepth(b: Emitter, x: Value, blockSize: number, order: 'DCR' | 'CRD' = 'DCR'): Value {
  const [n, c, h, w] = imageShape(x);
  const rows = exactQuotient(h, blockSize, 'rows by the block size');
  const columns = exactQuotient(w, blockSize, 'columns by the block size');
  const apart = b.reshape(x, [n, c, rows, blockSize, columns, blockSize]);
  const moved = b.permute(apart, order === 'DCR' ? [0, 3, 5, 1, 2, 4] : [0, 1, 3, 5, 2, 4]);
  return b.reshape(moved, [n, dimMul(c, blockSize * blockSize), rows, columns]);
}

function imageShape(x: Value): readonly [Dim, Dim, Dim, Dim] {
  const { shape } = x.type;
  if (shape.length === 4) return shape as readonly [Dim, Dim, Dim, Dim];
  throw new HeddleError('SHAPE_MISMATCH', 'images are [N, C, H, W]', { found: printShape(shape) });
}

function exactQuotient(dim: Dim, divisor: number, what: string): number {
  const quotient = isStatic(dim) ? dim / divisor : Number.NaN;
  if (Number.isInteger(quotient)) return quotient;
  throw new HeddleError('SHAPE_MISMATCH', `cannot divide ${what}`, { found: `${String(dim)} / ${divisor}` });
}
