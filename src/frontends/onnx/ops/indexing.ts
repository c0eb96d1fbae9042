/** Indexing by data. */
import type { Value } from '../../../ir/emitter.js';
import { normalizeAxis } from '../../../compose/axes.js';
import { withScalar } from '../../../compose/broadcast.js';
import { sliceAxis } from '../../../compose/movement.js';
import type { NodeContext } from '../context.js';
import { toNumbers, type HostTensor } from '../host.js';
import type { OpTable } from '../registry.js';

const gatherAxis = (ctx: NodeContext): number => normalizeAxis(ctx.attr.int('axis', 0), ctx.rank(0));

/** Known indices in [0, extent). Throws ONNX_INVALID where one is outside of [-extent, extent). */
function knownIndices(ctx: NodeContext, indices: HostTensor, extent: number): number[] {
  return toNumbers(indices).map((index) => {
    if (index < -extent || index >= extent)
      ctx.fail('ONNX_INVALID', 'an index is out of range', {
        found: `${index}`,
        expected: `[${-extent}, ${extent})`,
      });
    return index < 0 ? index + extent : index;
  });
}

function gather(ctx: NodeContext): Value {
  const axis = gatherAxis(ctx);
  const x = ctx.value(0);
  const [extent] = ctx.extents([x.type.shape[axis]]) as [number];
  const { known, shape } = ctx.input(1);
  const result = [...x.type.shape.slice(0, axis), ...shape, ...x.type.shape.slice(axis + 1)];
  // Nothing is taken: from nothing, too.
  if (shape.includes(0)) return ctx.b.constant(x.type.dtype, result, 0);
  if (known?.data.length === 1) {
    // One row at a known place is an index map.
    const row = sliceAxis(ctx.b, x, axis, knownIndices(ctx, known, extent)[0], 1);
    return ctx.b.reshape(row, result);
  }
  const indices = ctx.b.cast(ctx.value(1), 'i32');
  // What is known is checked here; the op clamps what it meets when it runs.
  const allPositive =
    known !== undefined &&
    ctx.mayFold(known.shape) &&
    knownIndices(ctx, known, extent).every((position, i) => position === Number(known.data[i]));
  return ctx.b.emit('gather', [x, allPositive ? indices : fromStart(ctx, indices, extent)], { axis });
}

/** Negative indices count from the end. */
export function fromStart({ b }: NodeContext, indices: Value, extent: number): Value {
  const negative = withScalar(b, 'lt', indices, 0);
  return b.select(negative, withScalar(b, 'add', indices, extent), indices);
}

export const indexing: OpTable = [{ op: 'Gather', since: [1, 11, 13], emit: gather, moves: [0, 1] }];
