/** NonMaxSuppression: the greatest scores first, without boxes that overlap those. */
import { interpret } from '../../../interpreter/index.js';
import { broadcastTo, withScalar } from '../../../compose/broadcast.js';
import { takeAlongAxis } from '../../../compose/indexing.js';
import { sliceAxis } from '../../../compose/movement.js';
import { atPlaces, truePlaces } from '../../../compose/unique.js';
import { GraphBuilder } from '../../../ir/builder.js';
import { WideEmitter } from '../wide/emitter.js';
import type { Value } from '../../../ir/emitter.js';
import { printShape, staticShape } from '../../../ir/types.js';
import { typed, type NodeContext } from '../context.js';
import { int64Tensor, toTensorData, type HostTensor } from '../host.js';
import { Body, emitLoop, tripOf } from '../loops.js';
import type { OpTable, Result } from '../registry.js';
import { promisedExtent } from './promise.js';

interface Rules {
  readonly isCentered: boolean;
  /** Boxes of one class, at most. */
  readonly most: number;
  /** Overlaps above this suppress. */
  readonly overlap: Value;
  /** Scores have to be above this. */
  readonly score: Value | undefined;
}

/** The sides of boxes [B, N, 4], each [B, N]: low and high of both axes. */
function sidesOf(b: WideEmitter, boxes: Value, isCentered: boolean): readonly Value[] {
  const column = (i: number): Value => b.reshape(sliceAxis(b, boxes, 2, i, 1), boxes.type.shape.slice(0, 2));
  return [0, 1].flatMap((axis) => {
    if (!isCentered) {
      const [p, q] = [column(axis), column(axis + 2)];
      return [b.binary('min', p, q), b.binary('max', p, q)];
    }
    const half = withScalar(b, 'div', column(axis + 2), 2);
    return [b.binary('sub', column(axis), half), b.binary('add', column(axis), half)];
  });
}

/** Whether boxes overlap by more than the bound: their common area as a part of that of both. Sides are low, high, low, high. */
function overlaps(b: WideEmitter, p: readonly Value[], q: readonly Value[], bound: Value): Value {
  const area = ([y1, y2, x1, x2]: readonly Value[]): Value =>
    b.binary('mul', b.binary('sub', x2, x1), b.binary('sub', y2, y1));
  const common = p.map((side, i) => b.binary(i % 2 === 0 ? 'max' : 'min', side, q[i]));
  const isPositive = (x: Value): Value => b.binary('lt', b.full(x, 0), x);
  const [y1, y2, x1, x2] = common;
  const [own, other, shared] = [area(p), area(q), area(common)];
  const union = b.binary('sub', b.binary('add', own, other), shared);
  const part = b.binary('div', shared, union);
  const conditions = [
    b.binary('lt', x1, x2),
    b.binary('lt', y1, y2),
    ...[shared, own, other, union].map(isPositive),
    b.binary('lt', broadcastTo(b, bound, part.type.shape), part),
  ];
  return conditions.reduce((all, condition) => b.binary('and', all, condition));
}

/** i32 [B, C, most]: the boxes that are selected, in falling order of their scores; then -1. */
function selectedBoxes(b: WideEmitter, boxes: Value, scores: Value, rules: Rules): Value {
  const shape = staticShape(scores.type.shape);
  const [batch, classes, count] = shape as [number, number, number];
  const sides = sidesOf(b, boxes, rules.isCentered);
  const isScored =
    rules.score === undefined
      ? b.constant('bool', shape, 1)
      : b.binary('lt', broadcastTo(b, rules.score, shape), scores);
  const body = new Body('NonMaxSuppression', b);
  const trip = tripOf(body, { trips: rules.most, carried: [isScored], sliced: [] });
  const inner = body.b;
  const captured = (value: Value): Value => body.captured(value);
  const all = sides.map((side) => inner.broadcast(inner.reshape(captured(side), [batch, 1, count]), shape));
  const [alive] = trip.carried;
  const ranked = inner.select(alive, captured(scores), inner.constant('f32', shape, -Infinity));
  const best = inner.emit('argreduce', [ranked], { kind: 'max', axis: 2 });
  const column = inner.reshape(best, [batch, classes, 1]);
  const isAlive = takeAlongAxis(inner, alive, column, 2);
  const ofBest = all.map((side) => inner.broadcast(takeAlongAxis(inner, side, column, 2), shape));
  const own = inner.binary(
    'eq',
    inner.emit('iota', [], { dtype: 'i32', shape, axis: 2 }),
    inner.broadcast(column, shape),
  );
  const gone = inner.binary('or', own, overlaps(inner, all, ofBest, captured(rules.overlap)));
  const isFound = inner.reshape(isAlive, [batch, classes]);
  const [, stacked] = emitLoop(b, { trips: rules.most, carried: [isScored], sliced: [] }, body, {
    carried: [inner.binary('and', alive, inner.unary('not', gone))],
    slices: [{ value: inner.select(isFound, best, inner.full(best, -1)), axis: 0, step: 1 }],
  });
  return b.permute(stacked, [1, 2, 0]);
}

