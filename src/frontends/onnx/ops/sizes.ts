/**
 * Operators whose results have as many elements as data say. Where the data are known, so is the size; else the model has to
 * declare it, and what it declares is taken for a promise: fewer elements are filled up, and more are left out.
 */
import { normalizeAxis, orderMoving } from '../../../compose/axes.js';
import { withScalar } from '../../../compose/broadcast.js';
import { takeKnown } from '../../../compose/indexing.js';
import { concat } from '../../../compose/movement.js';
import { atPlaces, truePlaces, uniqueRows } from '../../../compose/unique.js';
import { elementCount, rowMajorStrides } from '../../../base/tensor.js';
import type { Value } from '../../../ir/emitter.js';
import { printShape } from '../../../ir/types.js';
import { typed, type NodeContext } from '../context.js';
import { int64Tensor, toNumbers, type HostTensor } from '../host.js';
import type { OpTable, Result } from '../registry.js';
import { promisedExtent } from './promise.js';

/** Where the elements of a known tensor are not 0. */
const nonZeros = (tensor: HostTensor): number[] =>
  toNumbers(tensor).flatMap((element, i) => (element === 0 ? [] : [i]));

/** The elements, along an axis or of all in a row, for which the condition holds; it may be shorter. */
function compress(ctx: NodeContext): Value {
  const { b } = ctx;
  const shape = ctx.extents(ctx.input(0).shape);
  const given = ctx.attr.int('axis');
  const axis = given === undefined ? 0 : normalizeAxis(given, shape.length);
  const x = given === undefined ? b.reshape(ctx.value(0), [elementCount(shape)]) : ctx.value(0);
  const extent = x.type.shape[axis] as number;
  const condition = ctx.input(1);
  const [length] = ctx.extents(condition.shape) as [number];
  if (condition.shape.length !== 1 || length > extent)
    ctx.fail('SHAPE_MISMATCH', 'the condition does not fit the data', {
      found: printShape(condition.shape),
      expected: `at most ${extent} elements in one axis`,
    });
  if (condition.known !== undefined) return takeKnown(b, x, axis, nonZeros(condition.known));
  const count = promisedExtent(ctx, 0, axis, length);
  if (count === 0) return takeKnown(b, x, axis, []);
  const found = truePlaces(b, condition.value, count);
  const taken = b.emit('gather', [x, found.places], { axis });
  const rank = x.type.shape.length;
  const inFront = atPlaces(b, found, b.permute(taken, orderMoving(rank, axis, 0)), 0);
  return b.permute(inFront, orderMoving(rank, 0, axis));
}

/** [rank, count]: the coordinates of the elements that are not 0, in row-major order. */
function nonZero(ctx: NodeContext): Result {
  const { b } = ctx;
  const { known } = ctx.input(0);
  const shape = ctx.extents(ctx.input(0).shape);
  const strides = rowMajorStrides(shape);
  if (known !== undefined) {
    const places = nonZeros(known);
    const rows = shape.flatMap((extent, axis) =>
      places.map((place) => Math.floor(place / strides[axis]) % extent),
    );
    return int64Tensor([shape.length, places.length], rows);
  }
  const size = elementCount(shape);
  const count = promisedExtent(ctx, 0, 1, size);
  if (count === 0 || shape.length === 0) return typed(b.constant('i32', [shape.length, count], 0), 'int64');
  const x = b.reshape(ctx.value(0), [size]);
  const found = truePlaces(b, x.type.dtype === 'bool' ? x : b.unary('not', withScalar(b, 'eq', x, 0)), count);
  const rows = shape.map((extent, axis) => {
    const along = withScalar(b, 'rem', withScalar(b, 'div', found.places, strides[axis]), extent);
    return b.reshape(atPlaces(b, found, along, -1), [1, count]);
  });
  return typed(concat(b, rows, 0), 'int64');
}

/** How many rows [n, m] of a known tensor differ. -0 equals 0, and NaN itself. */
function differentRows(tensor: HostTensor, n: number, axis: number): number {
  const strides = rowMajorStrides(tensor.shape);
  const rows = Array.from({ length: n }, (): (number | bigint)[] => []);
  const exact = tensor.dtype === 'float16' ? toNumbers(tensor) : tensor.data;
  const [stride, extent] = tensor.shape.length === 0 ? [1, 1] : [strides[axis], tensor.shape[axis]];
  for (let i = 0; i < exact.length; i++)
    rows[n === exact.length ? i : Math.floor(i / stride) % extent].push(exact[i]);
  return new Set(rows.map((row) => row.join())).size;
}

/** The different elements, or slices along an axis, sorted or as they come first; where, which, and how often. */
export function uniqueOf(ctx: NodeContext, sorted: boolean): readonly Result[] {
  const { b } = ctx;
  const { known, dtype } = ctx.input(0);
  const shape = ctx.extents(ctx.input(0).shape);
  const given = ctx.attr.int('axis');
  const axis = given === undefined ? undefined : normalizeAxis(given, shape.length);
  const n = axis === undefined ? elementCount(shape) : shape[axis];
  const rest = axis === undefined ? [] : shape.toSpliced(axis, 1);
  const m = elementCount(rest);
  const places = (value: Value): Result => typed(value, 'int64');
  const none = (count: number): Result => places(b.constant('i32', [count], 0));
  if (n === 0)
    return [
      typed(b.reshape(ctx.value(0), axis === undefined ? [0] : shape), dtype),
      none(0),
      none(0),
      none(0),
    ];
  const count =
    known === undefined
      ? promisedExtent(ctx, 0, axis ?? 0, n)
      : m === 0
        ? 1
        : differentRows(known, n, axis ?? 0);
  const order = orderMoving(Math.max(1, shape.length), axis ?? 0, 0);
  const back = orderMoving(Math.max(1, shape.length), 0, axis ?? 0);
  const moved = axis === undefined ? ctx.value(0) : b.permute(ctx.value(0), order);
  // Slices without elements are all one.
  const rows = m === 0 ? b.constant('i32', [n, 1], 0) : b.reshape(moved, [n, m]);
  const found = uniqueRows(b, rows, count, sorted);
  const chosen =
    m === 0 ? b.constant(moved.type.dtype, [count, ...rest], 0) : b.reshape(found.rows, [count, ...rest]);
  const result = axis === undefined ? chosen : b.permute(chosen, back);
  return [typed(result, dtype), places(found.first), places(found.inverse), places(found.counts)];
}

export const sizes: OpTable = [
  { op: 'Compress', since: [9, 11, 28], emit: compress, moves: [0, 1] },
  { op: 'NonZero', since: [9, 13], emit: nonZero },
  { op: 'Unique', since: [11, 28], emit: (ctx) => uniqueOf(ctx, ctx.attr.flag('sorted', true)) },
];
