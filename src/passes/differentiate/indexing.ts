/** Gather and scatter are each other's gradients. */
import type { GraphValue } from '../../ir/builder.js';
import { dimProduct } from '../../ir/dim.js';
import { staticShape } from '../../ir/types.js';
import { range } from '../../compose/axes.js';
import { keepWhere, mul, permuted, spreadOver } from './expressions.js';
import { shareAmong } from './reduce.js';
import type { VjpCall, VjpRule } from './rule.js';

/** What was read is added up where it was read; an index beyond an end read the element at that end. */
export const gather: VjpRule<'gather'> = ({ b, ct, inputs: [x, indices], node }) => {
  const { axis } = node.attrs;
  const [before, after] = [x.type.shape.slice(0, axis), x.type.shape.slice(axis + 1)];
  const extent = x.type.shape[axis];
  const [last] = staticShape([extent]).map((count) => count - 1);
  const places = range(axis, axis + indices.type.shape.length);
  const others = range(0, ct.type.shape.length).filter((i) => !places.includes(i));
  const flat = dimProduct(indices.type.shape);
  const updates = b.reshape(permuted(b, ct, [...places, ...others]), [flat, ...before, ...after]);
  const clamped = b.binary('min', b.binary('max', indices, b.full(indices, 0)), b.full(indices, last));
  const zeros = b.constant(x.type.dtype, [extent, ...before, ...after], 0);
  const sum = b.emit('scatter', [zeros, b.reshape(clamped, [flat]), updates], { kind: 'add' });
  return [permuted(b, sum, [...range(1, axis + 1), 0, ...range(axis + 1, x.type.shape.length)])];
};

export const scatter: VjpRule<'scatter'> = (call) => {
  switch (call.node.attrs.kind) {
    case 'set':
      return ofSet(call);
    case 'add':
      return [call.ct, undefined, call.wanted[2] ? atUpdates(call, call.ct) : undefined];
    case 'mul':
      return ofProduct(call);
    case 'min':
    case 'max':
      return ofExtreme(call);
  }
};

/** x [A, ...rest] at the place of every update: [K, ...rest], 0 for updates that were dropped. */
const atUpdates = (call: VjpCall<'scatter'>, x: GraphValue): GraphValue =>
  keepWhere(call.b, perUpdate(call, isInside(call)), read(call, x));

/** x [A, ...rest] at the place of every update; at some place for updates that were dropped. */
const read = ({ b, inputs }: VjpCall<'scatter'>, x: GraphValue): GraphValue =>
  b.emit('gather', [x, inputs[1]], { axis: 0 });

/** bool [K]: the update has a place. */
function isInside({ b, inputs: [x, indices] }: VjpCall<'scatter'>): GraphValue {
  const [extent] = staticShape([x.type.shape[0]]);
  const low = b.binary('le', b.full(indices, 0), indices);
  return b.binary('and', low, b.binary('lt', indices, b.full(indices, extent)));
}

/** [K] -> [K, ...rest] */
const perUpdate = ({ b, inputs }: VjpCall<'scatter'>, value: GraphValue): GraphValue => {
  const { shape } = inputs[2].type;
  return spreadOver(b, value, shape, range(1, shape.length));
};

/** What was replaced gets nothing, and what was dropped does not, either. */
export const updateSlice: VjpRule<'updateSlice'> = ({ b, ct, inputs: [x, update, start], node, wanted }) => {
  const { axis } = node.attrs;
  const [extent] = staticShape([x.type.shape[axis]]);
  const kept = wanted[0] ? b.emit('updateSlice', [ct, b.full(update, 0), start], { axis }) : undefined;
  if (!wanted[1]) return [kept];
  if (extent === 0) return [kept, b.full(update, 0)];
  const { shape } = update.type;
  const along = b.emit('iota', [], { dtype: 'i32', shape: [shape[axis]], axis: 0 });
  const places = b.binary('add', along, spreadOver(b, start, along.type.shape, [0]));
  const low = b.binary('le', b.full(places, 0), places);
  const inside = b.binary('and', low, b.binary('lt', places, b.full(places, extent)));
  const others = range(0, shape.length).filter((i) => i !== axis);
  return [kept, keepWhere(b, spreadOver(b, inside, shape, others), b.emit('gather', [ct, places], { axis }))];
};

/** Elements that were written to get nothing, and of several updates of one element only the last gets something. */
function ofSet(call: VjpCall<'scatter'>): readonly (GraphValue | undefined)[] {
  const { b, ct, inputs, wanted } = call;
  const [x, indices, updates] = inputs;
  const zeros = b.full(updates, 0);
  const kept = wanted[0] ? b.emit('scatter', [ct, indices, zeros], { kind: 'set' }) : undefined;
  if (!wanted[2]) return [kept];
  const order = b.emit('iota', [], { dtype: 'i32', shape: indices.type.shape, axis: 0 });
  const none = b.constant('i32', x.type.shape.slice(0, 1), -1);
  const winners = b.emit('scatter', [none, indices, order], { kind: 'set' });
  // A dropped update is not a winner, wherever it is read.
  const wins = b.binary('eq', read(call, winners), order);
  return [kept, undefined, keepWhere(b, perUpdate(call, wins), read(call, ct))];
}

/**
 * An update gets ct * x * (the other updates of its element). The others are found by comparing all pairs of indices,
 * K^2 of them: a product without one factor cannot be had by division where there are zeros.
 */
function ofProduct(call: VjpCall<'scatter'>): readonly (GraphValue | undefined)[] {
  const { b, ct, inputs, wanted } = call;
  const [x, indices, updates] = inputs;
  const kept = wanted[0] ? b.emit('scatter', [ct, indices, updates], { kind: 'mul' }) : undefined;
  if (!wanted[2]) return [kept];
  const [count, ...rest] = updates.type.shape;
  const square = [count, count];
  const cube = [count, count, ...rest];
  const place = (axis: number): GraphValue => b.emit('iota', [], { dtype: 'i32', shape: square, axis });
  const sameElement = b.binary(
    'eq',
    spreadOver(b, indices, square, [1]),
    spreadOver(b, indices, square, [0]),
  );
  const other = b.binary('and', sameElement, b.unary('not', b.binary('eq', place(0), place(1))));
  const factors = b.select(
    spreadOver(b, other, cube, range(2, cube.length)),
    spreadOver(b, updates, cube, [0]),
    b.constant(updates.type.dtype, cube, 1),
  );
  const others = b.reduce('prod', factors, [1]);
  return [kept, undefined, mul(b, atUpdates(call, mul(b, ct, x)), others)];
}

/** The old element and the updates that equal the new element get equal shares. */
function ofExtreme(call: VjpCall<'scatter'>): readonly (GraphValue | undefined)[] {
  const { b, ct, inputs, result, wanted } = call;
  const [x, indices, updates] = inputs;
  const oldWins = b.binary('eq', x, result);
  const equal = b.binary('eq', updates, read(call, result));
  const wins = b.binary('and', perUpdate(call, isInside(call)), equal);
  const counts = [b.cast(oldWins, 'f32'), indices, b.cast(wins, 'f32')];
  const share = shareAmong(b, ct, b.emit('scatter', counts, { kind: 'add' }));
  return [
    wanted[0] ? keepWhere(b, oldWins, share) : undefined,
    undefined,
    wanted[2] ? keepWhere(b, wins, read(call, share)) : undefined,
  ];
}
