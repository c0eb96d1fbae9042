/** Indexing by data. */
import { normalizeAxis } from '../../../compose/axes.js';
import { gatherBlocks, scatterAlongAxis, scatterBlocks, takeAlongAxis } from '../../../compose/indexing.js';
import { sliceAxis } from '../../../compose/movement.js';
import type { Value } from '../../../ir/emitter.js';
import type { ScatterKind } from '../../../ir/ops.js';
import { printShape } from '../../../ir/types.js';
import type { NodeContext } from '../context.js';
import type { OpTable } from '../registry.js';
import { indicesFromStart, knownIndices } from './indices.js';
import { wrapTo } from './integers.js';

const axisOf = (ctx: NodeContext): number => normalizeAxis(ctx.attr.int('axis', 0), ctx.rank(0));

function gather(ctx: NodeContext): Value {
  const axis = axisOf(ctx);
  const x = ctx.value(0);
  const [extent] = ctx.extents([x.type.shape[axis]]) as [number];
  const { known, shape } = ctx.input(1);
  const result = [...x.type.shape.slice(0, axis), ...shape, ...x.type.shape.slice(axis + 1)];
  // Nothing is taken: from nothing, too.
  if (shape.includes(0)) return ctx.b.constant(x.type.dtype, result, 0);
  if (known?.data.length === 1) {
    // One row at a known place is an index map.
    const row = sliceAxis(ctx.b, x, axis, knownIndices(ctx, 1, [extent])[0], 1);
    return ctx.b.reshape(row, result);
  }
  return ctx.b.emit('gather', [x, indicesFromStart(ctx, 1, [extent])], { axis });
}

/** The extents of the data, where the indices of input 1 have as many axes, and no greater extents on others than `axis`. */
function extentsAround(ctx: NodeContext, axis: number): readonly number[] {
  const [shape, picked] = [ctx.extents(ctx.input(0).shape), ctx.extents(ctx.input(1).shape)];
  if (picked.length !== shape.length || picked.some((extent, i) => i !== axis && extent > shape[i]))
    ctx.fail('SHAPE_MISMATCH', 'the indices do not fit the data', {
      found: `${printShape(picked)} for ${printShape(shape)}`,
      expected: `as many axes, and no greater extents on others than axis ${axis}`,
    });
  return shape;
}

function gatherElements(ctx: NodeContext): Value {
  const axis = axisOf(ctx);
  const extents = extentsAround(ctx, axis);
  return takeAlongAxis(ctx.b, ctx.value(0), indicesFromStart(ctx, 1, [extents[axis]]), axis);
}

/** The axes of the data that the indices' last axis names after the first `batch`: their extents. */
function namedExtents(ctx: NodeContext, batch: number): readonly number[] {
  const [shape, picked] = [ctx.extents(ctx.input(0).shape), ctx.extents(ctx.input(1).shape)];
  const depth = picked.at(-1) ?? 0;
  if (batch < 0 || batch >= Math.min(shape.length, picked.length))
    ctx.fail('ONNX_INVALID', 'batch_dims is out of range', {
      found: `${batch}`,
      expected: `less than the ranks ${shape.length} and ${picked.length}`,
    });
  if (depth < 1 || depth > shape.length - batch)
    ctx.fail('ONNX_INVALID', 'the indices name another number of axes than the data has', {
      found: `${depth} for ${printShape(shape)}`,
      expected: `1 to ${shape.length - batch} along their last axis`,
    });
  if (picked.slice(0, batch).some((extent, axis) => extent !== shape[axis]))
    ctx.fail('SHAPE_MISMATCH', 'data and indices differ in their batch', {
      found: `${printShape(shape)} and ${printShape(picked)}`,
      expected: `${batch} equal extents in front`,
    });
  return shape.slice(batch, batch + depth);
}

export function gatherNd(ctx: NodeContext): Value {
  const batch = ctx.attr.int('batch_dims', 0);
  const indices = indicesFromStart(ctx, 1, namedExtents(ctx, batch));
  return gatherBlocks(ctx.b, ctx.value(0), indices, batch);
}

const REDUCTIONS: Readonly<Record<string, ScatterKind>> = {
  none: 'set',
  add: 'add',
  mul: 'mul',
  max: 'max',
  min: 'min',
};

/** max and min came with version 18. */
function scatterKind(ctx: NodeContext): ScatterKind {
  const names = Object.keys(REDUCTIONS);
  const kind = REDUCTIONS[ctx.attr.choice('reduction', names.slice(0, ctx.opset < 18 ? 3 : 5), 'none')];
  return kind;
}

/** Reductions of truth values as those of 0 and 1: a sum of them is their maximum, a product their minimum. */
const OF_BOOL: Partial<Record<ScatterKind, ScatterKind>> = { add: 'max', mul: 'min' };

/** `scatter` of the data and updates, inputs 0 and 2. */
function scattered(
  ctx: NodeContext,
  scatter: (data: Value, updates: Value, kind: ScatterKind) => Value,
): Value {
  const { b } = ctx;
  const [data, updates, kind] = [ctx.value(0), ctx.value(2), scatterKind(ctx)];
  const { dtype } = ctx.input(0);
  if (dtype !== 'bool' || kind === 'set') return wrapTo(b, scatter(data, updates, kind), dtype);
  const result = scatter(b.cast(data, 'i32'), b.cast(updates, 'i32'), OF_BOOL[kind] ?? kind);
  return b.cast(result, 'bool');
}

function requireUpdates(ctx: NodeContext, shape: readonly number[]): void {
  const updates = ctx.extents(ctx.input(2).shape);
  if (updates.join() !== shape.join())
    ctx.fail('SHAPE_MISMATCH', 'the updates do not fit the indices', {
      found: printShape(updates),
      expected: printShape(shape),
    });
}

function scatterElements(ctx: NodeContext): Value {
  const axis = axisOf(ctx);
  const extents = extentsAround(ctx, axis);
  requireUpdates(ctx, ctx.extents(ctx.input(1).shape));
  const indices = indicesFromStart(ctx, 1, [extents[axis]]);
  return scattered(ctx, (data, updates, kind) => scatterAlongAxis(ctx.b, data, indices, updates, axis, kind));
}

function scatterNd(ctx: NodeContext): Value {
  const named = namedExtents(ctx, 0);
  const [shape, picked] = [ctx.extents(ctx.input(0).shape), ctx.extents(ctx.input(1).shape)];
  requireUpdates(ctx, [...picked.slice(0, -1), ...shape.slice(named.length)]);
  const indices = indicesFromStart(ctx, 1, named);
  return scattered(ctx, (data, updates, kind) => scatterBlocks(ctx.b, data, indices, updates, kind));
}

const DATA = [0, 1] as const;

export const indexing: OpTable = [
  { op: 'Gather', since: [1, 11, 13], emit: gather, moves: DATA },
  { op: 'GatherElements', since: [11, 13], emit: gatherElements, moves: DATA },
  { op: 'GatherND', since: [11, 12, 13], emit: gatherNd, moves: DATA },
  { op: 'Scatter', since: [9, 11], emit: scatterElements },
  { op: 'ScatterElements', since: [11, 13, 16, 18], emit: scatterElements },
  { op: 'ScatterND', since: [11, 13, 16, 18], emit: scatterNd },
];
