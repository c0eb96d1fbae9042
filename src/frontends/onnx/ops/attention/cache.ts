/** TensorScatter: onnx.ai/onnx/operators/onnx__TensorScatter.html */
import { normalizeAxis } from '../../../../compose/axes.js';
import { broadcastTo, withScalar } from '../../../../compose/broadcast.js';
import { takeAlongAxis } from '../../../../compose/indexing.js';
import { floorMod } from '../../../../compose/math.js';
import type { Value } from '../../../../ir/emitter.js';
import { printShape } from '../../../../ir/types.js';
import type { NodeContext } from '../../context.js';
import { checkInput, demand } from '../checks.js';

const [CACHE, UPDATE, STARTS] = [0, 1, 2];

/** The cache with the update written into it along an axis, for each sequence from its start on. */
export function tensorScatter(ctx: NodeContext): Value {
  const { b } = ctx;
  const [cache, update] = [ctx.value(CACHE), ctx.value(UPDATE)];
  const shape = ctx.extents(cache.type.shape);
  const axis = normalizeAxis(ctx.attr.int('axis', -2), shape.length);
  demand(ctx, axis > 0, 'an axis after the one of the sequences', `axis ${axis} of ${printShape(shape)}`);
  checkInput(
    ctx,
    UPDATE,
    'the cache but for its axis',
    shape.with(axis, ctx.extents(update.type.shape)[axis]),
  );
  const length = Number(update.type.shape[axis]);
  demand(ctx, length <= shape[axis], `an update of up to ${shape[axis]} elements`, `${length}`);
  checkInput(ctx, STARTS, 'a start for each sequence', [shape[0]]);
  const circular = ctx.attr.choice('mode', ['linear', 'circular'], 'linear') === 'circular';
  if (length === 0) return cache;
  const starts = ctx.inputs[STARTS] === undefined ? undefined : b.index(ctx.value(STARTS));
  if (!circular && (shape[0] === 1 || starts === undefined)) {
    const start = starts === undefined ? b.constant('i32', [], 0) : b.reshape(starts, []);
    return b.emit('updateSlice', [cache, update, start], { axis });
  }
  // The place in the update that each place of the cache has.
  const places = b.emit('iota', [], { dtype: 'i32', shape, axis });
  const perSequence = (x: Value): Value =>
    broadcastTo(b, b.reshape(x, [shape[0], ...shape.slice(1).map(() => 1)]), shape);
  const after = starts === undefined ? places : b.binary('sub', places, perSequence(starts));
  const source = circular ? floorMod(b, after, b.full(after, shape[axis])) : after;
  const isNew = b.binary(
    'and',
    withScalar(b, 'lt', source, length),
    b.unary('not', withScalar(b, 'lt', source, 0)),
  );
  return b.select(isNew, takeAlongAxis(b, update, source, axis), cache);
}