/** Rows [batch, class, box] of what is selected. */
function rowsOf(b: WideEmitter, selected: Value, count: number): Value {
  const [batch, classes, most] = staticShape(selected.type.shape) as [number, number, number];
  const flat = b.reshape(selected, [batch * classes * most]);
  const found = truePlaces(b, b.unary('not', withScalar(b, 'lt', flat, 0)), count);
  const { places } = found;
  const columns = [
    withScalar(b, 'div', places, classes * most),
    withScalar(b, 'rem', withScalar(b, 'div', places, most), classes),
    b.emit('gather', [flat, places], { axis: 0 }),
  ].map((column) => b.reshape(column, [count, 1]));
  return atPlaces(b, found, b.emit('concat', columns, { axis: 1 }), -1);
}

/** The same of known boxes and scores. */
function knownRows(
  boxes: HostTensor,
  scores: HostTensor,
  select: (b: WideEmitter, boxes: Value, scores: Value) => Value,
): HostTensor {
  const graph = new GraphBuilder('suppression');
  const [left, right] = [
    graph.param('boxes', 'f32', boxes.shape),
    graph.param('scores', 'f32', scores.shape),
  ];
  graph.output('selected', select(new WideEmitter(graph), left, right));
  const inputs = { boxes: toTensorData(boxes, 'boxes'), scores: toTensorData(scores, 'scores') };
  const { shape, data } = interpret({ graph: graph.build(), weights: new Map() }, inputs).outputs.selected;
  const [, classes, most] = shape as [number, number, number];
  const rows = Array.from(data).flatMap((box, place) =>
    box < 0 ? [] : [Math.floor(place / (classes * most)), Math.floor(place / most) % classes, box],
  );
  return int64Tensor([rows.length / 3, 3], rows);
}

/** An input of one number as f32[]. */
const bound = (ctx: NodeContext, b: WideEmitter, i: number): Value | undefined => {
  const known = ctx.inputs[i]?.known === undefined ? undefined : ctx.optionalNumber(i);
  if (known !== undefined) return b.constant('f32', [], known);
  const value = ctx.optional(i);
  return value && b.reshape(value, []);
};

function nonMaxSuppression(ctx: NodeContext): Result {
  const [boxes, scores] = [ctx.extents(ctx.input(0).shape), ctx.extents(ctx.input(1).shape)];
  const [batch, classes, count] = scores;
  if (boxes.length !== 3 || scores.length !== 3 || boxes.join() !== [batch, count, 4].join())
    ctx.fail('SHAPE_MISMATCH', 'boxes and scores do not fit', {
      found: `${printShape(boxes)} and ${printShape(scores)}`,
      expected: '[B, N, 4] and [B, C, N]',
    });
  const most = Math.max(0, Math.min(count, ctx.optionalNumber(2) ?? 0));
  if (most === 0 || batch * classes === 0) return int64Tensor([0, 3], []);
  const select = (b: WideEmitter, left: Value, right: Value): Value =>
    selectedBoxes(b, left, right, {
      isCentered: ctx.attr.flag('center_point_box', false),
      most,
      overlap: bound(ctx, b, 3) ?? b.constant('f32', [], 0),
      score: bound(ctx, b, 4),
    });
  const isKnown = ctx.inputs.every((input) => input === undefined || input.known !== undefined);
  const [box, score] = [ctx.input(0).known, ctx.input(1).known];
  if (
    isKnown &&
    box !== undefined &&
    score !== undefined &&
    ctx.budget.mayWork(batch * classes * count * most * 32)
  )
    return knownRows(box, score, select);
  const rows = promisedExtent(ctx, 0, 0, batch * classes * most);
  if (rows === 0) return int64Tensor([0, 3], []);
  return typed(rowsOf(ctx.b, select(ctx.b, ctx.value(0), ctx.value(1)), rows), 'int64');
}

export const suppression: OpTable = [{ op: 'NonMaxSuppression', since: [10, 11], emit: nonMaxSuppression }];
