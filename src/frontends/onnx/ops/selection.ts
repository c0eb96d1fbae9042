/** Operators that choose by value: the greatest elements, and places as vectors. */
import { normalizeAxis } from '../../../compose/axes.js';
import { where } from '../../../compose/broadcast.js';
import { takeAlongAxis } from '../../../compose/indexing.js';
import { sliceAxis } from '../../../compose/movement.js';
import type { Value } from '../../../ir/emitter.js';
import { printShape } from '../../../ir/types.js';
import { typed, type NodeContext } from '../context.js';
import type { OpTable, Result } from '../registry.js';
import { fromStart } from './indices.js';

function countOf(ctx: NodeContext, extent: number): number {
  const k =
    ctx.opset < 10 ? ctx.attr.required('k', ctx.attr.int('k')) : Math.trunc(ctx.optionalNumber(1) ?? NaN);
  if (!(k >= 0 && k <= extent))
    ctx.fail('ONNX_INVALID', 'k is out of range', {
      found: `k = ${k}`,
      expected: `0 to ${extent}, the extent of the axis`,
    });
  return k;
}

/**
 * The k greatest along an axis, in falling order, or least in rising order, and their places. Of equal elements the first
 * comes first; -0 equals 0; NaN is the greatest of all. What need not be sorted is sorted nevertheless.
 */
function topK(ctx: NodeContext): readonly Result[] {
  const axis = normalizeAxis(ctx.attr.int('axis', -1), ctx.rank(0));
  const [extent] = ctx.extents([ctx.input(0).shape[axis]]) as [number];
  const k = countOf(ctx, extent);
  const x = ctx.value(0);
  const descending = ctx.opset < 11 || ctx.attr.flag('largest', true);
  const places = sliceAxis(ctx.b, ctx.b.emit('argsort', [x], { axis, descending }), axis, 0, k);
  return [takeAlongAxis(ctx.b, x, places, axis), typed(places, 'int64')];
}

/** For each index a vector of `depth` with values[1] at its place and values[0] elsewhere; also for those out of range. */
function oneHot(ctx: NodeContext): Result {
  const { b } = ctx;
  const depth = Math.trunc(ctx.optionalNumber(1) ?? NaN);
  if (!(depth >= 1)) ctx.fail('ONNX_INVALID', 'depth is at least 1', { found: `${depth}` });
  const { shape } = ctx.input(0);
  const axis = normalizeAxis(ctx.attr.int('axis', -1), shape.length + 1);
  const values = ctx.value(2);
  if (values.type.shape.join() !== '2')
    ctx.fail('SHAPE_MISMATCH', 'values are the one off and the one on', {
      found: printShape(values.type.shape),
      expected: '[2]',
    });
  const given = ctx.value(0);
  const indices = given.type.dtype === 'u32' ? given : fromStart(ctx, b.index(given), depth);
  const result = shape.toSpliced(axis, 0, depth);
  const place = b.emit('iota', [], { dtype: indices.type.dtype, shape: result, axis });
  const spread = b.broadcast(b.reshape(indices, shape.toSpliced(axis, 0, 1)), result);
  const valueAt = (i: number): Value => b.reshape(sliceAxis(b, values, 0, i, 1), []);
  return typed(where(b, b.binary('eq', place, spread), valueAt(1), valueAt(0)), ctx.input(2).dtype);
}

export const selection: OpTable = [
  { op: 'TopK', since: [1, 10, 11, 24], emit: topK },
  { op: 'OneHot', since: [9, 11, 28], emit: oneHot },
];
