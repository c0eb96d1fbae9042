/** Elements that data choose, of which the number is given. */
import type { Emitter, Value } from '../ir/emitter.js';
import { isFloat } from '../base/dtype.js';
import { staticShape } from '../ir/types.js';
import { broadcastTo, where, withScalar } from './broadcast.js';
import { sliceAxis } from './movement.js';

/** Places, and whether each is one: those after the last are 0. */
export interface Places {
  readonly places: Value;
  readonly isPlace: Value;
}

/** The first `count` places, i32 [count], at which mask [n] holds, in order. */
export function truePlaces(b: Emitter, mask: Value, count: number): Places {
  const order = b.emit('argsort', [b.cast(mask, 'i32')], { axis: 0, descending: true });
  const total = b.reduce('sum', b.cast(mask, 'i32'), [0]);
  const number = b.emit('iota', [], { dtype: 'i32', shape: [count], axis: 0 });
  const isPlace = b.binary('lt', number, broadcastTo(b, total, [count]));
  const places = sliceAxis(b, order, 0, 0, count);
  return { places: b.select(isPlace, places, b.full(places, 0)), isPlace };
}

export interface UniqueRows {
  /** The rows, [count, m]. */
  readonly rows: Value;
  /** i32 [count]: where each row comes first. */
  readonly first: Value;
  /** i32 [n]: which of the rows each row is. */
  readonly inverse: Value;
  /** i32 [count]: how often each occurs. */
  readonly counts: Value;
}

/**
 * The different rows of x [n, m], n and m at least 1: in the order of their elements from left to right, or in that in which
 * they come first. NaN equals NaN and is the greatest, -0 equals 0. All pairs of rows are compared. Where there are fewer
 * than `count`, what is left is row 0, counted 0 times; where there are more, the others are left out.
 */
export function uniqueRows(b: Emitter, x: Value, count: number, sorted: boolean): UniqueRows {
  const [n, m] = staticShape(x.type.shape) as [number, number];
  const ordered = x.type.dtype === 'bool' ? b.cast(x, 'i32') : x;
  const isNaN = (y: Value): Value => b.unary('not', b.binary('eq', y, y));
  const equal = (p: Value, q: Value): Value => {
    const same = b.binary('eq', p, q);
    return isFloat(p.type.dtype) ? b.binary('or', same, b.binary('and', isNaN(p), isNaN(q))) : same;
  };
  const less = (p: Value, q: Value): Value => {
    const below = b.binary('lt', p, q);
    if (!isFloat(p.type.dtype)) return below;
    return b.binary('or', below, b.binary('and', isNaN(q), b.unary('not', isNaN(p))));
  };
  const pairs = [n, n, m];
  const left = b.broadcast(b.reshape(ordered, [n, 1, m]), pairs);
  const right = b.broadcast(b.reshape(ordered, [1, n, m]), pairs);
  const same = equal(left, right);
  const areEqual = b.reduce('min', same, [2]);
  const place = (shape: readonly number[], axis: number): Value =>
    b.emit('iota', [], { dtype: 'i32', shape, axis });
  const firstOf = (mask: Value, axis: number): Value =>
    b.emit('argreduce', [b.cast(mask, 'i32')], { kind: 'max', axis });
  const firsts = firstOf(areEqual, 1);
  const isFirst = b.binary('eq', firsts, place([n], 0));
  const ofRow = b.broadcast(b.reshape(isFirst, [n, 1]), [n, n]);
  const differs = firstOf(b.unary('not', same), 2);
  const elementOf = (axis: 0 | 1): Value => {
    const at = b.binary('add', withScalar(b, 'mul', place([n, n], axis), m), differs);
    return b.emit('gather', [b.reshape(ordered, [n * m]), at], { axis: 0 });
  };
  const comesBefore = sorted
    ? less(elementOf(0), elementOf(1))
    : b.binary('lt', place([n, n], 0), b.broadcast(b.reshape(firsts, [1, n]), [n, n]));
  const inverse = b.reduce('sum', b.cast(b.binary('and', ofRow, comesBefore), 'i32'), [0]);
  const members = b.binary('eq', b.broadcast(b.reshape(inverse, [1, n]), [count, n]), place([count, n], 0));
  const first = firstOf(members, 1);
  return {
    rows: b.emit('gather', [x, first], { axis: 0 }),
    first,
    inverse,
    counts: b.reduce('sum', b.cast(members, 'i32'), [1]),
  };
}

/** `values`, whose first axis is that of `places`, with `otherwise` where there is no place. */
export function atPlaces(b: Emitter, { isPlace }: Places, values: Value, otherwise: number): Value {
  const rank = values.type.shape.length;
  const mask = b.reshape(isPlace, [isPlace.type.shape[0], ...new Array<number>(rank - 1).fill(1)]);
  return where(b, mask, values, b.constant(values.type.dtype, [], otherwise));
}
