/** Elements picked and replaced by index, beyond whole rows of an axis. Indices are i32 and count from the start. */
import type { Emitter, Value } from '../ir/emitter.js';
import type { ScatterKind } from '../ir/ops.js';
import { printType, staticShape } from '../ir/types.js';
import { HeddleError } from '../base/errors.js';
import { elementCount, rowMajorStrides } from '../base/tensor.js';
import { range } from './axes.js';
import { withScalar } from './broadcast.js';
import { repeatEach, sliceAxis } from './movement.js';

/** One coordinate: an index along an axis of that extent and stride, for each place. */
interface Coordinate {
  readonly index: Value;
  readonly extent: number;
  readonly stride: number;
}

/** Row-major places by coordinates, of which each is clamped to its axis. */
const clampedPlaces = (b: Emitter, coordinates: readonly Coordinate[]): Value =>
  placesOf(
    b,
    coordinates.map(({ index, extent, stride }) => {
      const clamped = withScalar(b, 'max', withScalar(b, 'min', index, Math.max(0, extent - 1)), 0);
      return withScalar(b, 'mul', clamped, stride);
    }),
  );

/** The same; -1, which scatter drops, where a coordinate is outside of its axis. */
function placesOrNone(b: Emitter, coordinates: readonly Coordinate[]): Value {
  const inside = coordinates.map(({ index, extent }) =>
    b.binary('and', b.unary('not', withScalar(b, 'lt', index, 0)), withScalar(b, 'le', index, extent - 1)),
  );
  const all = inside.reduce((x, y) => b.binary('and', x, y));
  const place = placesOf(
    b,
    coordinates.map(({ index, stride }) => withScalar(b, 'mul', index, stride)),
  );
  return b.select(all, place, b.full(place, -1));
}

const placesOf = (b: Emitter, parts: readonly Value[]): Value =>
  parts.reduce((sum, part) => b.binary('add', sum, part));

/** The place in `shape` of each element of `indices`: at its own index, but for `axis`. */
function alongAxis(
  b: Emitter,
  shape: readonly number[],
  indices: Value,
  axis: number,
): readonly [along: Coordinate, others: readonly Value[]] {
  const strides = rowMajorStrides(shape);
  const picked = staticShape(indices.type.shape);
  const others = picked.flatMap((extent, i) => {
    if (i === axis || extent === 1) return [];
    return [withScalar(b, 'mul', b.emit('iota', [], { dtype: 'i32', shape: picked, axis: i }), strides[i])];
  });
  return [{ index: indices, extent: shape[axis], stride: strides[axis] }, others];
}

function requireWithin(x: Value, indices: Value, axis: number): readonly number[] {
  const [shape, picked] = [staticShape(x.type.shape), staticShape(indices.type.shape)];
  if (shape.length !== picked.length || shape.some((extent, i) => i !== axis && picked[i] > extent))
    throw new HeddleError('SHAPE_MISMATCH', 'the indices do not fit the tensor', {
      found: `${printType(x.type)} and ${printType(indices.type)}`,
      expected: `equal extents except on axis ${axis}, or smaller ones`,
    });
  return shape;
}

/**
 * result[.., k, ..] = x[.., indices[.., k, ..], ..] along `axis`; the indices have the rank of `x` and, on other axes, no
 * greater extents. They are clamped to the axis.
 */
export function takeAlongAxis(b: Emitter, x: Value, indices: Value, axis: number): Value {
  const shape = requireWithin(x, indices, axis);
  if (elementCount(staticShape(indices.type.shape)) === 0)
    return b.constant(x.type.dtype, indices.type.shape, 0);
  const [along, others] = alongAxis(b, shape, indices, axis);
  const places = placesOf(b, [clampedPlaces(b, [along]), ...others]);
  return b.emit('gather', [b.reshape(x, [elementCount(shape)]), places], { axis: 0 });
}

/**
 * `x` with updates[.., k, ..] at x[.., indices[.., k, ..], ..], combined as `kind` says, in row-major order. Indices and
 * updates have one shape, which fits `x` as in {@link takeAlongAxis}; updates for indices out of range are dropped.
 */
export function scatterAlongAxis(
  b: Emitter,
  x: Value,
  indices: Value,
  updates: Value,
  axis: number,
  kind: ScatterKind,
): Value {
  const shape = requireWithin(x, indices, axis);
  const count = elementCount(staticShape(indices.type.shape));
  if (count === 0) return x;
  const [along, others] = alongAxis(b, shape, indices, axis);
  const own = placesOrNone(b, [along]);
  const places = b.select(withScalar(b, 'lt', own, 0), own, placesOf(b, [own, ...others]));
  return scatterRows(b, x, [elementCount(shape)], places, updates, kind);
}

