/** Indices as ONNX has them: negative ones count from the end, others than those of the axis are errors. */
import { withScalar } from '../../../compose/broadcast.js';
import type { Value } from '../../../ir/emitter.js';
import type { NodeContext } from '../context.js';
import { toNumbers } from '../host.js';

/**
 * The known indices of input `i`, in [0, extent); along its last axis, index j is one of extents[j], or all are of the one
 * extent. Throws ONNX_INVALID where one is outside of [-extent, extent).
 */
export function knownIndices(ctx: NodeContext, i: number, extents: readonly number[]): number[] {
  return toNumbers(ctx.known(i)).map((index, at) => {
    const extent = extents[at % extents.length];
    if (index < -extent || index >= extent)
      ctx.fail('ONNX_INVALID', 'an index is out of range', {
        found: `${index}`,
        expected: `[${-extent}, ${extent})`,
      });
    return index < 0 ? index + extent : index;
  });
}

/**
 * Input `i` as i32 indices from the start. What is known is checked; what is computed may be out of range, which the
 * compositions say what they do about.
 */
export function indicesFromStart(ctx: NodeContext, i: number, extents: readonly number[]): Value {
  const { b } = ctx;
  const { known } = ctx.input(i);
  if (known !== undefined && ctx.mayFold(known.shape)) {
    const positions = knownIndices(ctx, i, extents);
    const isCounted = positions.some((position, at) => position !== Number(known.data[at]));
    return isCounted ? b.constant('i32', known.shape, positions) : b.index(ctx.value(i));
  }
  const indices = b.index(ctx.value(i));
  if (extents.length === 1) return fromStart(ctx, indices, extents[0]);
  const row = b.constant('i32', [...indices.type.shape.slice(1).map(() => 1), extents.length], extents);
  const ends = b.broadcast(row, indices.type.shape);
  return b.select(withScalar(b, 'lt', indices, 0), b.binary('add', indices, ends), indices);
}

/** Negative indices count from the end. */
export const fromStart = ({ b }: NodeContext, indices: Value, extent: number): Value =>
  b.select(withScalar(b, 'lt', indices, 0), withScalar(b, 'add', indices, extent), indices);
