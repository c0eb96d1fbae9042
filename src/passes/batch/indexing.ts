/**
 * Ops whose element positions are data. Where every element of the batch has its own indices and its own operand, the
 * operands lie one after the other along one axis, and the indices get an offset; what an index out of range means
 * (gather clamps, scatter drops) is settled before, with the extent of a single operand.
 */
import { range } from '../../compose/axes.js';
import { withScalar } from '../../compose/broadcast.js';
import { takeAlongAxis } from '../../compose/indexing.js';
import { transpose } from '../../compose/movement.js';
import type { Emitter, Value } from '../../ir/emitter.js';
import { staticShape } from '../../ir/types.js';
import { moveAxis, spread, type BatchRule, type BatchCall } from './rule.js';

export const gather: BatchRule<'gather'> = (call) => {
  const { b, node, operands } = call;
  const [x, indices] = operands;
  const { axis } = node.attrs;
  if (x.batched && indices.batched) return gatherEach(call);
  if (x.batched) return b.emit('gather', [x.value, indices.value], { axis: axis + 1 });
  return moveAxis(b, b.emit('gather', [x.value, indices.value], { axis }), axis, 0);
};

/** x [size, ...before, A, ...after], indices [size, ...K] -> [size, ...before, ...K, ...after] */
function gatherEach({ b, node, operands: [x, indices] }: BatchCall<'gather'>): Value {
  const { axis } = node.attrs;
  const rows = moveAxis(b, x.value, axis + 1, 1);
  const [size, extent, ...rest] = staticShape(rows.type.shape);
  const clamped = withScalar(b, 'min', withScalar(b, 'max', indices.value, 0), extent - 1);
  const operands = [b.reshape(rows, [size * extent, ...rest]), inBatch(b, clamped, extent)];
  const picked = b.emit('gather', operands, { axis: 0 });
  const start = indices.value.type.shape.length;
  const [before, after] = [range(start, start + axis), range(start + axis, picked.type.shape.length)];
  return transpose(b, picked, [0, ...before, ...range(1, start), ...after]);
}

/** The same start for all elements of the batch is one of a larger update; others choose element by element. */
export const updateSlice: BatchRule<'updateSlice'> = (call) => {
  const { b, node, operands } = call;
  const [x, update] = [spread(call, operands[0]), spread(call, operands[1])];
  const [, , start] = operands;
  const axis = node.attrs.axis + 1;
  if (update.type.shape[axis] === 0) return x;
  if (!start.batched) return b.emit('updateSlice', [x, update, start.value], { axis });
  const { shape } = x.type;
  const along = b.emit('iota', [], { dtype: 'i32', shape, axis });
  const starts = b.reshape(start.value, [shape[0], ...shape.slice(1).map(() => 1)]);
  const places = b.binary('sub', along, b.broadcast(starts, shape));
  const low = b.binary('le', b.full(places, 0), places);
  const inside = b.binary('and', low, withScalar(b, 'lt', places, Number(update.type.shape[axis])));
  return b.select(inside, takeAlongAxis(b, update, places, axis), x);
};

/** operand [A, ...rest], indices [K], updates [K, ...rest]; any of them may be batched. */
export const scatter: BatchRule<'scatter'> = (call) => {
  const [, indices] = call.operands;
  return indices.batched ? scatterEach(call) : scatterTogether(call);
};

/** The same indices for all elements of the batch, which is one more axis of what is updated. */
function scatterTogether(call: BatchCall<'scatter'>): Value {
  const { b, node } = call;
  const [operand, indices, updates] = call.operands;
  const behind = (x: typeof operand): Value => moveAxis(b, spread(call, x), 0, 1);
  const y = b.emit('scatter', [behind(operand), indices.value, behind(updates)], node.attrs);
  return moveAxis(b, y, 1, 0);
}

/** Updates of one element of the batch stay in order, and meet none of another's. */
function scatterEach(call: BatchCall<'scatter'>): Value {
  const { b, node } = call;
  const [operand, indices, updates] = call.operands;
  const [x, u] = [spread(call, operand), spread(call, updates)];
  const [size, extent, ...rest] = staticShape(x.type.shape);
  const [, count] = staticShape(indices.value.type.shape);
  const inside = b.binary(
    'and',
    b.binary('le', b.full(indices.value, 0), indices.value),
    withScalar(b, 'lt', indices.value, extent),
  );
  const kept = b.select(inside, inBatch(b, indices.value, extent), b.full(indices.value, -1));
  const flat = [
    b.reshape(x, [size * extent, ...rest]),
    b.reshape(kept, [size * count]),
    b.reshape(u, [size * count, ...rest]),
  ];
  return b.reshape(b.emit('scatter', flat, node.attrs), x.type.shape);
}

/**
 * Indices [size, ...K] into one element's axis of `extent`, as indices into the axes of all elements one after the
 * other: they fit i32, as no axis has more elements than that counts.
 */
function inBatch(b: Emitter, indices: Value, extent: number): Value {
  const { dtype, shape } = indices.type;
  const element = b.emit('iota', [], { dtype, shape, axis: 0 });
  return b.binary('add', withScalar(b, 'mul', element, extent), indices);
}