/** Parts of the last axis of `indices`, as coordinates in the axes of `shape` from `first` on. */
function coordinatesOf(
  b: Emitter,
  shape: readonly number[],
  indices: Value,
  first: number,
): readonly Coordinate[] {
  const last = indices.type.shape.length - 1;
  const count = indices.type.shape[last] as number;
  const strides = rowMajorStrides(shape.slice(0, first + count));
  return range(0, count).map((i) => ({
    index: b.reshape(sliceAxis(b, indices, last, i, 1), indices.type.shape.slice(0, last)),
    extent: shape[first + i],
    stride: strides[first + i],
  }));
}

/**
 * The blocks of `x` at the coordinates along the last axis of `indices`, which name the axes after the first `batch`; those
 * have the same extents in both, and go together. indices [...batch, ...rest, k] of x [...batch, ...k axes, ...inner] give
 * [...batch, ...rest, ...inner]. Coordinates are clamped to their axes.
 */
export function gatherBlocks(b: Emitter, x: Value, indices: Value, batch: number): Value {
  const [shape, picked] = [staticShape(x.type.shape), staticShape(indices.type.shape)];
  const outer = batch + picked.at(-1)!;
  const [kept, inner] = [picked.slice(0, -1), shape.slice(outer)];
  const result = [...kept, ...inner];
  if (elementCount(result) === 0) return b.constant(x.type.dtype, result, 0);
  const strides = rowMajorStrides(shape.slice(0, outer));
  const batches = range(0, batch).map((axis) =>
    withScalar(b, 'mul', b.emit('iota', [], { dtype: 'i32', shape: kept, axis }), strides[axis]),
  );
  const places = placesOf(b, [
    ...batches,
    ...coordinatesOf(b, shape, indices, batch).map((coordinate) => clampedPlaces(b, [coordinate])),
  ]);
  return b.emit('gather', [b.reshape(x, [elementCount(shape.slice(0, outer)), ...inner]), places], {
    axis: 0,
  });
}

/**
 * `x` with updates [...rest, ...inner] for the blocks at the coordinates along the last axis of indices [...rest, k],
 * combined as `kind` says, in row-major order. Updates with a coordinate out of range are dropped.
 */
export function scatterBlocks(
  b: Emitter,
  x: Value,
  indices: Value,
  updates: Value,
  kind: ScatterKind,
): Value {
  const [shape, picked] = [staticShape(x.type.shape), staticShape(indices.type.shape)];
  const depth = picked.at(-1)!;
  if (elementCount(shape) === 0 || elementCount(picked.slice(0, -1)) === 0) return x;
  const inner = shape.slice(depth);
  const places = placesOrNone(b, coordinatesOf(b, shape, indices, 0));
  return scatterRows(b, x, [elementCount(shape.slice(0, depth)), ...inner], places, updates, kind);
}

/** Scatters updates into `x` seen as `rows`, one row for each of the places. */
function scatterRows(
  b: Emitter,
  x: Value,
  rows: readonly number[],
  places: Value,
  updates: Value,
  kind: ScatterKind,
): Value {
  const count = elementCount(staticShape(places.type.shape));
  const result = b.emit(
    'scatter',
    [b.reshape(x, rows), b.reshape(places, [count]), b.reshape(updates, [count, ...rows.slice(1)])],
    { kind },
  );
  return b.reshape(result, x.type.shape);
}

/** The elements of `x` at known positions along `axis`, all in range: as a view where they are evenly spaced. */
export function takeKnown(b: Emitter, x: Value, axis: number, positions: readonly number[]): Value {
  const { shape, dtype } = x.type;
  if (positions.length === 0) return b.constant(dtype, shape.toSpliced(axis, 1, 0), 0);
  const [first] = positions;
  const step = positions.length === 1 ? 1 : positions[1] - first;
  if (step >= 1 && positions.every((position, i) => position === first + i * step))
    return sliceAxis(b, x, axis, first, positions.length, step);
  const times = positions.lastIndexOf(first) + 1;
  const span = positions.length / times;
  if (
    times > 1 &&
    Number.isInteger(span) &&
    positions.every((position, i) => position === first + Math.floor(i / times))
  ) {
    const part = sliceAxis(b, x, axis, first, span);
    return repeatEach(b, part, shape.map((_, i) => (i === axis ? times : 1))); // prettier-ignore
  }
  return b.emit('gather', [x, b.constant('i32', [positions.length], positions)], { axis });
}
